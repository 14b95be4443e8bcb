"""Bad requests get an answer in the API's own shape, and the server stays up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Server

CREATE = "/api/2.2/jobs/create"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("{", "MALFORMED_REQUEST", "The request body is not JSON"),
        ("[1]", "MALFORMED_REQUEST", "must be a JSON object, got list"),
        ('{"name": 7}', "MALFORMED_REQUEST", "name must be str, got 7"),
        ('{"tasks": {}}', "MALFORMED_REQUEST", "tasks must be a list, got {}"),
        ('{"tasks": [3]}', "MALFORMED_REQUEST", "tasks[0] must be an object, got 3"),
        (
            '{"tasks": [{"task_key": "a", "max_retries": "many"}]}',
            "MALFORMED_REQUEST",
            'tasks[0].max_retries must be int, got "many"',
        ),
        (
            '{"tasks": [{"task_key": "a", "run_if": "NEVER"}]}',
            "INVALID_PARAMETER_VALUE",
            "tasks[0].run_if must be one of",
        ),
        ('{"tags": {"a": 1}}', "MALFORMED_REQUEST", "tags.a must be str, got 1"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field(
    server: Server, body: str, code: str, message: str
) -> None:
    answer = server.request("POST", CREATE, data=body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == code
    assert message in answer.json()["message"]


def test_unknown_fields_and_numbers_as_text_pass(server: Server) -> None:
    body = '{"name": "n", "max_concurrent_runs": "3", "not_a_field": {"deep": [1]}}'
    assert server.request("POST", CREATE, data=body).status_code == 200


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "Credential was not sent"),
        ("Bearer ", "Credential was not sent"),
        ("Digest abc", "not a bearer token"),
        ("Basic ???", "Credential was not sent"),
        ("Bearer dapi0123", "Invalid access token"),
    ],
)
def test_nothing_is_answered_without_a_valid_token(
    server: Server, header: str | None, message: str
) -> None:
    answer = server.request("GET", "/api/2.0/preview/scim/v2/Me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["error_code"] == "UNAUTHENTICATED"
    assert message in answer.json()["message"]


def test_an_absent_route_names_itself_and_is_logged(server: Server) -> None:
    answer = server.request("POST", "/api/2.0/spaceships/launch", json={})
    assert answer.status_code == 501
    assert answer.json()["error_code"] == "NOT_IMPLEMENTED"
    assert "does not implement POST /api/2.0/spaceships/launch" in answer.json()["message"]
    shown = server.local("logs").stdout
    assert "501 dev POST /api/2.0/spaceships/launch" in shown
    assert "NOT IMPLEMENTED" in shown


def test_an_absent_route_tells_nothing_to_strangers(server: Server) -> None:
    answer = server.request("GET", "/api/2.0/nothing", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401


def test_a_fault_before_the_effect_leaves_no_trace(server: Server) -> None:
    plant(server, when="before", error_code="TEMPORARILY_UNAVAILABLE")
    path = {"path": "/Shared/before"}
    failed = server.request("POST", "/api/2.0/workspace/mkdirs", json=path)
    assert (failed.status_code, failed.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert status_of(server, "/Shared/before") == 404


def test_a_fault_after_the_effect_loses_only_the_answer(server: Server) -> None:
    plant(server, when="after", error_code="INTERNAL_ERROR")
    failed = server.request("POST", "/api/2.0/workspace/mkdirs", json={"path": "/Shared/after"})
    assert failed.status_code == 500
    assert status_of(server, "/Shared/after") == 200


def plant(server: Server, **fault: Any) -> None:
    body = {"method": "POST", "path": "/api/2.0/workspace/mkdirs", **fault}
    assert server.request("POST", "/_bricklane/faults", json=body).status_code == 200


def status_of(server: Server, path: str) -> int:
    query = {"path": path}
    return server.request("GET", "/api/2.0/workspace/get-status", params=query).status_code
