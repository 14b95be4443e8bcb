"""What holds for every kind of resource, whatever it is: walked along its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import requests

from bricklane_local.app.errors import STATUS
from bricklane_local.resources import families
from bricklane_local.resources.kind import ADMINISTRATORS, CREATOR, EVERYBODY, MAKER, Body, Kind
from bricklane_local.resources.operations import Create, Delete, Get, List, Operation
from bricklane_local.resources.postgres import projects
from bricklane_local.sql import warehouses
from tests.bricklane_local.resources.callers import levels_of

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

HOME = "/Users/developer@bricklane.local"
SCHEDULE = {"quartz_cron_schedule": "0 0 0 * * ?", "timezone_id": "UTC"}
EVALUATION = {"source": {"name": "n"}, "comparison_operator": "EQUAL"}
# Kind of document → what makes one, before it is wrapped; the texts in braces are keys of others.
SAMPLES: dict[str, Body] = {
    "alert": {"display_name": "a", "query_id": "{query}", "condition": {}},
    "alert_v2": {
        "display_name": "a",
        "query_text": "SELECT 1",
        "warehouse_id": "w",
        "evaluation": EVALUATION,
        "schedule": SCHEDULE,
    },
    "app": {"name": "walked"},
    "cluster": {"spark_version": "17.3.x-scala2.13", "node_type_id": "n", "num_workers": 0},
    "cluster_policy": {"name": "walked", "definition": "{}"},
    "dashboard": {"display_name": "walked"},
    "database_catalog": {
        "name": "walked",
        "database_instance_name": "{database_instance}",
        "database_name": "d",
    },
    "database_instance": {"name": "walked"},
    "experiment": {"name": f"{HOME}/walked"},
    "genie_space": {"warehouse_id": "w", "serialized_space": "{}"},
    "git_credential": {"git_provider": "gitHub"},
    "global_init_script": {"name": "walked", "script": "ZWNobw=="},
    "instance_pool": {"instance_pool_name": "walked", "node_type_id": "n"},
    "ip_access_list": {"label": "l", "list_type": "BLOCK", "ip_addresses": ["1.1.1.1"]},
    "notification_destination": {
        "display_name": "d",
        "config": {"email": {"addresses": ["a@b"]}},
    },
    "query": {"display_name": "q"},
    "registered_model": {"name": "walked"},
    "serving_endpoint": {"name": "walked"},
    "sql_warehouse": {"name": "walked", "cluster_size": "Small"},
    "synced_database_table": {"name": "c.s.t"},
    "vector_search_endpoint": {"name": "walked", "endpoint_type": "STANDARD"},
    "vector_search_index": {
        "name": "c.s.i",
        "endpoint_name": "walked",
        "primary_key": "id",
        "index_type": "DIRECT_ACCESS",
        "direct_access_index_spec": {"schema_json": "{}"},
    },
}
# Those that need a repository, and those whose names are paths, have tests of their own.
ELSEWHERE = {"repo", *projects.KINDS}


def _kinds() -> Iterator[Kind]:
    modules = [found for found in vars(families).values() if isinstance(found, ModuleType)]
    seen: set[str] = set()
    for module in (*modules, warehouses):
        for found in (*vars(module).values(), *projects.KINDS.values()):
            if isinstance(found, Kind) and found.document not in seen:
                seen.add(found.document)
                yield found


KINDS = {kind.document: kind for kind in _kinds()}
WALKED = sorted(set(KINDS) - ELSEWHERE)
Ask = Callable[..., requests.Response]


def test_every_kind_is_walked() -> None:
    assert set(SAMPLES) == set(WALKED)


@pytest.fixture(scope="module")
def ask(server: Server) -> Ask:
    """Send a request as the administrator."""
    return server.request


@pytest.fixture(scope="module")
def ask_as_other(server: Server, other: WorkspaceClient) -> Ask:
    """Send a request as who is no administrator and owns nothing."""

    def send(method: str, path: str, **more: Any) -> requests.Response:
        return server.request(method, path, headers=other.config.authenticate(), **more)

    return send


def operation(kind: Kind, wanted: type[Operation]) -> Operation:
    return next(found for found in kind.operations if isinstance(found, wanted))


class Made:
    """The resources that a test has made, and their keys."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._made: list[tuple[Kind, Body]] = []

    def make(self, document: str) -> Body:
        """Make a resource of a kind, and those that it needs, and return it as it is stored."""
        kind, sample = KINDS[document], dict(SAMPLES[document])
        if document == "vector_search_index":
            self.make("vector_search_endpoint")
        for field, value in sample.items():
            needed = str(value).strip("{}")
            if needed in KINDS and str(value) == f"{{{needed}}}":
                sample[field] = self.make(needed)[KINDS[needed].key]
        method, path = operation(kind, Create).route.split()
        body = {kind.sent_in: sample} if kind.sent_in else sample
        answer = self._ask(method, path, json=body)
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        made = {**sample, **shown.get(kind.shown_in, shown)}
        self._made.append((kind, made))
        return made

    def remove(self) -> None:
        """Delete them, the latest first."""
        for kind, made in reversed(self._made):
            found = [op for op in kind.operations if isinstance(op, Delete)]
            if found:
                send(self._ask, found[0], kind, made)


