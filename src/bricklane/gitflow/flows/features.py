"""Features: a local branch from fresh develop, and the pull request that brings it back."""

from __future__ import annotations

from dataclasses import dataclass

from bricklane.errors import BricklaneError, ExitCode
from bricklane.flow import Step
from bricklane.forge.model import PullRequest, PullRequestState
from bricklane.gitflow.kinds import Kind
from bricklane.gitflow.project import Project
from bricklane.gitflow.remote import push_as_user, track
from bricklane.gitflow.worktree import (
    check_branch_name,
    check_room,
    check_settled,
    is_checked_out_elsewhere,
)


@dataclass(frozen=True, slots=True)
class FeatureWorld:
    """What a feature's flow is about.

    Args:
        project: where.
        kind: of the branch.
        branch: its name.
        title: of the pull request; empty takes the commit's, or the branch's.
    """

    project: Project
    kind: Kind
    branch: str
    title: str = ""

    @property
    def base(self) -> str:
        """The branch that it starts from and goes into."""
        return self.project.kinds.branch(self.kind.merges_into)

    @property
    def start(self) -> str:
        """The remote-tracking branch that it starts from."""
        return self.project.tracking(self.project.kinds.branch(self.kind.starts_from))

    def head(self) -> str | None:
        """Return the head of the local branch; none when there is no such branch."""
        return self.project.git.commit(f"refs/heads/{self.branch}")

    def pull_request(self) -> PullRequest | None:
        """Return the newest pull request of the branch that is open or merged."""
        for found in self.project.forge.pull_requests(head=self.branch, base=self.base):
            if found.state is not PullRequestState.CLOSED:
                return found
        return None


# Starting


def prepare_start(project: Project, kind: Kind, name: str) -> FeatureWorld:
    """Return what starting the feature ``name`` means; fetches the branch that it starts from.

    Raises:
        BricklaneError: when the working tree has changes, the name is taken or impossible.
    """
    branch = name if kind.holds(name) else f"{kind.prefix}{name}"
    check_branch_name(project.git, branch)
    check_settled(project.git)
    world = FeatureWorld(project, kind, branch)
    start = project.kinds.branch(kind.starts_from)
    seen = project.observe(start)
    check_room(branch, (*seen.branches, *project.git.local_branches()))
    track(project.git, start)
    if branch in seen.branches and world.head() is None:
        raise BricklaneError(
            f"{branch} exists on the forge already",
            hint=f"work on it: git fetch && git switch {branch}\nor choose another name",
        )
    return world


def _exists(world: FeatureWorld) -> bool:
    return world.head() is not None


def _create(world: FeatureWorld) -> None:
    world.project.git.run("branch", "--no-track", world.branch, world.start)


def _is_current(world: FeatureWorld) -> bool:
    return world.project.git.current_branch() == world.branch


def _switch(world: FeatureWorld) -> None:
    world.project.git.run("switch", "--quiet", "--no-guess", world.branch)


START: tuple[Step[FeatureWorld], ...] = (
    Step(
        "create the branch",
        _exists,
        _create,
        lambda world: f"{world.branch} from {world.project.kinds.branch(world.kind.starts_from)}",
    ),
    Step("switch to it", _is_current, _switch, lambda world: world.branch),
)


# Finishing


def prepare_finish(project: Project, name: str, title: str) -> FeatureWorld:
    """Return what finishing a feature means; fetches what it goes into.

    Args:
        project: where.
        name: of the feature, with or without its prefix; empty for the branch that is checked out.
        title: of the pull request; empty takes the commit's, or the branch's.

    Raises:
        BricklaneError: when there is no such feature, or the working tree has changes.
    """
    kind, branch = _feature(project, name)
    check_settled(project.git)
    world = FeatureWorld(project, kind, branch, title)
    project.observe(world.base)
    track(project.git, world.base)
    return world


def _feature(project: Project, name: str) -> tuple[Kind, str]:
    current = project.git.current_branch()
    kinds = [kind for kind in project.kinds.rows if _is_feature(kind)]
    for kind in kinds:
        branch = (name if kind.holds(name) else f"{kind.prefix}{name}") if name else current
        if branch is not None and kind.holds(branch):
            if project.git.commit(f"refs/heads/{branch}") is None:
                raise BricklaneError(f"there is no local branch {branch}")
            return kind, branch
    prefixes = ", ".join(f"{kind.prefix}*" for kind in kinds)
    where = f"on {current}" if current else "detached: no branch is checked out"
    raise BricklaneError(
        f"HEAD is {where}; a feature is finished from its branch, {prefixes}",
        hint="git switch to it, or name it: bricklane feature finish NAME",
        exit_code=ExitCode.USAGE,
    )


