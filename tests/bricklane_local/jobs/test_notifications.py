"""Notifications of runs and tasks: e-mail is recorded, destinations are really called."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service.settings import Config, GenericWebhookConfig, SlackConfig

from tests.bricklane_local.forge.receiver import Receiver, receiving

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

GOOD = {"op": "EQUAL_TO", "left": "1", "right": "1"}
BAD = {"op": "GREATER_THAN", "left": "x", "right": "2"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def task(key: str, body: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"task_key": key, "condition_task": body, **more}


def run(client: WorkspaceClient, *tasks: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Run a job of its own and return the ended run."""
    body = {"name": "told", "tasks": list(tasks), **settings}
    job: Any = client.api_client.do("POST", "/api/2.2/jobs/create", body=body)
    started: Any = client.api_client.do("POST", "/api/2.2/jobs/run-now", body=job)
    for _ in range(400):
        query = {"run_id": started["run_id"]}
        found: Any = client.api_client.do("GET", "/api/2.2/jobs/runs/get", query=query)
        if found["status"]["state"] == "TERMINATED":
            return dict(found)
        time.sleep(0.02)
    raise AssertionError(found)


def page(server: Server, ended: dict[str, Any]) -> str:
    return server.request("GET", f"/jobs/{ended['job_id']}/runs/{ended['run_id']}").text


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def webhook(client: WorkspaceClient, receiver: Receiver) -> str:
    config = Config(
        generic_webhook=GenericWebhookConfig(url=receiver.url, username="me", password="secret")
    )
    made = client.notification_destinations.create(display_name=receiver.url, config=config)
    return str(made.id)


def test_a_webhook_is_told_again_until_it_takes_it(
    client: WorkspaceClient, server: Server, receiver: Receiver, later: Callable[[int], None]
) -> None:
    receiver.failures = 1
    hooks = {"on_success": [{"id": webhook(client, receiver)}]}
    ended = run(client, task("c", GOOD), webhook_notifications=hooks)
    until(lambda: "it answered 500" in page(server, ended))
    later(2000)
    until(lambda: "<td>delivered</td>" in page(server, ended))
    assert [headers["Authorization"] for headers, _ in receiver.got] == ["Basic bWU6c2VjcmV0"] * 2
    me = client.get_workspace_id()
    assert json.loads(receiver.got[1][1]) == {
        "event_type": "jobs.on_success",
        "workspace_id": str(me),
        "run": {"run_id": str(ended["run_id"])},
        "job": {"job_id": str(ended["job_id"]), "name": "told"},
    }


def test_start_and_failure_of_run_and_task_are_told_apart(
    client: WorkspaceClient, server: Server, receiver: Receiver
) -> None:
    config = Config(slack=SlackConfig(url=receiver.url))
    made = client.notification_destinations.create(display_name="chat", config=config)
    hooks = {event: [{"id": made.id}] for event in ("on_start", "on_success", "on_failure")}
    emails = {"on_failure": ["team@example.com"], "on_success": ["nobody@example.com"]}
    bad = task("bad", BAD, webhook_notifications=hooks)
    ended = run(client, bad, webhook_notifications=hooks, email_notifications=emails)
    until(lambda: len(receiver.got) == 4)
    texts = [json.loads(body)["text"].partition(" (")[0] for _, body in receiver.got]
    assert texts == [
        "start: job told, RUNNING",
        "start: task bad of told, RUNNING",
        "failure: task bad of told, INVALID",
        "failure: job told, TASK_FAILED",
    ]
    shown = page(server, ended)
    assert "<td>team@example.com</td><td>recorded</td>" in shown
    assert "nobody@example.com" not in shown


def test_what_settings_silence_is_not_told(client: WorkspaceClient, server: Server) -> None:
    emails = {"on_failure": ["team@example.com"]}
    loud = run(client, task("c", GOOD), email_notifications=emails, max_concurrent_runs=0)
    assert "team@example.com" in page(server, loud)
    silence = {"no_alert_for_skipped_runs": True}
    for flags in ({"email_notifications": emails | silence}, {"notification_settings": silence}):
        settings = {"email_notifications": emails, "max_concurrent_runs": 0, **flags}
        assert "team@example.com" not in page(server, run(client, task("c", GOOD), **settings))


def test_only_the_last_attempt_is_told_when_asked(client: WorkspaceClient, server: Server) -> None:
    child: Any = client.api_client.do(
        "POST", "/api/2.2/jobs/create", body={"name": "child", "tasks": [task("c", BAD)]}
    )
    call = {
        "task_key": "call",
        "run_job_task": child,
        "max_retries": 2,
        "email_notifications": {"on_start": ["a@example.com"], "on_failure": ["b@example.com"]},
    }
    every = page(server, run(client, call))
    assert [every.count(name) for name in ("a@example.com", "b@example.com")] == [3, 3]
    call["notification_settings"] = {"alert_on_last_attempt": True}
    last = page(server, run(client, call))
    assert [last.count(name) for name in ("a@example.com", "b@example.com")] == [1, 1]


def test_a_run_that_takes_too_long_is_told_while_it_runs(
    client: WorkspaceClient, server: Server
) -> None:
    rule = {"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 1}
    waiting = {
        "task_key": "retried",
        "run_job_task": {"job_id": 1},
        "health": {"rules": [rule]},
        "email_notifications": {"on_duration_warning_threshold_exceeded": ["slow@example.com"]},
    }
    parent: Any = client.api_client.do(
        "POST",
        "/api/2.2/jobs/create",
        body={
            "name": "queue",
            "tasks": [task("c", GOOD)],
            "max_concurrent_runs": 0,
            "queue": {"enabled": True},
        },
    )
    waiting["run_job_task"] = parent
    body = {"name": "slow", "tasks": [waiting]}
    job: Any = client.api_client.do("POST", "/api/2.2/jobs/create", body=body)
    started: Any = client.api_client.do("POST", "/api/2.2/jobs/run-now", body=job)
    shown = {"job_id": job["job_id"], "run_id": started["run_id"]}
    until(lambda: "slow@example.com" in page(server, shown))
    assert "duration warning threshold exceeded of retried" in page(server, shown)
    client.jobs.cancel_run(started["run_id"]).result()


def test_what_is_missing_is_said(client: WorkspaceClient, server: Server) -> None:
    hooks = {"on_success": [{"id": "absent"}]}
    ended = run(client, task("c", GOOD), webhook_notifications=hooks)
    until(lambda: "there is no notification destination absent" in page(server, ended))
    rule = {"metric": "STREAMING_BACKLOG_BYTES", "op": "GREATER_THAN", "value": 1}
    with pytest.raises(InvalidParameterValue, match="STREAMING_BACKLOG_BYTES is not measured"):
        run(client, task("c", GOOD), health={"rules": [rule]})
    many = {"on_start": [{"id": str(n)} for n in range(4)]}
    with pytest.raises(InvalidParameterValue, match="at most 3 destinations, got 4"):
        run(client, task("c", GOOD), webhook_notifications=many)