@pytest.fixture
def made(ask: Ask) -> Iterator[Made]:
    found = Made(ask)
    yield found
    found.remove()


def send(ask: Ask, wanted: Operation, kind: Kind, resource: Body) -> requests.Response:
    """Send the request of an operation about a resource, with no more than what names it."""
    method, path = wanted.route.split()
    name = wanted.by or kind.key
    filled = path.replace("{id}", str(resource[kind.key])).replace(
        "{name}", str(resource.get("name"))
    )
    filled = filled.replace("{deployment}", "1").replace("{instance}", "walked")
    named = {} if filled != path else {name: resource[name]}
    if wanted.guarded_by == "see" and isinstance(wanted, List):
        named = {"endpoint_name": resource.get("endpoint_name", "")}
    if method in ("GET", "DELETE"):
        return ask(method, filled, params=named)
    return ask(method, filled, json=named)


def level_of(wanted: Operation, kind: Kind) -> str:
    return wanted.needed(kind)


@pytest.mark.parametrize("document", WALKED)
def test_it_is_found_listed_and_gone_when_it_is_deleted(
    document: str, made: Made, ask: Ask
) -> None:
    kind = KINDS[document]
    resource = made.make(document)
    key = str(resource[kind.key])
    listing, deleting = operation(kind, List), [o for o in kind.operations if isinstance(o, Delete)]
    assert isinstance(listing, List)

    def listed() -> list[str]:
        answer = send(ask, listing, kind, resource)
        assert answer.status_code == 200, answer.text
        return [
            str(found.get(kind.key, found.get("name")))
            for found in answer.json().get(listing.items, [])
        ]

    if document != "synced_database_table":  # belongs to no instance, by which they are listed
        assert key in listed()
    for getting in (found for found in kind.operations if isinstance(found, Get)):
        assert send(ask, getting, kind, resource).status_code == 200
        missing = send(ask, getting, kind, {**resource, kind.key: "7", "name": "missing.x.y"})
        assert missing.json()["error_code"] == kind.missing
        assert missing.status_code == STATUS[kind.missing]
    if deleting:
        assert send(ask, deleting[0], kind, resource).status_code == 200
        assert key not in listed()


@pytest.mark.parametrize("document", WALKED)
def test_who_has_no_level_is_denied_on_every_route(
    document: str, made: Made, client: WorkspaceClient, ask_as_other: Ask
) -> None:
    kind = KINDS[document]
    resource = made.make(document)
    if kind.guard.acl:
        levels = levels_of(client, kind.guard.acl, str(resource[kind.key]))
        maker = {
            "developer@bricklane.local": ["IS_OWNER" if "sql/w" in kind.guard.acl else "CAN_MANAGE"]
        }
        assert levels == ({} if kind.guard.acl == "cluster-policies" else maker)
    for wanted in kind.operations:
        if isinstance(wanted, Create) or type(wanted).__name__ == "ByName":
            continue
        answer = send(ask_as_other, wanted, kind, resource)
        if isinstance(wanted, List):
            assert answer.status_code == 200, answer.text
            found = answer.json().get(wanted.items, [])
            assert resource[kind.key] not in [item.get(kind.key) for item in found] or (
                kind.guard.see == EVERYBODY
            )
        elif level_of(wanted, kind) != EVERYBODY:
            assert answer.status_code == 403, f"{wanted.route}: {answer.text}"
            assert answer.json()["error_code"] == "PERMISSION_DENIED"
            assert str(resource[kind.key]) in answer.json()["message"]


def test_only_what_is_administrators_or_ones_own_has_no_lists() -> None:
    for kind in KINDS.values():
        if not kind.guard.acl:
            words = {ADMINISTRATORS.change, CREATOR, MAKER}
            assert kind.guard.change in words, kind.name
            assert kind.guard.delete in words, kind.name


def test_pages_stay_right_while_resources_go(ask: Ask) -> None:
    for number in range(25):
        body = {"query": {"display_name": f"q{number}"}}
        assert ask("POST", "/api/2.0/sql/queries", json=body).status_code == 200
    seen: list[str] = []
    token = ""
    while True:
        parameters = {"page_size": 7, "page_token": token}
        page = ask("GET", "/api/2.0/sql/queries", params=parameters).json()
        for query in page["results"]:
            seen.append(query["display_name"])
            ask("DELETE", f"/api/2.0/sql/queries/{query['id']}")
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == [f"q{number}" for number in range(25)]
    refused = ask("GET", "/api/2.0/sql/queries", params={"page_size": 7, "page_token": "x"})
    assert refused.status_code == 400
    assert "page_token 'x' was not given by this server" in refused.json()["message"]
