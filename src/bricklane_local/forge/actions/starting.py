"""From events to runs: which workflows an event starts, and at which commit.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.contexts import contexts, github_context
from bricklane_local.forge.actions.expressions import ExpressionError, render, text_of
from bricklane_local.forge.actions.runs.model import (
    COMPLETED,
    FAILURE,
    Run,
    WorkflowRecord,
)
from bricklane_local.forge.actions.runs.store import RunStore
from bricklane_local.forge.actions.workflows.document import WorkflowError
from bricklane_local.forge.actions.workflows.model import Trigger, Workflow
from bricklane_local.forge.actions.workflows.reading import read_workflow
from bricklane_local.forge.actions.workflows.tables import EVENTS, USUAL_TYPES
from bricklane_local.forge.actions.workflows.triggers import (
    filters_paths,
    wants_paths,
    wants_ref,
    wants_type,
)
from bricklane_local.forge.git import diff, history, objects, refs
from bricklane_local.forge.git.failures import GitFailure

if TYPE_CHECKING:
    from bricklane_local.forge.events import Event
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

FOLDER = ".github/workflows/"
# What a job's own token may start; everything else it does starts nothing, so that no workflow
# keeps starting itself.
STARTED_BY_JOBS = ("workflow_dispatch", "repository_dispatch")
PULL_EVENTS = ("pull_request", "pull_request_target")
# Events that run on a ref of their own; all others run on the head of the default branch.
ON_THEIR_REF = {
    *("push", "create", "release", "deployment", "deployment_status", "workflow_dispatch"),
    *("pull_request", "pull_request_review", "pull_request_review_comment"),
}
FILE_LIMIT, SOURCE_LIMIT = 100, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cause:
    """An event as it is remembered until its runs are.

    Args:
        kind: its name.
        actor: login.
        payload: of the event.
        ref: full name of the ref to run on.
        sha: the commit to run on.
        path: of the one workflow that it is for; empty for all.
        inputs: of a manual run, checked.
    """

    kind: str
    actor: str
    payload: dict[str, Any]
    ref: str = ""
    sha: str = ""
    path: str = ""
    inputs: dict[str, Any] | None = None

    @property
    def action(self) -> str:
        """The payload's action."""
        return str(self.payload.get("action", ""))

    @property
    def pull(self) -> dict[str, Any]:
        """The pull request of an event about one."""
        found = self.payload.get("pull_request") if self.kind in PULL_EVENTS else None
        return found if isinstance(found, dict) else {}


def is_wanted(event: Event) -> bool:
    """Say whether an event may start anything at all."""
    if event.kind not in EVENTS or event.kind in ("workflow_run", "schedule"):
        return False
    if event.by_job_token and event.kind not in STARTED_BY_JOBS:
        return False
    if event.kind == "release" and event.payload.get("release", {}).get("draft"):
        return False
    # A branch that is gone has no workflows.
    return not (event.kind == "push" and event.payload.get("deleted"))


