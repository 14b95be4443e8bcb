"""Runs whose tasks need no compute: conditions, loops and child runs show how the engine works."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

TRUE = {"op": "EQUAL_TO", "left": "1", "right": "1"}
BROKEN = {"op": "GREATER_THAN", "left": "x", "right": "2"}


def condition(key: str, body: dict[str, str], *needs: str, **more: Any) -> dict[str, Any]:
    depends = [dict(zip(("task_key", "outcome"), name.split("="), strict=False)) for name in needs]
    return {"task_key": key, "condition_task": body, "depends_on": depends, **more}


def create(client: WorkspaceClient, *tasks: dict[str, Any], **settings: Any) -> int:
    body = {"name": "job", "tasks": list(tasks), **settings}
    answer: Any = client.api_client.do("POST", "/api/2.2/jobs/create", body=body)
    return int(answer["job_id"])


def finish(client: WorkspaceClient, run_id: int) -> dict[str, Any]:
    for _ in range(400):
        query = {"run_id": run_id, "include_history": "true"}
        run: Any = client.api_client.do("GET", "/api/2.2/jobs/runs/get", query=query)
        if run["status"]["state"] == "TERMINATED":
            return dict(run)
        time.sleep(0.02)
    raise AssertionError(run)


def run(client: WorkspaceClient, job_id: int, **body: Any) -> dict[str, Any]:
    answer: Any = client.api_client.do(
        "POST", "/api/2.2/jobs/run-now", body={"job_id": job_id, **body}
    )
    return finish(client, answer["run_id"])


def results(ended: dict[str, Any]) -> dict[str, str]:
    return {task["task_key"]: task["state"]["result_state"] for task in ended["tasks"]}


def test_only_the_branch_of_the_outcome_runs(client: WorkspaceClient) -> None:
    job_id = create(
        client,
        condition("choose", TRUE),
        condition("yes", TRUE, "choose=true"),
        condition("no", TRUE, "choose=false"),
        condition("join", TRUE, "yes", "no", run_if="NONE_FAILED"),
    )
    ended = run(client, job_id)
    assert ended["state"]["result_state"] == "SUCCESS"
    assert results(ended) == {
        "choose": "SUCCESS",
        "yes": "SUCCESS",
        "no": "EXCLUDED",
        "join": "SUCCESS",
    }
    assert ended["tasks"][0]["condition_task"]["outcome"] == "true"


def test_a_disabled_task_does_not_run_nor_what_needs_its_success(client: WorkspaceClient) -> None:
    job_id = create(
        client,
        condition("off", BROKEN, disabled=True),
        condition("on", TRUE),
        condition("needs", TRUE, "off"),
        condition("either", TRUE, "off", "on", run_if="AT_LEAST_ONE_SUCCESS"),
        condition("anyway", TRUE, "off", run_if="ALL_DONE"),
        condition("mends", TRUE, "off", run_if="AT_LEAST_ONE_FAILED"),
        condition("none", TRUE, "off", run_if="NONE_FAILED"),
    )
    ended = run(client, job_id)
    assert ended["state"]["result_state"] == "SUCCESS"
    assert results(ended) == {
        "off": "DISABLED",
        "on": "SUCCESS",
        "needs": "DISABLED",
        "either": "SUCCESS",
        "anyway": "SUCCESS",
        "mends": "DISABLED",
        "none": "DISABLED",
    }


def test_resolved_values_are_shown_when_asked(client: WorkspaceClient) -> None:
    body = {"op": "EQUAL_TO", "left": "{{job.parameters.x}}", "right": "1"}
    job_id = create(client, condition("c", body), parameters=[{"name": "x", "default": "1"}])
    run_id = run(client, job_id)["run_id"]
    (task,) = client.jobs.get_run(run_id, include_resolved_values=True).tasks or []
    assert task.resolved_values is not None
    assert task.resolved_values.condition_task is not None
    assert task.resolved_values.condition_task.left == "1"
    (task,) = client.jobs.get_run(run_id).tasks or []
    assert task.resolved_values is None


def test_a_failed_task_fails_the_run_and_what_needs_it(client: WorkspaceClient) -> None:
    job_id = create(
        client,
        condition("bad", BROKEN),
        condition("after", TRUE, "bad"),
        condition("clean_up", TRUE, "bad", run_if="ALL_DONE"),
    )
    ended = run(client, job_id)
    assert results(ended) == {"bad": "FAILED", "after": "UPSTREAM_FAILED", "clean_up": "SUCCESS"}
    assert ended["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert "Task bad failed with message: Cannot compare" in ended["state"]["state_message"]
    assert ended["status"]["termination_details"]["code"] == "RUN_EXECUTION_ERROR"


def test_parameters_reach_references(client: WorkspaceClient) -> None:
    body = {"op": "EQUAL_TO", "left": "{{job.parameters.x}}", "right": "7"}
    job_id = create(client, condition("c", body), parameters=[{"name": "x", "default": "1"}])
    assert run(client, job_id)["tasks"][0]["condition_task"]["outcome"] == "false"
    given = run(client, job_id, job_parameters={"x": "7"})
    assert given["tasks"][0]["condition_task"]["outcome"] == "true"
    assert given["job_parameters"] == [{"name": "x", "default": "1", "value": "7"}]
    with pytest.raises(
        InvalidParameterValue, match="Unknown job parameter 'y'; the job declares: x"
    ):
        client.jobs.run_now(job_id, job_parameters={"y": "1"})


def test_an_unknown_reference_fails_the_task_by_name(client: WorkspaceClient) -> None:
    job_id = create(client, condition("c", {**TRUE, "left": "{{tasks.nobody.values.x}}"}))
    assert "{{tasks.nobody.values.x}}" in run(client, job_id)["tasks"][0]["state"]["state_message"]


def test_for_each_runs_its_task_for_every_input(client: WorkspaceClient) -> None:
    nested = condition("one", {"op": "LESS_THAN", "left": "{{input.n}}", "right": "3"})
    loop = {"inputs": '[{"n": 1}, {"n": 2}, {"n": "x"}]', "concurrency": 2, "task": nested}
    job_id = create(client, {"task_key": "loop", "for_each_task": loop})
    ended = run(client, job_id)
    stats = ended["tasks"][0]["for_each_task"]["stats"]["task_run_stats"]
    assert (stats["succeeded_iterations"], stats["failed_iterations"]) == (2, 1)
    assert ended["tasks"][0]["state"]["state_message"] == "1 of 3 iterations failed"
    shown = client.jobs.get_run(ended["tasks"][0]["run_id"])
    assert sorted(item.task_key for item in shown.iterations or []) == [
        "one_iteration_0",
        "one_iteration_1",
        "one_iteration_2",
    ]


def test_run_job_ends_as_its_child_does(client: WorkspaceClient) -> None:
    child = create(client, condition("c", BROKEN))
    job_id = create(client, {"task_key": "call", "run_job_task": {"job_id": child}})
    ended = run(client, job_id)
    output = client.jobs.get_run_output(ended["tasks"][0]["run_id"])
    assert results(ended) == {"call": "FAILED"}
    assert output.run_job_output is not None
    assert client.jobs.get_run(output.run_job_output.run_id or 0).job_id == child


def test_repair_reruns_what_failed_and_what_needs_it(client: WorkspaceClient) -> None:
    body = {"op": "GREATER_THAN", "left": "{{job.parameters.x}}", "right": "2"}
    job_id = create(
        client,
        condition("good", TRUE),
        condition("bad", body, "good"),
        condition("after", TRUE, "bad"),
        parameters=[{"name": "x", "default": "no number"}],
    )
    first = run(client, job_id)
    assert results(first) == {"good": "SUCCESS", "bad": "FAILED", "after": "UPSTREAM_FAILED"}
    client.jobs.repair_run(first["run_id"], rerun_all_failed_tasks=True, job_parameters={"x": "5"})
    repaired = finish(client, first["run_id"])
    assert repaired["state"]["result_state"] == "SUCCESS"
    assert [entry["type"] for entry in repaired["repair_history"]] == ["ORIGINAL", "REPAIR"]
    keys = [task["task_key"] for task in repaired["tasks"]]
    assert keys.count("good") == 1
    assert keys.count("bad") == 2


def test_repair_takes_the_settings_of_now(client: WorkspaceClient) -> None:
    job_id = create(
        client, condition("good", TRUE), condition("bad", BROKEN, "good"), condition("end", TRUE)
    )
    first = run(client, job_id)
    fixed = [condition("good", BROKEN), condition("bad", TRUE, "good"), condition("new", TRUE)]
    settings = {"name": "fixed", "tasks": fixed, "parameters": [{"name": "x", "default": "1"}]}
    client.api_client.do(
        "POST", "/api/2.2/jobs/reset", body={"job_id": job_id, "new_settings": settings}
    )
    client.jobs.repair_run(first["run_id"], rerun_all_failed_tasks=True)
    repaired = finish(client, first["run_id"])
    # What succeeded stays; what the run never had does not come in.
    assert results(repaired) == {"good": "SUCCESS", "bad": "SUCCESS", "end": "SUCCESS"}
    assert repaired["job_parameters"] == [{"name": "x", "default": "1", "value": "1"}]


def test_repair_says_when_the_job_has_become_another(client: WorkspaceClient) -> None:
    job_id = create(client, condition("bad", BROKEN))
    first = run(client, job_id)
    changed = [condition("bad", TRUE, "new"), condition("new", TRUE)]
    body = {"job_id": job_id, "new_settings": {"tasks": changed}}
    client.api_client.do("POST", "/api/2.2/jobs/reset", body=body)
    with pytest.raises(InvalidParameterValue, match=r"bad depends on unknown task new.*new run"):
        client.jobs.repair_run(first["run_id"], rerun_all_failed_tasks=True)
    client.jobs.delete(job_id)
    client.jobs.repair_run(first["run_id"], rerun_all_failed_tasks=True)
    assert results(finish(client, first["run_id"])) == {"bad": "FAILED"}


def test_job_parameters_are_pushed_down_to_a_child_job(client: WorkspaceClient) -> None:
    both = {"op": "EQUAL_TO", "left": "{{job.parameters.x}}{{job.parameters.y}}", "right": "74"}
    parameters = [{"name": name, "default": "0"} for name in ("x", "y")]
    child = create(client, condition("c", both), parameters=parameters)
    call = {"job_id": child, "job_parameters": {"x": "1", "y": "4"}}
    parent = create(
        client,
        {"task_key": "call", "run_job_task": call},
        parameters=[{"name": "x", "default": "7"}, {"name": "only_here", "default": "8"}],
    )
    output = client.jobs.get_run_output(run(client, parent)["tasks"][0]["run_id"])
    assert output.run_job_output is not None
    ended = finish(client, output.run_job_output.run_id or 0)
    assert ended["tasks"][0]["condition_task"]["outcome"] == "true"


def test_a_job_that_takes_no_runs_skips_them(client: WorkspaceClient) -> None:
    job_id = create(client, condition("c", TRUE), max_concurrent_runs=0)
    ended = run(client, job_id)
    assert ended["state"]["life_cycle_state"] == "SKIPPED"
    assert "max_concurrent_runs" in ended["state"]["state_message"]


def test_the_legacy_retry_count_begins_at_zero(client: WorkspaceClient) -> None:
    none = {"op": "EQUAL_TO", "left": "{{task_retry_count}}", "right": "0"}
    ended = run(client, create(client, condition("c", none)))
    assert ended["tasks"][0]["condition_task"]["outcome"] == "true"


def test_an_idempotency_token_starts_one_run(client: WorkspaceClient) -> None:
    job_id = create(client, condition("c", TRUE))
    first = client.jobs.run_now(job_id, idempotency_token="once").run_id
    assert client.jobs.run_now(job_id, idempotency_token="once").run_id == first


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"task_key": "t"}, "exactly one field such as notebook_task; it has none"),
        (condition("t", TRUE, "u"), "Task t depends on unknown task u"),
        (condition("t", TRUE, run_if="SOMETIMES"), "must be one of"),
        (condition("t", TRUE, environment_key="e"), "environment_key 'e' is not in environments"),
        (condition("two words", TRUE), "The task key 'two words' must be 1 to 100 letters"),
        (condition("t" * 101, TRUE), "must be 1 to 100 letters"),
        (
            {"task_key": "l", "for_each_task": {"inputs": "[]", "task": condition("ä", TRUE)}},
            "The task key 'ä' must be",
        ),
        ({"task_key": "n", "notebook_task": {}}, "Missing required field: n.notebook_task.note"),
        ({"task_key": "r", "run_job_task": {}}, "Missing required field: r.run_job_task.job_id"),
    ],
)
def test_a_job_that_cannot_work_is_refused(
    client: WorkspaceClient, task: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        create(client, task)


def test_an_unsupported_task_fails_by_name(client: WorkspaceClient) -> None:
    job_id = create(client, {"task_key": "p", "power_bi_task": {"warehouse_id": "1"}})
    message = run(client, job_id)["tasks"][0]["state"]["state_message"]
    assert "cannot run the power_bi_task of task p: it publishes to the service" in message


def test_a_notebook_without_spark_says_how_to_install_it(client: WorkspaceClient) -> None:
    job_id = create(client, {"task_key": "n", "notebook_task": {"notebook_path": "/x"}})
    assert "bricklane tools install" in run(client, job_id)["state"]["state_message"]


def test_jobs_are_listed_named_and_paged(client: WorkspaceClient) -> None:
    ids = {create(client, condition("c", TRUE), name=f"paged {n}") for n in range(30)}
    found = list(client.jobs.list(limit=7))
    assert ids <= {job.job_id for job in found}
    assert len(found) == len({job.job_id for job in found})
    named = [job.settings.name for job in client.jobs.list(name="PAGED 3") if job.settings]
    assert named == ["paged 3"]


def test_missing_jobs_and_runs_are_not_found(client: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match="Job 1 does not exist"):
        client.jobs.get(1)
    with pytest.raises(NotFound, match="Run 1 does not exist"):
        client.jobs.get_run(1)
    with pytest.raises(InvalidParameterValue, match="Job 1 does not exist"):
        client.jobs.run_now(1)


def test_an_update_merges_tasks_by_key(client: WorkspaceClient) -> None:
    job_id = create(client, condition("a", TRUE), condition("b", TRUE))
    body = {
        "job_id": job_id,
        "new_settings": {"tasks": [condition("b", BROKEN)], "max_concurrent_runs": 3},
        "fields_to_remove": ["tasks/a"],
    }
    client.api_client.do("POST", "/api/2.2/jobs/update", body=body)
    settings = client.jobs.get(job_id).settings
    assert settings is not None
    assert [task.task_key for task in settings.tasks or []] == ["b"]
    assert settings.max_concurrent_runs == 3


def test_a_deleted_run_leaves_nothing(client: WorkspaceClient, server: Server) -> None:
    ended = run(client, create(client, condition("c", TRUE)))
    folder = server.state / "workspaces" / "dev" / "runs" / str(ended["run_id"])
    assert (folder / "index.html").exists()
    client.jobs.delete_run(ended["run_id"])
    assert not folder.exists()
    with pytest.raises(NotFound, match="does not exist"):
        client.jobs.get_run(ended["run_id"])


def test_runs_that_end_together_start_each_queued_run_once(client: WorkspaceClient) -> None:
    queue = {"enabled": True}
    child = create(client, condition("c", TRUE), max_concurrent_runs=0, queue=queue)
    waits = {"task_key": "wait", "run_job_task": {"job_id": child}}
    parent = create(client, waits, max_concurrent_runs=2, queue=queue)
    started = [client.jobs.run_now(job_id=parent).response.run_id for _ in range(4)]
    _children(client, child, 2)
    client.jobs.cancel_all_runs(job_id=child)
    for run_id in started[:2]:
        finish(client, run_id)
    _children(client, child, 4)
    client.jobs.cancel_all_runs(job_id=child)
    for run_id in started:
        finish(client, run_id)
    assert len(list(client.jobs.list_runs(job_id=child))) == 4


def _children(client: WorkspaceClient, job_id: int, count: int) -> None:
    """Wait until a job has at least so many runs."""
    for _ in range(400):
        if len(list(client.jobs.list_runs(job_id=job_id))) >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"job {job_id} has fewer than {count} runs")
