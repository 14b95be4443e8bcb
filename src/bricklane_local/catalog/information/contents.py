"""Rows of the views on tables, their columns, volumes and functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from bricklane_local.catalog import tables as service
from bricklane_local.catalog import volumes as volume_service
from bricklane_local.catalog.information.scope import Scope, stamps, yes
from bricklane_local.catalog.kinds import FUNCTION, TABLE, VOLUME
from bricklane_local.catalog.tables import VIEW

NAMES = ("catalog", "schema", "name")


def named(prefix: str, full_name: str) -> dict[str, str]:
    """Return the parts of a full name as columns that begin with ``prefix``."""
    return {
        f"{prefix}_{part}": value for part, value in zip(NAMES, full_name.split("."), strict=True)
    }


def tables(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield tables and views."""
    for document in scope.documents(TABLE):
        info = service.info(scope.metastore, document.key, document.body)
        is_view = info["table_type"] == VIEW
        yield {
            **stamps(info),
            **named("table", document.key),
            "table_type": info["table_type"],
            "is_insertable_into": yes(not is_view),
            "commit_action": "PRESERVE",
            "table_owner": info["owner"],
            "data_source_format": info.get("data_source_format") or "UNKNOWN_DATA_SOURCE_FORMAT",
            "storage_path": info.get("storage_location"),
        }


def columns(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield the columns of tables and views."""
    for document in scope.documents(TABLE):
        info = service.info(scope.metastore, document.key, document.body)
        for column in info.get("columns") or []:
            yield {**named("table", document.key), **_column(column)}


def _column(column: dict[str, Any]) -> dict[str, Any]:
    text = str(column.get("type_text") or "")
    field = orjson.loads(column["type_json"]) if column.get("type_json") else {}
    metadata = (field.get("metadata") or {}) if isinstance(field, dict) else {}
    start, partition = metadata.get("delta.identity.start"), column.get("partition_index")
    is_decimal = column.get("type_name") == "DECIMAL"
    generated = metadata.get("delta.generationExpression")
    by_default = metadata.get("delta.identity.allowExplicitInsert")
    length = text.partition("(")[2].rstrip(")")
    return {
        "column_name": column["name"],
        "ordinal_position": column.get("position"),
        "column_default": metadata.get("CURRENT_DEFAULT"),
        "is_nullable": yes(column.get("nullable", True)),
        "full_data_type": text,
        "data_type": column.get("type_name"),
        "character_maximum_length": int(length) if "char(" in text and length.isdigit() else None,
        "numeric_precision": column.get("type_precision") if is_decimal else None,
        "numeric_scale": column.get("type_scale") if is_decimal else None,
        "is_identity": yes(start is not None),
        "identity_generation": None if start is None else "BY DEFAULT" if by_default else "ALWAYS",
        "identity_start": None if start is None else str(start),
        "identity_increment": None if start is None else str(metadata.get("delta.identity.step")),
        "is_generated": "ALWAYS" if generated else "NEVER",
        "generation_expression": generated,
        "is_updatable": "YES",
        "partition_ordinal_position": None if partition is None else partition + 1,
        "comment": column.get("comment"),
    }


def views(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield views; the text of one is shown to who manages it."""
    for document in scope.documents(TABLE):
        if document.body["table_type"] != VIEW:
            continue
        manages = scope.standing(TABLE, document).manages()
        yield {
            **named("table", document.key),
            "view_definition": document.body.get("view_definition") if manages else None,
            "check_option": "NONE",
            "is_updatable": "NO",
            "is_insertable_into": "NO",
            "is_materialized": "NO",
        }


def volumes(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield volumes."""
    for document in scope.documents(VOLUME):
        info = volume_service.info(scope.metastore, document.key, document.body)
        yield {
            **stamps(info),
            **named("volume", document.key),
            "volume_type": info["volume_type"],
            "volume_owner": info["owner"],
            "storage_location": info["storage_location"],
        }


def routines(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield functions; the text of one is shown to who manages it."""
    for document in scope.documents(FUNCTION):
        body = document.body
        manages = scope.standing(FUNCTION, document).manages()
        yield {
            **stamps(body),
            **named("specific", document.key),
            **named("routine", document.key),
            "routine_type": "FUNCTION",
            "routine_owner": body["owner"],
            "data_type": body.get("data_type"),
            "full_data_type": body.get("full_data_type"),
            "routine_body": body.get("routine_body"),
            "routine_definition": body.get("routine_definition") if manages else None,
            "external_language": body.get("external_language"),
            "is_deterministic": yes(body.get("is_deterministic")),
            "sql_data_access": body.get("sql_data_access"),
            "is_null_call": yes(body.get("is_null_call")),
            "security_type": body.get("security_type"),
        }


def parameters(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield the parameters of functions."""
    for document in scope.documents(FUNCTION):
        given = (document.body.get("input_params") or {}).get("parameters") or []
        for position, parameter in enumerate(given):
            yield {
                **named("specific", document.key),
                "ordinal_position": position,
                "parameter_mode": "IN",
                "is_result": "NO",
                "parameter_name": parameter.get("name"),
                "data_type": parameter.get("type_name"),
                "full_data_type": parameter.get("type_text"),
                "parameter_default": parameter.get("parameter_default"),
                "comment": parameter.get("comment"),
            }
