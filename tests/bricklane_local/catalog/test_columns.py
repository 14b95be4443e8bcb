"""Columns made from Delta's schema."""

from __future__ import annotations

from typing import Any

import pytest

from bricklane_local.catalog.columns import column_from_delta, type_name, type_text

STRUCT = {
    "type": "struct",
    "fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}],
}


@pytest.mark.parametrize(
    ("kind", "text", "name"),
    [
        ("long", "bigint", "LONG"),
        ("integer", "int", "INT"),
        ("short", "smallint", "SHORT"),
        ("timestamp_ntz", "timestamp_ntz", "TIMESTAMP_NTZ"),
        ("decimal(10, 2)", "decimal(10,2)", "DECIMAL"),
        ("variant", "variant", "VARIANT"),
        ("interval day to second", "interval day to second", "INTERVAL"),
        ({"type": "array", "elementType": "long"}, "array<bigint>", "ARRAY"),
        (
            {"type": "map", "keyType": "string", "valueType": STRUCT},
            "map<string,struct<a:int,b:string>>",
            "MAP",
        ),
        (STRUCT, "struct<a:int,b:string>", "STRUCT"),
        ("geometry(4326)", "geometry(4326)", "USER_DEFINED_TYPE"),
    ],
)
def test_type_is_spelled_as_in_sql(kind: Any, text: str, name: str) -> None:
    assert (type_text(kind), type_name(kind)) == (text, name)


def test_declared_length_of_a_string_is_shown() -> None:
    field = {
        "name": "code",
        "type": "string",
        "nullable": False,
        "metadata": {"__CHAR_VARCHAR_TYPE_STRING": "varchar(3)", "comment": "of the airport"},
    }
    column = column_from_delta(field, 2, ["code"])
    assert (column["type_text"], column["type_name"]) == ("varchar(3)", "STRING")
    assert (column["comment"], column["nullable"]) == ("of the airport", False)
    assert (column["position"], column["partition_index"]) == (2, 0)
