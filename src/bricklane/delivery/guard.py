"""What may be deployed where: the right branch, and nothing that is not committed."""

from __future__ import annotations

from collections.abc import Mapping

from bricklane.delivery import clone
from bricklane.delivery.continuous import CiRun
from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import Kind, Kinds

SHOWN_CHANGES = 5


def kinds_for(kinds: Kinds, target: str) -> tuple[Kind, ...]:
    """Return the kinds of branches that may be deployed to a target; none when no kind names it."""
    return tuple(kind for kind in kinds.rows if kind.deploys_to(target))


def pattern(kind: Kind) -> str:
    """Return how people write the branches of a kind: ``main``, ``release/*``."""
    return kind.branch or f"{kind.prefix}*"


def branch_to_deploy(git: Git, commit: str, ci: CiRun | None, kinds: Kinds, target: str) -> str:
    """Return the branch that the checked-out ``commit`` is deployed from; empty for none.

    A run of continuous integration often has a detached HEAD. Its branch is the one that the run
    says, if that is the commit that is checked out; else the branch of the remote, of a kind for
    ``target``, whose head the commit is.
    """
    branch = git.current_branch()
    if branch or ci is None:
        return branch or ""
    if ci.branch and ci.commit == commit:
        return ci.branch
    return head_of_allowed(clone.remote_heads(git), commit, kinds_for(kinds, target))


def head_of_allowed(heads: Mapping[str, str], commit: str, allowed: tuple[Kind, ...]) -> str:
    """Return the first branch, by name, of an allowed kind with this head; empty for none."""
    found = (name for name, head in sorted(heads.items()) if head == commit)
    return next((name for name in found if any(kind.holds(name) for kind in allowed)), "")


def check_branch(kinds: Kinds, target: str, branch: str, commit: str) -> None:
    """Check that ``branch`` may be deployed to ``target``.

    A target that no kind of branch names takes any branch.

    Raises:
        BricklaneError: for another branch, and for a detached HEAD.
    """
    allowed = kinds_for(kinds, target)
    if not allowed or any(kind.holds(branch) for kind in allowed):
        return
    wanted = " or ".join(pattern(kind) for kind in allowed)
    place = f"branch {branch}" if branch else f"a detached HEAD (commit {commit[:10]})"
    way = f"git switch {allowed[0].branch or allowed[0].prefix + 'NAME'}"
    raise BricklaneError(
        f"{target} takes {wanted}, and this is {place}",
        hint=f"{way}, and deploy again\nor, knowing what you do: --any-branch",
    )


def check_committed(git: Git, target: str) -> None:
    """Check that the work tree is what HEAD says.

    Raises:
        BricklaneError: naming what differs.
    """
    changes = clone.changes(git)
    if not changes:
        return
    shown = "\n".join(f"  {line}" for line in changes[:SHOWN_CHANGES])
    more = len(changes) - SHOWN_CHANGES
    rest = f"\n  and {more} more" if more > 0 else ""
    raise BricklaneError(
        f"{target} takes committed work only, and the work tree has changes:\n{shown}{rest}",
        hint="commit them, or put them aside: git stash --include-untracked",
    )


def check_pushed(head: str | None, branch: str, commit: str, remote: str) -> None:
    """Check that a branch has the same head here and on the forge.

    Args:
        head: what the forge says; None when it has no such branch.
        branch: its name.
        commit: what shall be deployed.
        remote: the forge's name in git.

    Raises:
        BricklaneError: naming both.
    """
    if head == commit:
        return
    if head is None:
        raise BricklaneError(
            f"branch {branch} is not on the forge", hint=f"git push {remote} {branch}"
        )
    raise BricklaneError(
        f"branch {branch} is {head[:10]} on the forge, and {commit[:10]} here",
        hint=f"git pull {remote} {branch}, and git push {remote} {branch} what is yours",
    )