def _is_feature(kind: Kind) -> bool:
    return bool(kind.prefix and kind.merges_into and not kind.tag)


def check_mergeable(world: FeatureWorld) -> None:
    """Check that the branch has something to bring, and that it merges.

    Raises:
        BricklaneError: when not; on conflicts it names the files and the way out.
    """
    git, base = world.project.git, world.project.tracking(world.base)
    if git.contains(base, f"refs/heads/{world.branch}"):
        raise BricklaneError(
            f"{world.branch} has nothing that {world.base} lacks", hint="commit something first"
        )
    conflicts = git.merge_trees(base, f"refs/heads/{world.branch}").conflicts
    if conflicts:
        remote = git.remote
        raise BricklaneError(
            f"{world.branch} conflicts with {world.base} in: {', '.join(conflicts)}",
            hint=f"git merge {remote}/{world.base}\n"
            "resolve the conflicts, git add, git commit, and run this command again",
        )


def _is_pushed(world: FeatureWorld) -> bool:
    found = world.project.forge.branch(world.branch)
    return found is not None and found.commit == world.head()


def _push(world: FeatureWorld) -> None:
    """Push as the user would, the user's hooks included; nothing is forced."""
    git = world.project.git
    arguments = (
        "push", "--porcelain", "--set-upstream", git.remote,
        f"refs/heads/{world.branch}:refs/heads/{world.branch}",
    )  # fmt: skip
    push_as_user(
        git,
        arguments,
        f"if others pushed to it: git pull --rebase {git.remote} {world.branch}\n"
        "then run this command again",
    )


def _has_pull_request(world: FeatureWorld) -> bool:
    # One that was merged does not bring what was committed since.
    found = world.pull_request()
    return found is not None and found.state is PullRequestState.OPEN


def _open_pull_request(world: FeatureWorld) -> None:
    git = world.project.git
    range_ = f"{world.project.tracking(world.base)}..refs/heads/{world.branch}"
    subjects = git.lines(
        "log", "--no-show-signature", "--reverse", "--no-merges", "--format=%s", range_, "--"
    )
    title = world.title or (subjects[0] if len(subjects) == 1 else _spoken(world))
    body = "\n".join(f"- {subject}" for subject in subjects)
    world.project.forge.create_pull_request(
        head=world.branch, base=world.base, title=title, body=f"{body}\n"
    )


def _spoken(world: FeatureWorld) -> str:
    words = world.kind.name_in(world.branch).replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


FINISH: tuple[Step[FeatureWorld], ...] = (
    Step("push the branch", _is_pushed, _push, lambda world: world.branch),
    Step(
        "open the pull request",
        _has_pull_request,
        _open_pull_request,
        lambda world: f"{world.branch} → {world.base}",
    ),
)


# After the merge


def is_merged(world: FeatureWorld) -> bool:
    """Return whether the pull request is merged and holds all that the branch has."""
    found, head = world.pull_request(), world.head()
    if found is None or found.state is not PullRequestState.MERGED or head is None:
        return False
    git = world.project.git
    return head == found.head_commit or (
        git.commit(found.head_commit) is not None and git.contains(found.head_commit, head)
    )


def _has_left(world: FeatureWorld) -> bool:
    return world.project.git.current_branch() != world.branch


def _leave(world: FeatureWorld) -> None:
    """Switch to the base, brought up to date; detached where another worktree has it."""
    git, tracking = world.project.git, world.project.tracking(world.base)
    if is_checked_out_elsewhere(git, world.base):
        git.run("switch", "--quiet", "--detach", tracking)
        return
    if git.commit(f"refs/heads/{world.base}") is None:
        git.run("branch", "--track", world.base, tracking)
    git.run("switch", "--quiet", "--no-guess", world.base)
    if git.contains(tracking, "HEAD"):  # Else it has commits of its own, and is left alone.
        git.run("merge", "--quiet", "--ff-only", tracking)


def _is_deleted(world: FeatureWorld) -> bool:
    return world.head() is None


def _delete(world: FeatureWorld) -> None:
    world.project.git.run("branch", "--quiet", "-D", world.branch)


CLEAN: tuple[Step[FeatureWorld], ...] = (
    Step("leave the branch", _has_left, _leave, lambda world: f"for {world.base}"),
    Step("delete the local branch", _is_deleted, _delete, lambda world: world.branch),
)
