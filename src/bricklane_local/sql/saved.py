"""Saved queries, and datasets of dashboards, as statements that can run.

Source: https://docs.databricks.com/en/sql/user/queries/query-parameters.html: ``{{ name }}`` of the
older editor means the same as the marker ``:name``, with or without quotes around it.
"""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.app.errors import invalid

Body = dict[str, Any]
MUSTACHE = re.compile(r"(['\"]?)\{\{\s*(\w+)\s*\}\}\1")
NUMBER = re.compile(r"-?\d+")
# Kind of a query's parameter → the field of its value, and its type in SQL.
KINDS = {
    "text_value": ("value", "STRING"),
    "numeric_value": ("value", "DOUBLE"),
    "date_value": ("date_value", "TIMESTAMP"),
    "enum_value": ("values", "STRING"),
}
# Type of a dashboard's parameter → its type in SQL.
DATASET_TYPES = {
    "STRING": "STRING",
    "INTEGER": "BIGINT",
    "DECIMAL": "DOUBLE",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
}


def with_markers(text: str) -> str:
    """Return a query with parameter markers in place of ``{{ name }}``."""
    return MUSTACHE.sub(lambda match: f":{match[2]}", text)


def query_parameters(query: Body, given: dict[str, str]) -> list[Body]:
    """Return the parameters of a saved query's statement.

    Args:
        query: as it is stored.
        given: values that replace those of the query, by name.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a kind that is not supported, or several values.
    """
    found = {}
    for item in query.get("parameters") or []:
        name = str(item.get("name"))
        kind = next((kind for kind in KINDS if item.get(kind) is not None), None)
        if kind is None and name not in given:
            raise invalid(
                f"Parameter {name} of query {query['id']} is of a kind that does not run here; "
                f"supported are {', '.join(KINDS)}"
            )
        field, sql_type = KINDS[kind or "text_value"]
        value = given.get(name, (item.get(kind) or {}).get(field) if kind else None)
        found[name] = _parameter(name, value, sql_type)
    extra = {name: _parameter(name, value, "STRING") for name, value in given.items()}
    return list({**extra, **found}.values())


def _parameter(name: str, value: Any, sql_type: str) -> Body:
    if isinstance(value, list):
        if len(value) != 1:
            raise invalid(f"Parameter {name} must have one value, it has {len(value)}")
        value = value[0]
    text = None if value is None else str(value)
    if sql_type == "DOUBLE" and text is not None:
        text = text.removesuffix(".0")
        sql_type = "BIGINT" if NUMBER.fullmatch(text) else sql_type
    return {"name": name, "value": text, "type": sql_type}


def dataset_text(dataset: Body) -> str:
    """Return the query of a dataset of a dashboard."""
    lines = dataset.get("queryLines")
    return "".join(lines) if lines else str(dataset.get("query") or "")


def dataset_parameters(dataset: Body, given: dict[str, str]) -> list[Body]:
    """Return the parameters of a dataset's statement: those given, else its defaults.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a type that is not supported, or several values.
    """
    found = []
    for item in dataset.get("parameters") or []:
        name, kind = str(item.get("keyword")), str(item.get("dataType") or "STRING")
        if kind not in DATASET_TYPES:
            raise invalid(
                f"Parameter {name} of dataset {dataset.get('name')} has the type {kind}; supported "
                f"are {', '.join(DATASET_TYPES)}"
            )
        defaults = ((item.get("defaultSelection") or {}).get("values") or {}).get("values") or []
        values: Any = [value.get("value") for value in defaults] or None
        found.append(_parameter(name, given.get(name, values), DATASET_TYPES[kind]))
    return found
