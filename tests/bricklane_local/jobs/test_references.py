from __future__ import annotations

from typing import Any

import pytest

from bricklane_local.jobs.references import Scope, UnknownReferenceError, resolve

SCOPE = Scope(
    values={"job.id": "7", "task.name": "silver", "task.run_id": "9"},
    start_time=1_735_689_600_000,
    parameters={"day": "monday"},
    task_values={"bronze": {"rows": 3, "names": ["a", "b"], "deep": {"x": True}}},
    task_results={"bronze": {"result_state": "success"}},
    task_outputs=lambda key: (
        {"rows": [{"n": 2}, {"n": 3}], "first_row": {"n": 2}} if key == "query" else {}
    ),
    input={"path": "/p", "n": 1},
    has_input=True,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{{job.id}}-{{ task.name }}", "7-silver"),
        ("{{job_id}}/{{run_id}}", "7/9"),
        ("{{job.parameters.day}}", "monday"),
        ("{{job.parameters.[day]}}", "monday"),
        ("{{tasks.bronze.values.rows}}", "3"),
        ("{{tasks.bronze.values.names}}", '["a", "b"]'),
        ("{{tasks.bronze.values.names.1}}", "b"),
        ("{{tasks.bronze.values.deep.x}}", "true"),
        ("{{tasks.bronze.result_state}}", "success"),
        ("{{tasks.query.output.rows}}", '[{"n": 2}, {"n": 3}]'),
        ("{{tasks.query.output.first_row}}", '{"n": 2}'),
        ("{{tasks.query.output.first_row.n}}", "2"),
        ("{{job.start_time.iso_date}}", "2025-01-01"),
        ("{{job.start_time.is_weekday}}", "true"),
        ("{{input}}", '{"path": "/p", "n": 1}'),
        ("{{input.path}}", "/p"),
        ("{{ user_template }}", "{{ user_template }}"),
    ],
)
def test_references_are_replaced_by_their_values(text: str, expected: str) -> None:
    assert resolve(text, SCOPE) == expected


def test_references_are_found_at_any_depth() -> None:
    value: dict[str, Any] = {"a": ["{{job.id}}", {"b": "{{task.name}}"}], "n": 1}
    assert resolve(value, SCOPE) == {"a": ["7", {"b": "silver"}], "n": 1}


@pytest.mark.parametrize(
    "text",
    [
        *("{{job.nothing}}", "{{tasks.other.values.x}}", "{{tasks.bronze.values.y}}"),
        *("{{tasks.bronze.output.rows}}", "{{tasks.query.output.first_row.m}}"),
    ],
)
def test_a_reference_to_nothing_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(UnknownReferenceError) as caught:
        resolve(text, SCOPE)
    assert text in str(caught.value)
