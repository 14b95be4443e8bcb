"""The ways in which ``databricks bundle run`` can be asked to run a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from databricks.sdk.service.jobs import Run

    from conftest import Bundle

pytestmark = pytest.mark.real


@contextmanager
def deployed(bundle: Bundle) -> Iterator[None]:
    """Deploy a bundle; destroy it in the end."""
    bundle.run("deploy").expect()
    try:
        yield
    finally:
        bundle.run("destroy", "--auto-approve").expect()


def runs(bundle: Bundle, job: str) -> list[Run]:
    """Return the runs of a job with their tasks, the latest first."""
    client = bundle.cloud.client
    job_id = int(bundle.read("summary")["resources"]["jobs"][job]["id"])
    return [client.jobs.get_run(run.run_id or 0) for run in client.jobs.list_runs(job_id=job_id)]


@pytest.mark.parametrize("bundle", ["control_flow"], indirect=True)
def test_only_the_named_tasks_and_what_they_need(bundle: Bundle) -> None:
    with deployed(bundle):
        bundle.run("run", "flow", "--only", "+when_large").expect()
        (run,) = runs(bundle, "flow")
        done = {
            task.task_key
            for task in run.tasks or []
            if task.state and task.state.result_state and task.state.result_state.value == "SUCCESS"
        }
        assert done == {"seed", "large", "when_large"}


@pytest.mark.parametrize("bundle", ["pipeline"], indirect=True)
def test_an_update_of_a_pipeline_shows_its_progress(bundle: Bundle) -> None:
    with deployed(bundle):
        shown = str(bundle.run("run", "orders", "--validate-only").expect(1))
        assert "is INITIALIZING." in shown
        assert "Failed to resolve flow: 'dev.dev_developer_pipeline_shop.clean'." in shown
        assert "TABLE_OR_VIEW_NOT_FOUND" in shown
        (pipeline,) = bundle.cloud.client.pipelines.list_pipelines()
        (update,) = (
            bundle.cloud.client.pipelines.list_updates(str(pipeline.pipeline_id)).updates or []
        )
        assert update.validate_only


@pytest.mark.parametrize("bundle", ["long_running"], indirect=True)
def test_run_that_nobody_waits_for_can_be_cancelled(bundle: Bundle) -> None:
    with deployed(bundle):
        started = bundle.run("run", "waiting", "--no-wait").expect()
        (run,) = runs(bundle, "waiting")
        assert f"/runs/{run.run_id}" in started.stderr
        bundle.cloud.client.jobs.cancel_run_and_wait(run.run_id or 0)
        (ended,) = runs(bundle, "waiting")
        assert ended.state
        assert ended.state.result_state
        assert ended.state.result_state.value == "CANCELED"


@pytest.mark.parametrize("bundle", ["long_running"], indirect=True)
def test_restart_cancels_the_run_before(bundle: Bundle) -> None:
    with deployed(bundle):
        bundle.run("run", "waiting", "--no-wait").expect()
        bundle.run("run", "waiting", "--restart", "--", "--seconds", "1").expect()
        latest, first = runs(bundle, "waiting")
        states = [run.state.result_state for run in (latest, first) if run.state]
        assert [state.value for state in states if state] == ["SUCCESS", "CANCELED"]


@pytest.mark.parametrize("bundle", ["long_running"], indirect=True)
def test_a_continuous_job_has_one_active_run_whatever_it_says(bundle: Bundle) -> None:
    client = bundle.cloud.client
    with deployed(bundle):
        for _ in range(2):
            bundle.run("run", "always", "--no-wait").expect()
        second, first = runs(bundle, "always")
        found = [
            run.status.state.value for run in (first, second) if run.status and run.status.state
        ]
        assert found == ["RUNNING", "QUEUED"]
        for run in (second, first):
            client.jobs.cancel_run_and_wait(run.run_id or 0)


@pytest.mark.parametrize("bundle", ["files"], indirect=True)
def test_program_gets_the_credentials_of_the_bundle(bundle: Bundle) -> None:
    user = bundle.cloud.client.current_user.me().user_name
    program = str(bundle.cloud.databricks)
    ended = bundle.run("run", "--", program, "current-user", "me", "--output", "json").expect()
    assert f'"userName":"{user}"' in ended.stdout.replace(" ", "")
