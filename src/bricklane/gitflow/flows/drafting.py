"""Drafting a release or a hotfix: its branch with version and changelog, and its pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bricklane.errors import BricklaneError
from bricklane.flow import Step
from bricklane.forge.model import PullRequest, PullRequestState, WorkflowRun
from bricklane.gitflow import notes
from bricklane.gitflow.counting import Counted, next_version
from bricklane.gitflow.files import changelog_edit, version_edits
from bricklane.gitflow.flows.opened import (
    check_no_other,
    is_open,
    open_branches,
    yield_to_another,
)
from bricklane.gitflow.flows.picking import PULL_REQUEST_TRAILER, pick
from bricklane.gitflow.flows.workflows import CHECKING, DEPLOYING, start_steps, unfinished_runs
from bricklane.gitflow.kinds import BACK_MERGE, Bump, Kind
from bricklane.gitflow.project import Project
from bricklane.gitflow.remote import RemoteRefs, fetch_heads, push
from bricklane.gitflow.scratch import Edit, changed_tree
from bricklane.gitflow.versions import Version

MARKER = "bricklane-hotfix"


@dataclass(frozen=True, slots=True)
class DraftWorld:
    """What a draft is about.

    Args:
        project: where.
        kind: of the branch.
        version: that it becomes.
        since: the commit of the version before; none for a first version.
        start: the commit that the branch begins at.
        source: the pull request whose commits it takes; none for a branch without any of its own.
    """

    project: Project
    kind: Kind
    version: Version
    since: str | None
    start: str
    source: PullRequest | None = None

    @property
    def branch(self) -> str:
        """The branch to be."""
        return f"{self.kind.prefix}{self.version}"

    @property
    def base(self) -> str:
        """The branch that the pull request is for."""
        return self.project.kinds.branch(self.kind.merges_into)

    def pull_request(self) -> PullRequest | None:
        """Return the pull request of the branch, as the forge has it now.

        It is open, or was merged so that git knows of it; a squashed one did not do what it was
        for, and one that was closed is given up.
        """
        forge = self.project.forge
        for found in forge.pull_requests(head=self.branch, base=self.base):
            merged = found.state is PullRequestState.MERGED and found.merge_commit is not None
            if found.state is PullRequestState.OPEN or (
                merged and forge.is_ancestor(found.head_commit, str(found.merge_commit))
            ):
                return found
        return None


def prepare_release(project: Project, kind: Kind, bump: Bump) -> DraftWorld:
    """Find out what drafting a release means now; nothing is changed but what was fetched.

    Args:
        project: where.
        kind: of the branch.
        bump: which part of the version to raise.

    Raises:
        BricklaneError: when another release is open, there is nothing to release, or what is in
            production is not in what would be released.
    """
    start, base = (project.kinds.branch(name) for name in (kind.starts_from, kind.merges_into))
    seen = project.observe(base, start)
    counted = next_version(project, seen, kind, bump)
    since = () if counted.since is None else (counted.since,)
    heads = {name: seen.branches[name] for name in (base, start)}
    trees = fetch_heads(project.git, heads, *since)
    world = DraftWorld(project, kind, counted.version, counted.since, seen.branches[start])
    check_no_other(project, seen, kind, world.branch)
    if world.branch not in seen.branches:
        _check_not_merged(world)
        _check_production_is_in(project, seen, start, base)
        _check_anything_new(trees, counted, start, world.start)
    return world


def prepare_hotfix(project: Project, kind: Kind, bump: Bump, number: int | None) -> DraftWorld:
    """Find out what drafting a hotfix means now; nothing is changed but what was fetched.

    Args:
        project: where.
        kind: of the branch.
        bump: which part of the version to raise.
        number: of the pull request whose commits it takes; none for a branch to work on.

    Raises:
        BricklaneError: when there is no such pull request, or another hotfix is open.
    """
    start = project.kinds.branch(kind.starts_from)
    seen = project.observe(start, project.kinds.branch(kind.merges_into))
    source = None if number is None else _source(project, number)
    opened = open_branches(project, seen, kind)
    fetch_heads(project.git, {name: seen.branches[name] for name in (start, *opened)})
    counted = next_version(project, seen, kind, bump)
    world = DraftWorld(project, kind, counted.version, counted.since, seen.branches[start], source)
    for branch in opened:
        if branch != world.branch or not _is_of(
            project, seen.branches[branch], seen.branches[start], source
        ):
            raise is_open(project, kind, branch)
    if world.branch not in seen.branches:
        _check_not_merged(world)
    return world


def _source(project: Project, number: int) -> PullRequest:
    found = project.forge.pull_request(number)
    if found is None:
        raise BricklaneError(f"there is no pull request #{number}")
    kind = project.kinds.of_branch(found.head)
    own = found.head_repository == project.forge.repository().name
    if not own:
        raise BricklaneError(
            f"pull request #{number} comes from {found.head_repository or 'a deleted repository'}; "
            "a hotfix is deployed, so strangers' code gets into it only by a branch of this "
            "repository",
            hint=f"review commit {found.head_commit}, push it to a branch here, and draft the "
            "hotfix from the pull request of that branch",
        )
    if kind is not None and kind.tag:
        raise BricklaneError(
            f"pull request #{number} is a {kind.name} already: {found.head} into {found.base}",
            hint=f"bricklane release publish {kind.name_in(found.head)}",
        )
    return found


def _is_of(project: Project, head: str, start: str, source: PullRequest | None) -> bool:
    """Return whether what ``head`` adds was drafted for ``source``; for none, anything is."""
    if source is None:
        return True
    trailer = f"--format=%(trailers:key={PULL_REQUEST_TRAILER},valueonly)"
    return f"#{source.number}" in project.git.lines(
        "log", "--no-show-signature", trailer, f"{start}..{head}", "--"
    )


def _check_not_merged(world: DraftWorld) -> None:
    """Check that the version is not on its way; forges may delete a branch as they merge it."""
    found = world.pull_request()
    if found is not None and found.state is PullRequestState.MERGED:
        raise BricklaneError(
            f"{world.branch} is merged into {world.base} (#{found.number}) and not tagged yet, "
            "so it is being published",
            hint=f"wait for the workflow that publishes it, or look into its log: {found.url}",
        )


def _check_production_is_in(project: Project, seen: RemoteRefs, start: str, base: str) -> None:
    if project.git.contains(seen.branches[start], seen.branches[base]):
        return
    back_merge = project.kinds.named(BACK_MERGE)
    waiting = [
        found
        for found in project.forge.pull_requests(base=start, state=PullRequestState.OPEN)
        if (back_merge.holds(found.head) or found.head == base)
        and project.forge.is_ancestor(seen.branches[base], found.head_commit)
    ]
    hint = f"open a pull request from {base} into {start} and merge it with a merge commit"
    if waiting:
        hint = f"merge pull request #{waiting[0].number} with a merge commit: {waiting[0].url}"
    raise BricklaneError(
        f"{base} has commits that {start} lacks, so a release of {start} would undo them",
        hint=f"{hint}\nthen run this command again",
    )


def _check_anything_new(trees: Mapping[str, str], counted: Counted, start: str, head: str) -> None:
    if counted.since is not None and trees[head] == trees[counted.since]:
        raise BricklaneError(
            f"there is nothing to release: {start} holds what {counted.previous} holds",
            hint=f"merge something into {start} first",
        )


# The steps


def _has_branch(world: DraftWorld) -> bool:
    return world.project.forge.branch(world.branch) is not None


def _create_branch(world: DraftWorld) -> None:
    git = world.project.git
    head = world.start if world.source is None else pick(world.project, world)
    section = notes.section(world.version, notes.entries(_log(world, head)), world.project.now())
    tree = changed_tree(git, git.tree(head), _edits(world, section))
    commit = git.write_commit(tree, [head], _message(world))
    push(git, commit, world.branch, seen=None)
    yield_to_another(world.project, world.kind, world.branch, world.version, commit)


def _log(world: DraftWorld, head: str) -> list[notes.LoggedCommit]:
    since = () if world.since is None else (world.since,)
    return notes.log(world.project.git, head, *since)


def _edits(world: DraftWorld, section: str) -> Sequence[tuple[PurePosixPath, Edit]]:
    settings = world.project.settings.gitflow
    edits = version_edits(world.project.folder, settings.version_files, world.version)
    if settings.changelog:
        path = world.project.folder / settings.changelog
        edits.append((path, changelog_edit(path, world.version, section)))
    return edits


def _message(world: DraftWorld) -> str:
    subject = f"{notes.VERSION_COMMIT}{world.version}\n"
    if world.source is None:
        return subject
    return f"{subject}\n{PULL_REQUEST_TRAILER}: #{world.source.number}\n"


def _has_pull_request(world: DraftWorld) -> bool:
    return world.pull_request() is not None


def _open_pull_request(world: DraftWorld) -> None:
    project = world.project
    branch = project.forge.branch(world.branch)
    if branch is None:
        raise BricklaneError(f"{world.branch} is gone from the forge; run this command again")
    fetch_heads(project.git, {branch.name: branch.commit})
    entries = notes.entries(_log(world, branch.commit))
    body = notes.shortened(notes.body(entries)) if entries else "What comes has yet to be pushed.\n"
    project.forge.create_pull_request(
        head=world.branch, base=world.base, title=_title(world), body=_body(world, body)
    )


def _title(world: DraftWorld) -> str:
    title = world.kind.title.format(version=world.version)
    return title if world.source is None else f"{title}: {world.source.title}"


def _body(world: DraftWorld, body: str) -> str:
    source = "" if world.source is None else f"With the commits of #{world.source.number}.\n\n"
    return (
        f"{source}{body}\n---\n"
        f"Every push to `{world.branch}` is deployed to {world.kind.target} and tested there. "
        "What was tested last is what gets published: run "
        f"`bricklane release publish {world.version}`, or merge this with **a merge commit**.\n"
        f"{_changelog_hint(world)}"
    )


def _changelog_hint(world: DraftWorld) -> str:
    name = world.project.settings.gitflow.changelog
    if not name:
        return ""
    return f"\n`bricklane release notes {world.version}` writes what came since into {name}.\n"


def _branch_detail(world: DraftWorld) -> str:
    start = world.project.kinds.branch(world.kind.starts_from)
    commits = "" if world.source is None else f" with the commits of #{world.source.number}"
    return f"{world.branch} from {start} ({world.start[:10]}){commits}"


def _pull_request_detail(world: DraftWorld) -> str:
    found = world.pull_request()
    told = "" if found is None else f" (#{found.number}, {found.url})"
    return f"{world.branch} → {world.base}{told}"


DRAFT: tuple[Step[DraftWorld], ...] = (
    Step(
        "create the branch with version and changelog",
        _has_branch,
        _create_branch,
        _branch_detail,
    ),
    Step("open the pull request", _has_pull_request, _open_pull_request, _pull_request_detail),
)


def _check_applies(world: DraftWorld) -> None:
    pick(world.project, world, trial=True)


CHECK_SOURCE: Step[DraftWorld] = Step(
    "check that its commits apply",
    _has_branch,
    _check_applies,
    lambda world: "" if world.source is None else f"those of #{world.source.number}",
    looks=True,
)


def _source_is_closed(world: DraftWorld) -> bool:
    return world.source is None or _current(world).state is not PullRequestState.OPEN


def _current(world: DraftWorld) -> PullRequest:
    assert world.source is not None  # noqa: S101  (the step is only in flows with a source)
    found = world.project.forge.pull_request(world.source.number)
    if found is None:
        raise BricklaneError(f"pull request #{world.source.number} is gone")
    return found


def _close_source(world: DraftWorld) -> None:
    opened = world.pull_request()
    if world.source is None or opened is None:
        raise BricklaneError(f"{world.branch} has no pull request; run this command again")
    forge = world.project.forge
    forge.comment(
        world.source.number,
        f"Its commits go to production as {world.version} in #{opened.number}; "
        f"`{world.base}` brings them back to the other branches once that is published.",
        marker=MARKER,
    )
    forge.close_pull_request(world.source.number)


CLOSE_SOURCE: Step[DraftWorld] = Step(
    "comment on the pull request and close it",
    _source_is_closed,
    _close_source,
    lambda world: "" if world.source is None else f"#{world.source.number}",
)


def _source_is_unchecked(world: DraftWorld) -> bool:
    return not _checks_of_source(world)


def _checks_of_source(world: DraftWorld) -> list[WorkflowRun]:
    assert world.source is not None  # noqa: S101  (the step is only in flows with a source)
    head, commit = world.source.head, world.source.head_commit
    return unfinished_runs(world.project.forge, CHECKING, head, commit)


def _stop_checks(world: DraftWorld) -> None:
    for run in _checks_of_source(world):
        world.project.forge.cancel_run(run.id)


# Nobody waits for what they say any more, and the new pull request's own are about to start.
STOP_CHECKS: Step[DraftWorld] = Step(
    "stop its checks",
    _source_is_unchecked,
    _stop_checks,
    lambda world: "" if world.source is None else f"those of #{world.source.number}",
)


START: tuple[Step[DraftWorld], ...] = start_steps(
    (DEPLOYING, CHECKING), lambda world: world.project.forge, lambda world: world.branch
)


def steps_of(world: DraftWorld) -> tuple[Step[DraftWorld], ...]:
    """Return the steps of a draft.

    What is made with a workflow's own token starts no workflows; so there they are started. That
    token may also stop some, which a person's need not be allowed to.
    """
    by_workflow = world.project.acts_as_workflow()
    steps = DRAFT if world.source is None else (CHECK_SOURCE, *DRAFT, CLOSE_SOURCE)
    if by_workflow and world.source is not None:
        steps = (*steps, STOP_CHECKS)
    return (*steps, *START) if by_workflow else steps
