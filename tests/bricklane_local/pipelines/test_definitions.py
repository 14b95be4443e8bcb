"""Definitions, updates and event logs of pipelines, on a cloud that has no Spark to run them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import DatabricksError, NotFound, PermissionDenied, ResourceConflict

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

API = "/api/2.0/pipelines"
GLOB = {"glob": {"include": "/Workspace/Shared/**"}}


def call(client: WorkspaceClient, method: str, path: str = "", **arguments: Any) -> dict[str, Any]:
    answer: Any = client.api_client.do(method, API + path, **arguments)
    return dict(answer or {})


def create(client: WorkspaceClient, name: str, **fields: Any) -> str:
    body = {"name": name, "catalog": "dev", "schema": "shop", "libraries": [GLOB], **fields}
    return str(call(client, "POST", body=body)["pipeline_id"])


def finish(client: WorkspaceClient, pipeline_id: str, update_id: str) -> dict[str, Any]:
    path = f"/{pipeline_id}/updates/{update_id}"
    while True:
        update: dict[str, Any] = call(client, "GET", path)["update"]
        if update["state"] in ("COMPLETED", "FAILED", "CANCELED"):
            return update
        time.sleep(0.05)


def machine(server: Server, client: WorkspaceClient, name: str) -> WorkspaceClient:
    made = client.service_principals.create(display_name=name)
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    return server.machine(str(made.application_id), str(secret))


def test_a_pipeline_is_shown_as_it_was_defined(client: WorkspaceClient) -> None:
    number = create(
        client,
        "shown",
        configuration={"a.b": "1"},
        development=True,
        serverless=True,
        parameters={"day": "today"},
        allow_duplicate_names=True,
    )
    found = client.pipelines.get(number)
    spec = found.spec
    assert spec is not None
    assert (spec.id, spec.name, spec.catalog, spec.schema) == (number, "shown", "dev", "shop")
    assert (spec.configuration, spec.development) == ({"a.b": "1"}, True)
    assert (spec.edition, spec.channel, spec.continuous) == ("ADVANCED", "CURRENT", False)
    assert found.parameters == {"day": "today"}
    assert found.state is not None
    assert found.state.value == "IDLE"
    me = client.current_user.me().user_name
    assert (found.creator_user_name, found.run_as_user_name) == (me, me)
    shown = call(client, "GET", f"/{number}")
    assert "allow_duplicate_names" not in shown["spec"]
    assert "parameters" not in shown["spec"]


def test_an_edit_replaces_the_settings(client: WorkspaceClient) -> None:
    number = create(client, "edited", configuration={"a": "1"})
    before = call(client, "GET", f"/{number}")["last_modified"]
    body = {"name": "edited", "catalog": "dev", "schema": "other", "libraries": [GLOB]}
    call(client, "PUT", f"/{number}", body=body | {"expected_last_modified": before})
    spec = call(client, "GET", f"/{number}")["spec"]
    assert spec["schema"] == "other"
    assert "configuration" not in spec
    with pytest.raises(ResourceConflict, match="expected_last_modified"):
        call(client, "PUT", f"/{number}", body=body | {"expected_last_modified": before - 1})


def test_names_are_unique_unless_the_request_allows_it(client: WorkspaceClient) -> None:
    create(client, "twice")
    with pytest.raises(ResourceConflict, match="name 'twice' is already used"):
        create(client, "twice")
    create(client, "twice", allow_duplicate_names=True)


def test_lists_filter_by_name_and_notebook(client: WorkspaceClient) -> None:
    numbers = [create(client, f"list_{n}") for n in "abc"]
    path = "/Workspace/Shared/notebook"
    with_notebook = create(client, "nb", libraries=[{"notebook": {"path": path}}])
    found = client.pipelines.list_pipelines(filter="name LIKE 'list_%'")
    assert [item.pipeline_id for item in found] == numbers
    found = client.pipelines.list_pipelines(filter=f"notebook='{path}'", max_results=1)
    assert [item.pipeline_id for item in found] == [with_notebook]
    paged = client.pipelines.list_pipelines(filter="name LIKE 'list%'", max_results=2)
    assert [item.name for item in paged] == ["list_a", "list_b", "list_c"]
    with pytest.raises(DatabricksError, match="filter must be name LIKE"):
        list(client.pipelines.list_pipelines(filter="creator = 'me'"))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"catalog": None}, "catalog is required"),
        ({"target": "shop"}, "schema and target cannot both be set"),
        ({"edition": "GOLD"}, "edition must be one of CORE, PRO, ADVANCED; got 'GOLD'"),
        ({"channel": "NEXT"}, "channel must be one of CURRENT, PREVIEW"),
        ({"libraries": [{"jar": "x.jar"}]}, r"libraries\[0\] must have exactly one of notebook"),
        ({"libraries": [{"notebook": {}}]}, r"libraries\[0\]"),
        ({"libraries": [{"file": {}, "glob": {"include": "/a"}}]}, r"exactly one|Missing"),
        ({"ingestion_definition": {"connection_name": "x"}}, "no managed ingestion"),
        ({"event_log": {"schema": "x"}}, "Missing required field: event_log.name"),
        ({"run_as": {"user_name": "nobody@example.com"}}, "nobody@example.com does not exist"),
        ({"configuration": {"a": 1}}, "configuration"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    client: WorkspaceClient, fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises(DatabricksError, match=problem):
        create(client, "refused", **fields)
    assert not list(client.pipelines.list_pipelines(filter="name LIKE 'refused'"))


def test_a_dry_run_makes_nothing(client: WorkspaceClient) -> None:
    body = {"name": "dry", "catalog": "dev", "libraries": [GLOB], "dry_run": True}
    answer = call(client, "POST", body=body)
    assert answer["effective_settings"]["channel"] == "CURRENT"
    assert not list(client.pipelines.list_pipelines(filter="name LIKE 'dry'"))


def test_an_update_without_spark_fails_and_the_log_says_why(client: WorkspaceClient) -> None:
    number = create(client, "no spark")
    update_id = client.pipelines.start_update(number, full_refresh=True).update_id
    ended = finish(client, number, str(update_id))
    assert (ended["state"], ended["cause"], ended["full_refresh"]) == ("FAILED", "API_CALL", True)
    assert ended["config"]["name"] == "no spark"
    (failed,) = client.pipelines.list_pipeline_events(number, filter="level='ERROR'")
    assert failed.event_type == "update_progress"
    assert "started without Spark" in str(failed.message)
    assert failed.origin is not None
    assert (failed.origin.update_id, failed.origin.pipeline_name) == (update_id, "no spark")
    pipeline = client.pipelines.get(number)
    assert pipeline.health is not None
    assert pipeline.health.value == "UNHEALTHY"
    assert [item.update_id for item in pipeline.latest_updates or []] == [update_id]


def test_events_come_in_pages_either_way_round(client: WorkspaceClient) -> None:
    number = create(client, "paged")
    for _ in range(2):
        finish(client, number, str(client.pipelines.start_update(number).update_id))
    events = list(client.pipelines.list_pipeline_events(number, max_results=2))
    assert len(events) == 8
    back = client.pipelines.list_pipeline_events(number, max_results=3, order_by=["timestamp asc"])
    assert [event.id for event in back] == [event.id for event in reversed(events)]
    newest, *_, oldest = client.pipelines.list_updates(number).updates or []
    of_one = client.pipelines.list_pipeline_events(
        number, filter=f"update_id = '{oldest.update_id}' AND level in ('INFO')"
    )
    assert [event.message for event in of_one] == [
        event.message
        for event in events
        if event.origin
        and event.origin.update_id == oldest.update_id
        and event.level
        and event.level.value == "INFO"
    ]
    since = next(event for event in events if event.origin.update_id == newest.update_id)  # type: ignore[union-attr]
    later = client.pipelines.list_pipeline_events(number, filter=f"timestamp > '{since.timestamp}'")
    assert since.id not in [event.id for event in later]
    with pytest.raises(DatabricksError, match="cannot be read at"):
        list(client.pipelines.list_pipeline_events(number, filter="message = 'x'"))
    with pytest.raises(DatabricksError, match="order_by must be"):
        list(client.pipelines.list_pipeline_events(number, order_by=["level"]))


def test_lists_decide_who_may_do_what(server: Server, client: WorkspaceClient) -> None:
    owner, other = machine(server, client, "pipeline owner"), machine(server, client, "other")
    number = create(owner, "guarded")
    with pytest.raises(PermissionDenied, match="CAN_VIEW permissions on pipeline"):
        other.pipelines.get(number)
    assert number not in [item.pipeline_id for item in other.pipelines.list_pipelines()]
    name = other.current_user.me().user_name

    def allow(level: str) -> None:
        entry = {"service_principal_name": name, "permission_level": level}
        owner.api_client.do(
            "PATCH",
            f"/api/2.0/permissions/pipelines/{number}",
            body={"access_control_list": [entry]},
        )

    allow("CAN_VIEW")
    assert other.pipelines.get(number).name == "guarded"
    with pytest.raises(PermissionDenied, match="CAN_RUN"):
        other.pipelines.start_update(number)
    allow("CAN_RUN")
    finish(other, number, str(other.pipelines.start_update(number).update_id))
    for forbidden in (
        lambda: other.pipelines.update(number, name="mine", catalog="dev"),
        lambda: other.pipelines.delete(number),
    ):
        with pytest.raises(PermissionDenied, match="CAN_MANAGE"):
            forbidden()
    levels = owner.pipelines.get_permission_levels(number).permission_levels or []
    names = [str(level.permission_level and level.permission_level.value) for level in levels]
    assert names == ["CAN_VIEW", "CAN_RUN", "IS_OWNER", "CAN_MANAGE"]
    client.api_client.do(
        "PATCH",
        f"/api/2.0/permissions/pipelines/{number}",
        body={
            "access_control_list": [
                {"service_principal_name": name, "permission_level": "IS_OWNER"}
            ]
        },
    )
    assert client.pipelines.get(number).run_as_user_name == name


def test_only_who_may_names_whom_a_pipeline_acts_as(
    server: Server, client: WorkspaceClient
) -> None:
    owner = machine(server, client, "no administrator")
    me = client.current_user.me().user_name
    with pytest.raises(PermissionDenied, match="cannot set run_as"):
        create(owner, "as administrator", run_as={"user_name": me})
    name = owner.current_user.me().user_name
    number = create(client, "as machine", run_as={"service_principal_name": name})
    shown = call(client, "GET", f"/{number}")
    assert shown["run_as"] == {"service_principal_name": name}
    assert shown["run_as_user_name"] == name


def test_what_is_gone_is_gone(client: WorkspaceClient) -> None:
    number = create(client, "gone")
    update_id = str(client.pipelines.start_update(number).update_id)
    finish(client, number, update_id)
    client.pipelines.delete(number)
    gone: list[Callable[[], object]] = [
        lambda: client.pipelines.get(number),
        lambda: client.pipelines.get_update(number, update_id),
        lambda: list(client.pipelines.list_pipeline_events(number)),
        lambda: client.pipelines.delete(number),
    ]
    for ask in gone:
        with pytest.raises(NotFound, match="was not found"):
            ask()


def test_a_task_names_its_pipeline(client: WorkspaceClient) -> None:
    def run(task: dict[str, Any]) -> dict[str, Any]:
        body = {"tasks": [{"task_key": "update", "pipeline_task": task}]}
        started: Any = client.api_client.do("POST", "/api/2.2/jobs/runs/submit", body=body)
        while True:
            found: Any = client.api_client.do(
                "GET", "/api/2.2/jobs/runs/get", query={"run_id": started["run_id"]}
            )
            if found["status"]["state"] == "TERMINATED":
                return dict(found["tasks"][0]["state"])
            time.sleep(0.05)

    with pytest.raises(DatabricksError, match=r"Missing required field: .*pipeline_id"):
        run({})
    assert "0000 was not found" in run({"pipeline_id": "0000"})["state_message"]
    number = create(client, "of a task")
    ended = run({"pipeline_id": number, "full_refresh": True})
    assert ended["result_state"] == "FAILED"
    assert "started without Spark" in ended["state_message"]
    (update,) = client.pipelines.list_updates(number).updates or []
    assert update.cause is not None
    assert (update.cause.value, update.full_refresh) == ("JOB_TASK", True)
