"""Where runs, jobs and workflows are remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.runs.model import COMPLETED, JobRun, Run, WorkflowRecord

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

# The kinds whose keys begin with a repository's id, so that they go with it.
WORKFLOW, RUN, SOURCE = "forge_workflow", "forge_run", "forge_run_source"
ACTIVE, JOB, EVENT = "forge_run_active", "forge_job", "forge_run_event"
KINDS = (WORKFLOW, RUN, SOURCE, ACTIVE, JOB, EVENT)


class RunStore:
    """Reads and writes what Actions remember.

    Args:
        forge: whose documents these are.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._space = forge.space

    def workflow(self, repository: Repository, path: str, name: str) -> WorkflowRecord:
        """Return the workflow of a file, remembered from now on, under its present name."""
        now = self._forge.clock.now()
        key = f"{repository.id}/{path}"
        body = self._space.get(WORKFLOW, key)
        if body is None:
            record = WorkflowRecord(
                self._forge.next_id(), repository.id, path, name, created_at=now, updated_at=now
            )
            self._space.insert(
                WORKFLOW, key, record.body(), parent=repository.parent, position=record.id
            )
            return record
        record = WorkflowRecord.load(body)
        if record.name != name:
            record.name, record.updated_at = name, now
            self.save_workflow(record)
        return record

    def save_workflow(self, record: WorkflowRecord) -> None:
        """Store a change of a workflow."""
        self._space.update(WORKFLOW, f"{record.repository}/{record.path}", record.body())

    def find_workflow(self, repository: Repository, name: str) -> WorkflowRecord | None:
        """Return a workflow by its id, its file's name or its file's path."""
        for record in self.workflows(repository):
            if name in (str(record.id), record.path, record.path.rpartition("/")[2]):
                return record
        return None

    def workflows(self, repository: Repository) -> list[WorkflowRecord]:
        """Return a repository's workflows, oldest first."""
        rows = self._space.select(WORKFLOW, parent=repository.parent)
        return [WorkflowRecord.load(row.body) for row in rows]

    def add_run(self, run: Run, source: str, payload: dict[str, Any]) -> None:
        """Remember a new run, the file it runs and the event that started it."""
        self._space.insert(RUN, run.key, run.body(), parent=str(run.repository), position=run.id)
        self._space.insert(
            SOURCE, run.key, {"source": source, "payload": payload}, parent=str(run.repository)
        )
        if run.status != COMPLETED:
            self._space.put(ACTIVE, run.key, {}, parent=str(run.repository), position=run.id)

    def save_run(self, run: Run) -> None:
        """Store a change of a run."""
        run.updated_at = self._forge.clock.now()
        self._space.update(RUN, run.key, run.body())
        if run.status == COMPLETED:
            self._space.delete(ACTIVE, run.key)
        else:
            self._space.put(ACTIVE, run.key, {}, parent=str(run.repository), position=run.id)

    def run(self, repository: int, number: int) -> Run | None:
        """Return a run by its id, or None."""
        body = self._space.get(RUN, f"{repository}/{number}")
        return None if body is None else Run.load(body)

    def source(self, run: Run) -> tuple[str, dict[str, Any]]:
        """Return the workflow file of a run and its event's payload."""
        body = self._space.get(SOURCE, run.key) or {"source": "", "payload": {}}
        return body["source"], body["payload"]

    def runs(self, repository: Repository) -> list[Run]:
        """Return a repository's runs, newest first."""
        rows = self._space.select(RUN, parent=repository.parent, descending=True)
        return [Run.load(row.body) for row in rows]

    def run_numbers(self) -> set[int]:
        """Return the ids of all runs of the forge."""
        return {row.position for row in self._space.select(RUN)}

    def active(self) -> list[Run]:
        """Return every run of the forge that has not ended, oldest first."""
        found = [self._space.get(RUN, row.key) for row in self._space.select(ACTIVE)]
        return [Run.load(body) for body in found if body is not None]

    def delete_run(self, run: Run) -> None:
        """Forget a run and its jobs."""
        for kind in (RUN, SOURCE, ACTIVE):
            self._space.delete(kind, run.key)
        self._space.delete_children(JOB, str(run.id))

    def save_job(self, job: JobRun) -> None:
        """Store a job, new or changed."""
        key = f"{job.repository}/{job.id}"
        self._space.put(JOB, key, job.body(), parent=str(job.run), position=job.id)

    def job(self, repository: int, number: int) -> JobRun | None:
        """Return a job by its id, or None."""
        body = self._space.get(JOB, f"{repository}/{number}")
        return None if body is None else JobRun.load(body)

    def jobs(self, run: Run, attempt: int | None = None) -> list[JobRun]:
        """Return a run's jobs in order: of one attempt, of all with 0, of the latest with None."""
        wanted = run.attempt if attempt is None else attempt
        rows = self._space.select(JOB, parent=str(run.id))
        jobs = [JobRun.load(row.body) for row in rows]
        return [job for job in jobs if wanted in (0, job.attempt)]

    def add_event(self, repository: int, body: dict[str, Any]) -> None:
        """Remember an event until the runs it starts are stored."""
        number = self._forge.next_id()
        key = f"{repository}/{number}"
        self._space.insert(EVENT, key, body, parent=str(repository), position=number)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the events whose runs are not stored yet, oldest first, with their keys."""
        return [(row.key, row.body) for row in self._space.select(EVENT)]

    def forget_event(self, key: str) -> None:
        """Forget an event, once what it started is stored."""
        self._space.delete(EVENT, key)
