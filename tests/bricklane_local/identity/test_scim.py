"""The SCIM protocol without HTTP: filters, pages and patches."""

from __future__ import annotations

from typing import Any

import pytest

from bricklane_local.identity.scim import ScimError, chosen, page, parse_filter, patched

JANE: dict[str, Any] = {
    "id": "7",
    "displayName": 'Jane "JJ" Doe',
    "active": True,
    "groups": [{"display": "admins", "value": "1"}],
    "externalId": None,
}


@pytest.mark.parametrize(
    "text",
    [
        r'displayName eq "Jane \"JJ\" Doe"',
        "id eq 7",
        "id eq '7'",
        'DISPLAYNAME sw "jane"',
        'displayName co "JJ" and active eq true',
        'id eq "8" or id eq "7"',
        'id eq "9" and id eq "8" or id eq "7"',
        'id eq "7" and (id eq "9" or displayName ew "doe")',
        'groups.value eq "1"',
        'groups.display eq "admins"',
        "groups pr",
        'id ne "8"',
    ],
)
def test_filters_that_match(text: str) -> None:
    assert parse_filter(text)(JANE)


@pytest.mark.parametrize(
    "text", ['id eq "8"', "externalId pr", 'nothing eq ""', 'id eq "7" and active eq false']
)
def test_filters_that_do_not_match(text: str) -> None:
    assert not parse_filter(text)(JANE)


@pytest.mark.parametrize(
    "text", ["id", "id eq", "id gt 3", '(id eq "7"', 'id eq "7" id', 'id eq "7']
)
def test_filters_that_cannot_be_read_are_shown(text: str) -> None:
    with pytest.raises(ScimError) as error:
        parse_filter(text)
    assert error.value.body()["scimType"] == "invalidFilter"
    assert text in error.value.message


def test_pages_count_from_one() -> None:
    found = [{"id": str(number), "displayName": f"n{number}"} for number in range(5)]
    shown = page(found, {"startIndex": "2", "count": "2", "attributes": "displayName"})
    assert [item["id"] for item in shown["Resources"]] == ["1", "2"]
    assert (shown["totalResults"], shown["startIndex"], shown["itemsPerPage"]) == (5, 2, 2)
    assert "Resources" not in page(found, {"startIndex": "6"})
    last = page(found, {"sortBy": "displayName", "sortOrder": "descending", "count": "1"})
    assert last["Resources"][0]["id"] == "4"
    with pytest.raises(ScimError, match="count must be a whole number, got 'x'"):
        page(found, {"count": "x"})


def test_what_names_a_resource_is_shown_whatever_is_asked_for() -> None:
    principal = {"id": "1", "applicationId": "a", "displayName": "ci", "active": True}

    assert chosen(principal, {"attributes": "displayName"}) == {
        "id": "1",
        "applicationId": "a",
        "displayName": "ci",
    }
    assert chosen(principal, {"excludedAttributes": "applicationId,active"}) == {
        "id": "1",
        "applicationId": "a",
        "displayName": "ci",
    }


@pytest.mark.parametrize(
    ("operation", "groups"),
    [
        ({"op": "add", "path": "groups", "value": [{"value": "2"}]}, ["1", "2"]),
        ({"op": "Add", "path": "groups", "value": "1"}, ["1"]),
        ({"op": "add", "value": {"groups": [{"value": "2"}]}}, ["1", "2"]),
        ({"op": "replace", "path": "groups", "value": [{"value": "3"}]}, ["3"]),
        ({"op": "remove", "path": 'groups[value eq "1"]'}, []),
        ({"op": "remove", "path": 'groups[value eq "2"]'}, ["1"]),
        ({"op": "remove", "path": "groups", "value": [{"value": "1"}]}, []),
        ({"op": "remove", "path": "groups"}, []),
    ],
)
def test_patches_of_a_list(operation: dict[str, Any], groups: list[str]) -> None:
    changed = patched(JANE, [operation], ["groups"])
    assert [item["value"] for item in changed["groups"]] == groups
    assert [item["value"] for item in JANE["groups"]] == ["1"]


def test_patches_of_one_value() -> None:
    operations = [
        {"op": "replace", "path": "displayName", "value": "J"},
        {"op": "replace", "value": {"active": False}},
        {"op": "remove", "path": "externalId"},
    ]
    changed = patched(JANE, operations, ["groups"])
    assert (changed["displayName"], changed["active"]) == ("J", False)


@pytest.mark.parametrize(
    ("value", "active"),
    [([{"value": "false"}], False), ("True", True), ([{}], None), ("no", "no"), ([1, 2], [1, 2])],
)
def test_a_truth_value_as_terraform_writes_it(value: Any, active: Any) -> None:
    changed = patched(JANE, [{"op": "replace", "path": "active", "value": value}], ["groups"])
    assert changed["active"] == active


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "copy", "path": "displayName", "value": "x"},
        {"op": "add", "path": "password", "value": "x"},
        {"op": "replace", "value": "x"},
        {},
    ],
)
def test_operations_that_cannot_be_done_are_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(ScimError) as error:
        patched(JANE, [operation], ["groups"])
    assert error.value.status == 400
