from __future__ import annotations

from typing import Any

import pytest

from bricklane.provision.results import (
    SENSITIVE,
    UNKNOWN,
    Attribute,
    Change,
    Plan,
    read_diagnostics,
    read_outputs,
    read_plan,
)


def resource(actions: list[str], **change: Any) -> dict[str, Any]:
    return {
        "address": 'module.account.databricks_group.this["developers"]',
        "type": "databricks_group",
        "change": {"actions": actions, "before": None, "after": None, **change},
    }


def only(document: dict[str, Any]) -> Change:
    (change,) = read_plan({"resource_changes": [document]}).changes
    return change


def test_a_creation_has_every_attribute_that_is_known_and_names_those_that_are_not() -> None:
    change = only(
        resource(
            ["create"],
            after={"name": "dev", "tags": {"team": "data"}, "id": None, "grants": [{"p": "a"}]},
            after_unknown={"id": True, "tags": {}, "grants": [{"q": True}]},
        )
    )

    assert (change.verb, change.kind, change.destructive) == ("create", "databricks_group", False)
    assert change.attributes == (
        Attribute("grants[0].p", None, "a"),
        Attribute("grants[0].q", None, UNKNOWN),
        Attribute("id", None, UNKNOWN),
        Attribute("name", None, "dev"),
        Attribute("tags.team", None, "data"),
    )


def test_an_update_has_only_what_changes() -> None:
    change = only(
        resource(
            ["update"],
            before={"name": "dev", "size": 1, "gone": "x", "list": [1, 2]},
            after={"name": "dev", "size": 2, "gone": None, "list": [1, 3]},
            after_unknown={},
        )
    )

    assert change.attributes == (
        Attribute("gone", "x", None),
        Attribute("list[1]", 2, 3),
        Attribute("size", 1, 2),
    )


def test_what_is_sensitive_is_said_to_change_and_never_shown() -> None:
    change = only(
        resource(
            ["update"],
            before={"secret": "old-s3cret", "nested": {"key": "a-s3cret", "name": "n"}, "k": "x"},
            after={"secret": "new-s3cret", "nested": {"key": "b-s3cret", "name": "n"}, "k": "x"},
            before_sensitive={"secret": True, "nested": {"key": True}, "k": True},
            after_sensitive={"secret": True, "nested": {"key": True}, "k": True},
            after_unknown={},
        )
    )

    assert change.attributes == (
        Attribute("nested.key", SENSITIVE, SENSITIVE),
        Attribute("secret", SENSITIVE, SENSITIVE),
    )
    assert "s3cret" not in repr(change)


def test_a_secret_that_is_not_known_yet_is_called_a_secret() -> None:
    change = only(
        resource(
            ["create"],
            after={},
            after_unknown={"secret": True},
            after_sensitive={"secret": True},
        )
    )

    assert change.attributes == (Attribute("secret", None, SENSITIVE),)


@pytest.mark.parametrize(
    ("actions", "verb", "destructive"),
    [
        (["no-op"], "keep", False),
        (["read"], "read", False),
        (["delete"], "delete", True),
        (["delete", "create"], "replace", True),
        (["create", "delete"], "replace", True),
        (["forget"], "forget", False),
        (["move", "rename"], "move+rename", False),
    ],
)
def test_the_verb_of_each_action(actions: list[str], verb: str, destructive: bool) -> None:
    change = only(resource(actions))

    assert (change.verb, change.destructive) == (verb, destructive)


def test_a_plan_counts_what_it_changes() -> None:
    plan = read_plan(
        {
            "resource_changes": [
                resource(["create"]),
                resource(["create"]),
                resource(["delete", "create"]),
                resource(["no-op"]),
                resource(["read"]),
            ],
            "resource_drift": [resource(["update"], before={"a": 1}, after={"a": 2})],
            "output_changes": {"b": {"actions": ["create"]}, "a": {"actions": ["no-op"]}},
        }
    )

    assert str(plan) == "3 resources: 2 to create, 1 to replace"
    assert len(plan.changes) == 5
    assert plan.drift[0].attributes == (Attribute("a", 1, 2),)
    assert (plan.outputs, plan.empty) == ({"b": "create"}, False)


def test_a_plan_without_changes_says_so() -> None:
    plan = read_plan({"resource_changes": [resource(["no-op"])]})

    assert (str(plan), plan.empty) == ("nothing to change, 1 resource as they are", True)
    assert Plan(()).empty


def test_an_output_is_not_shown_by_its_representation() -> None:
    outputs = read_outputs({"secret": {"value": "s3cret", "sensitive": True, "type": "string"}})

    assert outputs["secret"].value == "s3cret"
    assert repr(outputs["secret"]) == "Output(sensitive=True)"


def test_diagnostics_name_file_and_line() -> None:
    (first, second) = read_diagnostics(
        {
            "diagnostics": [
                {
                    "severity": "error",
                    "summary": "Unsupported argument",
                    "detail": 'An argument named "x" is not expected here.',
                    "range": {"filename": "main.tf", "start": {"line": 3}},
                },
                {"severity": "warning", "summary": "Deprecated"},
            ]
        }
    )

    assert str(first) == (
        'main.tf:3: error: Unsupported argument\nAn argument named "x" is not expected here.'
    )
    assert str(second) == "warning: Deprecated"
