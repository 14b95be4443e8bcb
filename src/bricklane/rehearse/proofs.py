"""What a rehearsal proves: versions, tags, bytes and rows, read from where they really are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from bricklane.errors import BricklaneError
from bricklane.process import run
from bricklane.rehearse.stage import MANAGER, Stage

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from bricklane.delivery.records import Record

JOB_MINUTES = 15
SHOWN_ROWS = 8


def expect(
    stage: Stage,
    versions: Mapping[str, str],
    tags: Sequence[str] | None,
    same_wheels: Sequence[str],
    contains: Mapping[str, Sequence[str]],
) -> None:
    """Check the repository and the workspaces against what a scenario expects.

    Raises:
        BricklaneError: naming everything that is otherwise.
    """
    problems = [
        *_wrong_versions(stage, versions),
        *([] if tags is None else _wrong_tags(stage, tags)),
        *_different_wheels(stage, same_wheels),
        *_missing_history(stage, contains),
    ]
    if problems:
        raise BricklaneError("not as the scenario expects:\n  " + "\n  ".join(problems))


def latest(stage: Stage, target: str) -> Record | None:
    """Return the latest deployment to ``target`` that succeeded."""
    from bricklane.delivery.records import GOOD, records

    return next((one for one in records(stage.forge(), target) if one.state in GOOD), None)


def _wrong_versions(stage: Stage, versions: Mapping[str, str]) -> list[str]:
    problems = []
    for target, version in versions.items():
        record = latest(stage, target)
        found = record.content.version if record else "nothing"
        if found != version:
            problems.append(f"{target} has {found}, not {version}")
        else:
            stage.screen.say(f"✓ {target} has version {version}")
    return problems


def _wrong_tags(stage: Stage, tags: Sequence[str]) -> list[str]:
    listed = stage.git("ls-remote", "--tags", "--refs", "origin").splitlines()
    found = sorted(line.rpartition("refs/tags/")[2] for line in listed)
    if found != sorted(tags):
        return [f"the tags are {', '.join(found) or 'none'}, not {', '.join(tags)}"]
    stage.screen.say(f"✓ the tags are {', '.join(found) or 'none'}")
    return []


def _different_wheels(stage: Stage, targets: Sequence[str]) -> list[str]:
    digests = {target: wheels_in(stage, target) for target in targets}
    if len({frozenset(found.items()) for found in digests.values()}) > 1:
        return [f"the wheels differ: {digests}"]
    for name, digest in next(iter(digests.values()), {}).items():
        stage.screen.say(f"✓ {' and '.join(targets)} have the same {name}: sha256 {digest[:16]}…")
    return []


def _missing_history(stage: Stage, contains: Mapping[str, Sequence[str]]) -> list[str]:
    problems = []
    for branch, others in contains.items():
        for other in others:
            if stage.forge().is_ancestor(other, branch):
                stage.screen.say(f"✓ {branch} contains {other}")
            else:
                problems.append(f"{branch} does not contain {other}")
    return problems


def wheels_in(stage: Stage, target: str) -> dict[str, str]:
    """Return the wheels that the jobs of a workspace really use, file name → SHA-256."""
    client = stage.administrator(target)
    paths = set()
    for job in client.jobs.list(expand_tasks=True):
        found = client.jobs.get(job.job_id or 0).settings
        for environment in (found.environments if found else None) or []:
            dependencies = environment.spec.dependencies if environment.spec else None
            paths |= {path for path in dependencies or [] if path.endswith(".whl")}
    digests = {}
    for path in sorted(paths):
        with client.workspace.download(path) as stream:
            digests[path.rpartition("/")[2]] = hashlib.sha256(stream.read()).hexdigest()
    return digests


def log_says(stage: Stage, commit: str, words: str) -> None:
    """Check that the log of a failed workflow run of ``commit`` has ``words``.

    Raises:
        BricklaneError: when no failed run's log has them.
    """
    for found in stage.forge().workflow_runs(commit=commit):
        if found.conclusion == "failure":
            log = stage.forge().workflow_log(found.id)
            line = next((line for line in log.splitlines() if words in line), None)
            if line is not None:
                stage.screen.say(f"its log: {line.strip()}")
                return
    raise BricklaneError(f"no failed run of {commit[:8]} says {words!r}")


def job_named(client: WorkspaceClient, name: str) -> int:
    """Return the id of the job whose name is ``name``.

    Raises:
        BricklaneError: when there is none; the hint lists the names.
    """
    jobs = {job.settings.name: job.job_id for job in client.jobs.list() if job.settings}
    if jobs.get(name) is None:
        names = ", ".join(str(one) for one in jobs) or "none"
        raise BricklaneError(f"there is no job {name!r}", hint=f"jobs: {names}")
    return int(jobs[name] or 0)


def run_job(stage: Stage, target: str, name: str) -> None:
    """Run a job and wait for its success.

    Raises:
        BricklaneError: when it ends otherwise.
    """
    from databricks.sdk.errors import OperationFailed

    client = stage.administrator(target)
    job = job_named(client, name)
    stage.screen.happened("schedule", f"starts job {name!r} in {target}")
    with stage.screen.waiting(f"job {name}"):
        started = client.jobs.run_now(job)
        try:
            ended = started.result(timeout=timedelta(minutes=JOB_MINUTES))
        except OperationFailed as error:
            raise BricklaneError(f"job {name!r} in {target} failed: {error}") from None
    stage.screen.say(
        f"succeeded in {(ended.execution_duration or ended.run_duration or 0) / 1000:.0f} s"
    )
    stage.screen.say(ended.run_page_url or "")


def show_table(stage: Stage, target: str, table: str, order: str, columns: Sequence[str]) -> None:
    """Show the first rows of a table, read by a statement on the workspace's SQL warehouse.

    Raises:
        BricklaneError: when the statement fails.
    """
    from databricks.sdk.service.sql import StatementState
    from rich.table import Table

    client = stage.administrator(target)
    warehouse = next(iter(client.warehouses.list()), None)
    if warehouse is None or warehouse.id is None:
        raise BricklaneError(f"workspace {target} has no SQL warehouse")
    answer = client.statement_execution.execute_statement(
        # The scenario's author owns the workspace, and SQL has no parameters for names.
        statement=f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order} LIMIT {SHOWN_ROWS}",  # noqa: S608
        warehouse_id=warehouse.id,
    )
    if answer.status is None or answer.status.state is not StatementState.SUCCEEDED:
        raise BricklaneError(f"{table} cannot be read: {answer.status}")
    schema = answer.manifest.schema if answer.manifest else None
    names = [str(column.name) for column in (schema.columns if schema else None) or []]
    shown = Table(*names, title=table, title_justify="left")
    for row in (answer.result and answer.result.data_array) or []:
        shown.add_row(*(str(value) for value in row))
    stage.screen.console.print(shown)


def publish_refuses(stage: Stage, says: str) -> None:
    """Check that ``bricklane release publish`` refuses, with ``says`` in its message.

    Raises:
        BricklaneError: when it does not refuse, or says something else.
    """
    publish = stage.bricklane("release", "publish", login=MANAGER)
    done = run(publish, allowed=frozenset(range(256)))
    if done.code == 0 or says not in done.error:
        raise BricklaneError(f"publish was to be refused with {says!r}, but: {done.error}")
    stage.screen.happened(MANAGER, "tries to publish, and is refused:")
    for line in done.error.splitlines():
        stage.screen.say(line)
