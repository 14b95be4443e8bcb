"""Runs as the API shows them.

Source: https://docs.databricks.com/api/workspace/jobs/getrun and ``getrunoutput``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.clusters import cluster_id_of
from bricklane_local.jobs.runs import Run, TaskRun
from bricklane_local.jobs.states import State, state_body, status_body
from bricklane_local.jobs.task_types.table import type_of

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine


# Fields of task types that ``include_resolved_values`` shows.
RESOLVED = (
    *("left", "right", "commands", "base_parameters", "named_parameters", "parameters"),
    "job_parameters",
)


def trigger_state(stored: dict[str, Any] | None) -> dict[str, Any]:
    """Return what ``jobs/get`` says of a trigger that looks for changes, beside the job."""
    if stored is None or stored["kind"] not in ("file_arrival", "table_update"):
        return {}
    if stored["kind"] == "file_arrival":
        return {"trigger_state": {"file_arrival": {"using_file_events": False}}}
    pending = (stored["memory"] or {}).get("pending", {})
    states = [
        {"table_name": name, "has_seen_updates": name in pending}
        for name in stored["body"]["table_names"]
    ]
    return {"trigger_state": {"table": {"last_seen_table_states": states}}}


class RunViews:
    """Makes the API's view of runs.

    Args:
        engine: of the workspace.
    """

    def __init__(self, engine: JobEngine) -> None:
        self._engine = engine

    def run(
        self, run: Run, *, tasks: bool = True, history: bool = False, resolved: bool = False
    ) -> dict[str, Any]:
        """Return a run.

        Args:
            run: the run.
            tasks: with its tasks' latest attempts.
            history: with all attempts, and its repairs.
            resolved: say of each task what became of the references in its parameters.
        """
        body: dict[str, Any] = {
            "job_id": run.job_id,
            "run_id": run.run_id,
            "number_in_job": run.run_id,
            "creator_user_name": run.creator,
            "run_name": run.name,
            "run_type": run.run_type,
            "trigger": run.trigger,
            "format": "MULTI_TASK",
            "run_page_url": self._engine.page_url(run),
            "state": state_body(run.state, run.message),
            "status": status_body(run.state, run.message),
            **self._times(run.start_time, run.begun_time, run.begun_time, run.end_time),
            "job_parameters": self._parameters(run),
            "overriding_parameters": run.overrides,
        }
        if run.begun_time:
            body["queue_duration"] = run.begun_time - run.start_time
        if run.parent_task_run:
            body["trigger_info"] = {"run_id": run.parent_task_run}
        for name in ("job_clusters", "schedule"):
            if run.settings.get(name):
                body[name] = run.settings[name]
        if run.settings.get("git_source"):
            body["git_source"] = dict(run.settings["git_source"])
        if run.git_commit:
            body["git_source"]["git_snapshot"] = {"used_commit": run.git_commit}
        if tasks:
            shown = self._engine.runs.attempts(run.run_id) if history else []
            shown = shown or list(self._engine.runs.latest(run).values())
            body["tasks"] = [self.task(run, item, resolved=resolved) for item in shown]
        if history and run.repairs:
            body["repair_history"] = [self._repair(run, entry) for entry in run.repairs]
        return body

    def _parameters(self, run: Run) -> list[dict[str, Any]]:
        declared = run.settings.get("parameters") or []
        defaults = {item["name"]: item.get("default", "") for item in declared}
        return [
            {"name": name, "default": defaults.get(name, ""), "value": value}
            for name, value in run.parameters.items()
        ]

    def _repair(self, run: Run, entry: dict[str, Any]) -> dict[str, Any]:
        last = entry is run.repairs[-1]
        state = run.state if last else State(entry.get("state", State.TASK_FAILED))
        attempts = self._engine.runs.attempts(run.run_id)
        end = entry.get("end_time", run.end_time if last else 0)
        ids = [
            item.run_id
            for item in attempts
            if item.start_time >= entry["start_time"] and (not end or item.start_time <= end)
        ]
        return {
            "type": entry["type"],
            "id": entry["id"],
            "start_time": entry["start_time"],
            "end_time": end,
            "state": state_body(state, ""),
            "status": status_body(state, ""),
            "task_run_ids": ids,
        }

    @staticmethod
    def _times(start: int, setup_end: int, execution: int, end: int) -> dict[str, int]:
        if not start:
            return {}
        times = {"start_time": start, "end_time": end, "cleanup_duration": 0}
        times["setup_duration"] = max(0, setup_end - start) if setup_end else 0
        if end:
            times["execution_duration"] = max(0, end - (execution or end))
            times["run_duration"] = end - start
        return times

    def task(self, run: Run, item: TaskRun, *, resolved: bool = False) -> dict[str, Any]:
        """Return one attempt at a task as an element of ``tasks``.

        Args:
            run: that it belongs to.
            item: the attempt.
            resolved: also say what became of the references in its parameters.
        """
        body = dict(item.task) | {
            "run_id": item.run_id,
            "attempt_number": item.attempt,
            "run_page_url": self._engine.task_page_url(run, item.run_id),
            "state": state_body(item.state, item.message),
            "status": status_body(item.state, item.message),
            **self._times(item.start_time, item.execution_time, item.execution_time, item.end_time),
        }
        cluster_id = cluster_id_of(run, item) if item.start_time else ""
        if cluster_id:
            body["cluster_instance"] = {"cluster_id": cluster_id}
        kind = type_of(item.task)
        if resolved:
            values = item.resolved.get(kind.name) or {}
            shown = {name: values[name] for name in RESOLVED if name in values}
            body["resolved_values"] = {kind.name: shown} if shown else {}
        return body | {kind.name: kind.shown(self._engine, item, kind.name)}

    def task_as_run(self, run: Run, item: TaskRun, *, resolved: bool = False) -> dict[str, Any]:
        """Return one attempt at a task in the shape of a run, as its own id is answered."""
        task = self.task(run, item, resolved=resolved)
        own = ("state", "status", "run_page_url", "attempt_number", "run_id")
        times = ("start_time", "end_time", "setup_duration", "execution_duration", "run_duration")
        body = self.run(run, tasks=False)
        body |= {name: task[name] for name in (*own, *times) if name in task}
        body |= {"job_run_id": run.run_id, "tasks": [task]}
        iterations = self._engine.runs.iterations(item)
        if iterations:
            body["iterations"] = [self.task(run, iteration) for iteration in iterations]
        return body

    def output(self, run_id: int) -> dict[str, Any]:
        """Return the output of a task run.

        Raises:
            ApiError: when there is no such run, or it is one of several tasks.
        """
        item = self._engine.runs.find_task(run_id)
        if item is None:
            latest = list(self._engine.runs.latest(self._engine.runs.get(run_id)).values())
            if len(latest) != 1:
                raise invalid(
                    "Retrieving the output of runs with multiple tasks is not supported. "
                    "Retrieve the output of each individual task run instead."
                )
            item = latest[0]
        run = self._engine.runs.get(item.job_run_id)
        body: dict[str, Any] = {"metadata": self.task_as_run(run, item)}
        for name in ("error", "error_trace"):
            if name in item.output:
                body[name] = item.output[name]
        return body | type_of(item.task).output(self._engine, run, item)
