"""What can go wrong with git, in types that callers tell apart."""

from __future__ import annotations

from bricklane_local.forge.git.model import Refusal


class GitFailure(Exception):  # noqa: N818  (what happened, told by its name)
    """Git could not do what was asked.

    Args:
        message: names the thing and the value.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MissingObject(GitFailure):
    """A commit, tree, blob, tag or ref is not in the repository."""


class BadName(GitFailure):
    """A ref's name or an object's is not one."""


class StaleRef(GitFailure):
    """A ref no longer has the value that the caller has seen."""


class NotFastForward(GitFailure):
    """An update would drop commits, and nobody said that it may."""


class Unrelated(GitFailure):
    """Two histories share no commit."""


class MergeConflict(GitFailure):
    """Two sides changed the same lines.

    Args:
        message: names the thing and the value.
        paths: the files in conflict.
    """

    def __init__(self, message: str, paths: tuple[str, ...]) -> None:
        super().__init__(message)
        self.paths = paths


class NothingToMerge(GitFailure):
    """The base contains the head already."""


class Refused(GitFailure):
    """Rules of the repository forbid the change.

    Args:
        refusals: each ref that may not change, and why.
    """

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__("\n".join(line for row in refusals for line in row.reasons))
        self.refusals = refusals
