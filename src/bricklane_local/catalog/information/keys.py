"""Rows of the views on primary and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bricklane_local.catalog.constraints.service import FIELD, FOREIGN, PRIMARY
from bricklane_local.catalog.information.contents import named
from bricklane_local.catalog.information.scope import Scope
from bricklane_local.catalog.kinds import TABLE


def _keys(scope: Scope) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for document in scope.documents(TABLE):
        for item in document.body.get(FIELD) or []:
            for kind, key in item.items():
                yield document.key, kind, key


def _constraint(prefix: str, table: str, name: str) -> dict[str, str]:
    return named(prefix, table) | {f"{prefix}_name": name}


def table_constraints(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield keys."""
    for table, kind, key in _keys(scope):
        yield {
            **_constraint("constraint", table, key["name"]),
            **named("table", table),
            "constraint_type": "PRIMARY KEY" if kind == PRIMARY else "FOREIGN KEY",
            "is_deferrable": "YES",
            "initially_deferred": "YES",
            "enforced": "NO",
        }


def key_column_usage(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield the columns of keys."""
    for table, kind, key in _keys(scope):
        for position, column in enumerate(key["child_columns"], start=1):
            yield {
                **_constraint("constraint", table, key["name"]),
                **named("table", table),
                "column_name": column,
                "ordinal_position": position,
                "position_in_unique_constraint": position if kind == FOREIGN else None,
            }


def referential_constraints(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield foreign keys and the primary keys that they refer to."""
    for table, kind, key in _keys(scope):
        if kind != FOREIGN:
            continue
        parent = key["parent_table"]
        body = scope.metastore.space.get(TABLE.name, parent) or {}
        names = [item[PRIMARY]["name"] for item in body.get(FIELD) or [] if PRIMARY in item]
        yield {
            **_constraint("constraint", table, key["name"]),
            **_constraint("unique_constraint", parent, names[0] if names else ""),
            "match_option": "FULL",
            "update_rule": "NO ACTION",
            "delete_rule": "NO ACTION",
        }