class Starter:
    """Makes the runs that events call for.

    Args:
        forge: where they happen.
        store: takes the runs.
    """

    def __init__(self, forge: Forge, store: RunStore) -> None:
        self._forge = forge
        self._store = store

    async def files(self, repository: Repository, sha: str) -> dict[str, str]:
        """Return the workflow files of a commit: text by path."""
        bare = self._forge.git.repository(repository.id)
        try:
            entries = await objects.tree(bare, sha, path=FOLDER)
        except GitFailure:
            return {}
        wanted = [
            entry
            for entry in entries
            if entry.kind == "blob"
            and entry.path.endswith((".yml", ".yaml"))
            and (entry.size or 0) <= SOURCE_LIMIT
        ][:FILE_LIMIT]
        blobs = await objects.read_many(bare, [entry.sha for entry in wanted], "blob")
        return {
            entry.path: blob.content.decode("utf-8", "replace")
            for entry, blob in zip(wanted, blobs, strict=True)
        }

    async def located(self, repository: Repository, cause: Cause) -> Cause | None:
        """Return ``cause`` with the ref and commit that it runs on, or None when there is none."""
        ref, sha = (cause.ref, cause.sha) if cause.kind in ON_THEIR_REF else ("", "")
        if cause.kind == "pull_request_target":
            ref = f"refs/heads/{cause.pull['base']['ref']}"
        elif cause.pull:
            if not sha and cause.action != "closed":
                return None  # it conflicts with its base: there is nothing to run on
            sha = sha or str(cause.pull["head"]["sha"])
            ref = ref or f"refs/pull/{cause.payload['number']}/merge"
        ref = ref or f"refs/heads/{repository.default_branch}"
        if not sha:
            bare = self._forge.git.repository(repository.id)
            sha = await refs.find(bare, ref) or ""
        if not sha:
            return None
        return Cause(cause.kind, cause.actor, cause.payload, ref, sha, cause.path, cause.inputs)

    async def start(self, repository: Repository, cause: Cause, event_key: str) -> list[Run]:
        """Make and store the runs that an event starts, and forget the event.

        Args:
            repository: where it happened.
            cause: the event.
            event_key: by which it is remembered; empty when it is not.
        """
        found = await self.located(repository, cause)
        planned: list[tuple[str, str, Workflow | WorkflowError]] = []
        if found is not None:
            files = await self.files(repository, found.sha)
            for path, text in sorted(files.items()):
                if found.path in ("", path):
                    outcome = await self._select(repository, found, path, text)
                    if outcome is not None:
                        planned.append((path, text, outcome))
        runs: list[Run] = []
        commit = await self._commit(repository, found) if found is not None and planned else {}
        with self._forge.transaction():
            if found is not None:
                self._remember(repository, found, files)
                runs = [self._make(repository, found, commit, *row) for row in planned]
            if event_key:
                self._store.forget_event(event_key)
        return runs

    async def _commit(self, repository: Repository, cause: Cause) -> dict[str, Any]:
        bare = self._forge.git.repository(repository.id)
        sha = str(cause.pull.get("head", {}).get("sha") or cause.sha)
        try:
            found = await history.commit(bare, sha)
        except GitFailure:
            return {}
        people = {
            role: {"name": person.name, "email": person.email}
            for role, person in (("author", found.author), ("committer", found.committer))
        }
        return {
            "id": found.sha,
            "tree_id": found.tree,
            "message": found.message.rstrip("\n"),
            "timestamp": found.committer.date.isoformat(),
        } | people

    async def _select(
        self, repository: Repository, cause: Cause, path: str, text: str
    ) -> Workflow | WorkflowError | None:
        record = self._store.find_workflow(repository, path)
        if record is not None and record.state != "active":
            return None
        try:
            workflow = read_workflow(path, text)
        except WorkflowError as error:
            usual = USUAL_TYPES.get(cause.kind, ("",))
            shown = cause.kind in ("push", "pull_request", *_dispatched(cause))
            return error if shown and (cause.kind == "push" or cause.action in usual) else None
        trigger = workflow.triggers.get(cause.kind)
        if trigger is None or not wants_type(cause.kind, cause.action, trigger):
            return None
        if cause.kind == "push" and not wants_ref("push", cause.ref, trigger):
            return None
        if cause.pull:
            base = f"refs/heads/{cause.pull['base']['ref']}"
            if not wants_ref(cause.kind, base, trigger):
                return None
        if not await self._wants_change(repository, cause, trigger):
            return None
        return workflow

    async def _wants_change(self, repository: Repository, cause: Cause, trigger: Trigger) -> bool:
        if not filters_paths(trigger) or cause.ref.startswith("refs/tags/"):
            return True
        bare = self._forge.git.repository(repository.id)
        if cause.pull:
            head, tip = str(cause.pull["head"]["sha"]), str(cause.pull["base"]["sha"])
            base = await history.merge_base(bare, tip, head)
        else:
            head, base = cause.sha, await self._before(repository, cause)
        changes = await diff.files(bare, base or diff.EMPTY_TREE, head, patches=False)
        return wants_paths([change.path for change in changes], trigger)

    async def _before(self, repository: Repository, cause: Cause) -> str | None:
        bare = self._forge.git.repository(repository.id)
        before = str(cause.payload.get("before", ""))
        if before.strip("0"):
            return before
        default = await refs.find(bare, f"refs/heads/{repository.default_branch}")
        return await history.merge_base(bare, default, cause.sha) if default else None

    def _remember(self, repository: Repository, cause: Cause, files: dict[str, str]) -> None:
        """List the files of the default branch as workflows, whether or not they run now."""
        if cause.ref != f"refs/heads/{repository.default_branch}":
            return
        for path, text in files.items():
            self._store.workflow(repository, path, _name_of(path, text))

    def _make(
        self,
        repository: Repository,
        cause: Cause,
        commit: dict[str, Any],
        path: str,
        text: str,
        outcome: Workflow | WorkflowError,
    ) -> Run:
        name = outcome.name if isinstance(outcome, Workflow) else path
        record = self._store.workflow(repository, path, name)
        record.runs += 1
        self._store.save_workflow(record)
        run = self._run(repository, cause, record)
        run.commit = commit
        if isinstance(outcome, WorkflowError):
            run.status, run.conclusion = COMPLETED, FAILURE
            problems = "; ".join(outcome.problems)
            run.problem = f"Invalid workflow file: {path}: {problems}"
        else:
            self._entitle(repository, run, cause, outcome)
        self._store.add_run(run, text, cause.payload)
        return run

    def _run(self, repository: Repository, cause: Cause, record: WorkflowRecord) -> Run:
        now = self._forge.clock.now()
        pull = cause.pull
        head = pull.get("head", {})
        source = (head.get("repo") or {}).get("full_name", "") if pull else repository.full_name
        origin = self._forge.repositories.find(*source.split("/")) if "/" in source else None
        return Run(
            self._forge.next_id(),
            repository.id,
            record.id,
            record.path,
            record.name,
            record.runs,
            1,
            cause.kind,
            _title(cause, record.name),
            cause.ref,
            cause.sha,
            str(head.get("ref") or cause.ref.split("/", 2)[-1]),
            str(head.get("sha") or cause.sha),
            origin.id if origin else 0,
            cause.actor,
            cause.actor,
            fork=cause.kind == "pull_request" and source.lower() != repository.full_name.lower(),
            pull_requests=[int(cause.payload["number"])] if pull else [],
            inputs=cause.inputs or {},
            created_at=now,
            started_at=now,
            updated_at=now,
        )

    def _entitle(self, repository: Repository, run: Run, cause: Cause, workflow: Workflow) -> None:
        if not workflow.run_name:
            return
        values = {
            "github": github_context(self._forge, repository, run, cause.payload),
            "inputs": run.inputs,
            "vars": self._forge.variables.values(repository),
        }
        try:
            run.title = text_of(render(workflow.run_name, contexts(values))).strip() or run.title
        except ExpressionError as error:
            run.status, run.conclusion = COMPLETED, FAILURE
            run.problem = f"run-name: {error.message}"


def _dispatched(cause: Cause) -> tuple[str, ...]:
    return (cause.kind,) if cause.kind == "workflow_dispatch" else ()


def _name_of(path: str, text: str) -> str:
    try:
        return read_workflow(path, text).name
    except WorkflowError:
        return path


def _title(cause: Cause, name: str) -> str:
    if cause.pull:
        return str(cause.pull.get("title", ""))
    if cause.kind == "push":
        commit = cause.payload.get("head_commit") or {}
        return str(commit.get("message") or name).partition("\n")[0]
    if cause.kind == "release":
        release = cause.payload.get("release", {})
        return str(release.get("name") or release.get("tag_name") or name)
    return name
