"""Keys of tables, as JDBC's ``getPrimaryKeys`` and ``getCrossReference`` have them.

Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.sql/java/sql/DatabaseMetaData.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bricklane_local.catalog.constraints.service import FIELD, FOREIGN, PRIMARY
from bricklane_local.sql.thrift.metadata import Metadata, Row, Table, described

# Catalog, schema and table, each None for any.
Name = tuple[str | None, str | None, str | None]
PRIMARY_KEYS = described(
    *("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ:INT", "PK_NAME")
)
FOREIGN_KEYS = described(
    *("PKTABLE_CAT", "PKTABLE_SCHEM", "PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_CAT"),
    *("FKTABLE_SCHEM", "FKTABLE_NAME", "FKCOLUMN_NAME", "KEY_SEQ:INT", "UPDATE_RULE:INT"),
    *("DELETE_RULE:INT", "FK_NAME", "PK_NAME", "DEFERRABILITY:INT"),
)
# Of java.sql.DatabaseMetaData: importedKeyNoAction, importedKeyNotDeferrable.
NO_ACTION, NOT_DEFERRABLE = "3", "7"


def primary_keys(data: Metadata, table: Name) -> Table:
    """Return the columns of primary keys.

    Args:
        data: the catalog.
        table: whose keys.
    """
    rows: list[Row] = []
    for names, info in data.infos(*table):
        for key in _constraints(info, PRIMARY):
            rows += [
                [*names, column, str(number), key["name"]]
                for number, column in enumerate(key["child_columns"], 1)
            ]
    return PRIMARY_KEYS, rows


def foreign_keys(data: Metadata, parent: Name, child: Name) -> Table:
    """Return the columns of foreign keys, each with that of the key that it refers to.

    Args:
        data: the catalog.
        parent: the table that is referred to.
        child: the table that has the keys.
    """
    rows: list[Row] = []
    for names, info in data.infos(*child):
        for key in _constraints(info, FOREIGN):
            target = key["parent_table"].split(".")
            if all(
                wanted in (None, "", found) for wanted, found in zip(parent, target, strict=True)
            ):
                rows += _references(names, key, target)
    return FOREIGN_KEYS, rows


def _references(names: list[str], key: dict[str, Any], target: list[str]) -> Iterator[Row]:
    pairs = zip(key["parent_columns"], key["child_columns"], strict=True)
    for number, (referred, column) in enumerate(pairs, 1):
        yield [
            *(*target, referred, *names, column, str(number), NO_ACTION, NO_ACTION),
            *(key["name"], None, NOT_DEFERRABLE),
        ]


def _constraints(info: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item[kind] for item in info.get(FIELD) or [] if item.get(kind)]
