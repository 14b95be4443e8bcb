"""The remote: what it has, fetching from it, and pushing with a lease."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.git import NO_HOOKS, Git, said_by
from bricklane.process import Result

# Seconds before each further try, where asking twice does no harm.
PAUSES = (1.0, 4.0)
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_NOT_ALLOWED = frozenset({401, 403, 404})
# curl's words for a status, the same in every language: https://curl.se/libcurl/c/libcurl-errors.html
_STATUS = re.compile(r"returned error: (\d{3})")
# git's words, in the language that it is told, for credentials that were not accepted or were not
# there; a repository that they do not see is "not found".
_NOT_LET_IN = (
    "terminal prompts disabled", "Authentication failed", "could not read Username",
    "could not read Password", "Permission denied (publickey", "' not found",
)  # fmt: skip
# And for a request that broke off.
_NOT_CARRIED = (*_NOT_LET_IN, "RPC failed")
_NO_REMOTE = "does not appear to be a git repository"
ANY = frozenset(range(256))


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """The branches and tags of the remote at one moment.

    Args:
        branches: name → SHA of its head.
        tags: name → SHA of the commit, through an annotated tag.
    """

    branches: Mapping[str, str]
    tags: Mapping[str, str]


class PushRejected(BricklaneError):  # noqa: N818  (what happened, told by its name)
    """The remote did not take a push: its lease was stale, or a rule or hook refused."""


def refs(git: Git) -> RemoteRefs:
    """Ask the remote for its branches and tags.

    Raises:
        BricklaneError: when there is no such remote or it cannot be reached.
    """
    listed = _patiently(git, "ls-remote", "--heads", "--tags", git.remote)
    return parse_refs(listed.output)


def parse_refs(text: str) -> RemoteRefs:
    """Read what ``git ls-remote --heads --tags`` prints."""
    branches: dict[str, str] = {}
    tags: dict[str, str] = {}
    for line in text.splitlines():
        commit, _, name = line.partition("\t")
        if name.startswith("refs/heads/"):
            branches[name.removeprefix("refs/heads/")] = commit
        elif name.startswith("refs/tags/"):
            # The peeled line of an annotated tag comes after its own.
            tags[name.removeprefix("refs/tags/").removesuffix("^{}")] = commit
    return RemoteRefs(branches, tags)


def track(git: Git, *branches: str) -> None:
    """Bring the remote-tracking branches of ``branches`` up to date.

    Raises:
        BricklaneError: when the remote cannot be reached or lacks one of them.
    """
    fetch(git, *(_tracking(git, name) for name in branches))


def fetch_heads(git: Git, heads: Mapping[str, str], *commits: str) -> Mapping[str, str]:
    """Bring the heads of branches here, with their whole history; what is here is not asked for.

    Args:
        git: the clone.
        heads: branch → SHA of its head.
        commits: SHAs of further commits.

    Returns:
        The SHA of each commit → that of its tree.

    Raises:
        BricklaneError: when the remote cannot be reached, or has one of them no more.
    """
    asked = (*heads.values(), *commits)
    trees = git.trees(asked)
    wanted = [_tracking(git, name) for name, commit in heads.items() if commit not in trees]
    wanted += [commit for commit in commits if commit not in trees]
    if not wanted and not git.is_shallow():
        return trees
    fetch(git, *wanted)
    trees = git.trees(asked)
    if gone := [commit for commit in asked if commit not in trees]:
        raise BricklaneError(
            f"commit {gone[0][:10]} is not on the forge any more: its branch was moved meanwhile",
            hint="run the same command again",
        )
    return trees


def fetch_commits(git: Git, *commits: str) -> None:
    """Bring commits here by their SHA, with their whole history; as :func:`fetch_heads` does."""
    fetch_heads(git, {}, *commits)


def fetch(git: Git, *refspecs: str) -> None:
    """Fetch ``refspecs``, and the rest of the history when the clone is shallow.

    A merge base may be anywhere in the history, so a part of it is not enough.

    Raises:
        BricklaneError: when the remote cannot be reached or lacks one of them.
    """
    deepen = ("--unshallow",) if git.is_shallow() else ()
    _patiently(
        git, *NO_HOOKS, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
        "--no-recurse-submodules", *deepen, "--end-of-options", git.remote, *refspecs,
    )  # fmt: skip


def _tracking(git: Git, branch: str) -> str:
    return f"+refs/heads/{branch}:refs/remotes/{git.remote}/{branch}"


def push_arguments(remote: str, commit: str, branch: str, seen: str | None) -> tuple[str, ...]:
    """Return git's arguments to move a remote branch only if it is where we have seen it.

    Args:
        remote: its name.
        commit: the SHA to move it to; empty to delete it.
        branch: its name.
        seen: the SHA of its head as last seen; none for a branch that must not exist yet.
    """
    reference = f"refs/heads/{branch}"
    return (
        *NO_HOOKS, "push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no",
        f"--force-with-lease={reference}:{seen or ''}",
        remote, f"{commit}:{reference}",
    )  # fmt: skip


def push(git: Git, commit: str, branch: str, *, seen: str | None) -> None:
    """Move the remote's ``branch`` to ``commit``; the arguments are those of the push's arguments.

    Raises:
        PushRejected: when the branch is not where it was seen, or a rule refuses.
        BricklaneError: when the remote cannot be reached or the token may not push.
    """
    pushed = _patiently(
        git, *push_arguments(git.remote, commit, branch, seen), allowed=frozenset({0, 1})
    )
    if pushed.code == 0:
        return
    now = refs(git).branches.get(branch)
    if now == commit:
        return  # The push arrived, and only its answer was lost.
    if now != seen:
        raise PushRejected(_moved(branch, seen, now), hint="run the same command again to see it")
    raise PushRejected(
        f"{git.remote} refused the push of {branch}:\n{_remarks(pushed)}",
        hint=f"let the rules of the forge allow {branch} to be created and pushed to",
    )


def take_back(git: Git, branch: str, commit: str) -> None:
    """Delete the remote's ``branch`` where it still is at ``commit``.

    Raises:
        PushRejected: when a rule or hook refuses.
        BricklaneError: when the remote cannot be reached or the token may not push.
    """
    arguments = push_arguments(git.remote, "", branch, commit)
    pushed = _patiently(git, *arguments, allowed=frozenset({0, 1}))
    if pushed.code != 0 and refs(git).branches.get(branch) == commit:
        raise PushRejected(f"{git.remote} keeps {branch}:\n{_remarks(pushed)}")


def push_as_user(git: Git, arguments: Sequence[str], hint: str) -> None:
    """Push by ``arguments``, which have ``--porcelain``.

    Raises:
        PushRejected: when the remote or a hook refuses, with ``hint``.
        BricklaneError: when the remote cannot be reached or the token may not push.
    """
    pushed = _patiently(git, *arguments, allowed=frozenset({0, 1}))
    if pushed.code != 0:
        raise PushRejected(f"the push was rejected:\n{_remarks(pushed)}", hint=hint)


def _moved(branch: str, seen: str | None, now: str | None) -> str:
    if now is None:
        return f"{branch} was deleted on the forge in the meantime"
    if seen is None:
        return f"{branch} was created by somebody else at the same moment (it is at {now[:10]})"
    return f"{branch} moved on the forge in the meantime, from {seen[:10]} to {now[:10]}"


def _remarks(result: Result) -> str:
    lines = [line for line in result.output.splitlines() if line.startswith("!")]
    remarks = [
        line.removeprefix("remote:").strip()
        for line in result.error.splitlines()
        if line.startswith("remote:")
    ]
    said = [*remarks, *(line.split("\t")[-1] for line in lines)]
    # A hook on this machine says what it has to say without any mark.
    plain = [line for line in result.output.splitlines() if not line.startswith(("To ", "Done"))]
    return "\n".join(filter(None, said)) or "\n".join((*plain, result.error.strip())).strip()


def _patiently(git: Git, *arguments: str, allowed: frozenset[int] = frozenset({0})) -> Result:
    """Run git against the remote, again when the forge is busy.

    A push that HTTP did not carry ends with the same status as one that was refused; so what git
    says of HTTP is looked at in any case.
    """
    for pause in (*PAUSES, None):
        result = git.run(*arguments, allowed=ANY)
        status = _status(result)
        carried = status is None and not any(words in result.error for words in _NOT_CARRIED)
        if result.code == 0 or (carried and result.code in allowed):
            return result
        if status not in _BUSY or pause is None:
            raise _explained(git, result, status)
        time.sleep(pause)
    raise AssertionError("unreachable: the last try returns or raises")


def _status(result: Result) -> int | None:
    found = _STATUS.search(result.error)
    return int(found[1]) if found else None


def _explained(git: Git, result: Result, status: int | None) -> BricklaneError:
    said = said_by(result)
    if status in _BUSY:
        return BricklaneError(
            f"the forge keeps answering {status} to git:\n{said}",
            hint="what was done stays done; run the same command again later",
            exit_code=ExitCode.NETWORK,
        )
    if status in _NOT_ALLOWED or any(words in said for words in _NOT_LET_IN):
        return BricklaneError(
            f"the forge did not let git in:\n{said}",
            hint="the token needs the permission 'contents: write' on this repository, "
            "and must not have expired\nwhat was done stays done; run the same command again",
        )
    if _NO_REMOTE in said and git.setting(f"remote.{git.remote}.url") is None:
        return BricklaneError(
            f"{git.top} has no git remote {git.remote!r}",
            hint=f"git remote add {git.remote} https://HOST/OWNER/NAME.git\n"
            "or name another in bricklane.toml: [gitflow] remote",
            exit_code=ExitCode.CONFIG,
        )
    return BricklaneError(
        f"git could not work with the remote {git.remote}:\n{said}",
        hint=f"check: git ls-remote {git.remote}",
        exit_code=ExitCode.NETWORK,
    )
