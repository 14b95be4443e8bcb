"""What can be done with the keys of tables: they are kept and shown, nothing enforces them.

Source: https://docs.databricks.com/api/workspace/tableconstraints.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog import tables
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import TABLE
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.names import full_name_of
from bricklane_local.catalog.privileges import SELECT

# The field of a table that holds them, in answers too.
FIELD = "table_constraints"
PRIMARY, FOREIGN = "primary_key_constraint", "foreign_key_constraint"


def create(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Add a key to a table.

    Raises:
        ApiError: CONSTRAINT_ALREADY_EXISTS, INVALID_PARAMETER_VALUE for columns that do not fit,
            PERMISSION_DENIED, or NOT_IMPLEMENTED for constraints without columns.
    """
    table = full_name_of(fields["full_name_arg"], TABLE)
    metastore.standing(caller, TABLE, table).require_management()
    constraint = fields["constraint"]
    kind = next((name for name in (PRIMARY, FOREIGN) if constraint.get(name)), None)
    if kind is None:
        raise invalid(f"constraint must have {PRIMARY} or {FOREIGN}")
    key = constraint[kind]
    kept = metastore.body(TABLE, table).get(FIELD) or []
    _require_new(table, kept, kind, key)
    if kind == PRIMARY:
        _check_primary(metastore, table, key)
    else:
        key = _checked_foreign(metastore, table, key, caller)
    metastore.update(TABLE, table, {FIELD: [*kept, {kind: key}]}, caller)
    return {kind: key}


def delete(metastore: Metastore, table: str, name: str, caller: Caller, *, cascade: bool) -> None:
    """Take a key away, and with ``cascade`` the foreign keys that refer to it.

    Raises:
        ApiError: CONSTRAINT_DOES_NOT_EXIST, INVALID_STATE when foreign keys refer to it, or
            PERMISSION_DENIED.
    """
    table = full_name_of(table, TABLE)
    metastore.standing(caller, TABLE, table).require_management()
    kept = metastore.body(TABLE, table).get(FIELD) or []
    gone = [item for item in kept if _key(item)["name"].lower() == name.lower()]
    if not gone:
        raise ApiError(
            "CONSTRAINT_DOES_NOT_EXIST", f"Constraint '{name}' of table '{table}' does not exist."
        )
    referring = _referring(metastore, table) if PRIMARY in gone[0] else []
    if referring and not cascade:
        names = ", ".join(f"'{key['name']}' of '{other}'" for other, key in referring)
        raise ApiError(
            "INVALID_STATE",
            f"Foreign keys refer to the primary key of '{table}': {names}. Drop them first, or "
            "set cascade to true",
        )
    with metastore.database.transaction():
        _keep(metastore, table, [item for item in kept if item not in gone])
        for other, key in referring:
            others = metastore.body(TABLE, other)[FIELD]
            _keep(metastore, other, [item for item in others if _key(item) != key])


def _keep(metastore: Metastore, table: str, keys: list[dict[str, Any]]) -> None:
    body = metastore.body(TABLE, table)
    metastore.space.update(TABLE.name, table, body | {FIELD: keys})


def _key(item: dict[str, Any]) -> dict[str, Any]:
    (key,) = item.values()
    found: dict[str, Any] = key
    return found


def _referring(metastore: Metastore, table: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (document.key, item[FOREIGN])
        for document in metastore.children(TABLE)
        for item in document.body.get(FIELD) or []
        if FOREIGN in item and item[FOREIGN]["parent_table"] == table
    ]


def _require_new(table: str, kept: list[dict[str, Any]], kind: str, key: dict[str, Any]) -> None:
    if not key.get("name") or not key.get("child_columns"):
        raise invalid(f"{kind} must have a name and child_columns")
    same = [item for item in kept if _key(item)["name"].lower() == key["name"].lower()]
    if same or (kind == PRIMARY and any(PRIMARY in item for item in kept)):
        taken = _key(same[0])["name"] if same else "a primary key"
        raise ApiError("CONSTRAINT_ALREADY_EXISTS", f"Table '{table}' already has {taken}")


def _columns(metastore: Metastore, table: str) -> dict[str, dict[str, Any]]:
    info = tables.info(metastore, table, metastore.body(TABLE, table))
    return {column["name"].lower(): column for column in info.get("columns") or []}


def _check_primary(metastore: Metastore, table: str, key: dict[str, Any]) -> None:
    known = _columns(metastore, table)
    _require_known(table, known, key["child_columns"])
    for name in key["child_columns"]:
        if known[name.lower()].get("nullable", True):
            raise invalid(
                f"Column '{name}' of table '{table}' cannot be part of a primary key because it "
                "allows NULL; run ALTER TABLE … ALTER COLUMN … SET NOT NULL first"
            )


def _checked_foreign(
    metastore: Metastore, table: str, key: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    parent = full_name_of(key.get("parent_table") or "", TABLE)
    metastore.standing(caller, TABLE, parent).require(SELECT)
    _require_known(table, _columns(metastore, table), key["child_columns"])
    primary = next(
        (
            item[PRIMARY]["child_columns"]
            for item in metastore.body(TABLE, parent).get(FIELD) or []
            if PRIMARY in item
        ),
        None,
    )
    if primary is None:
        raise invalid(f"Table '{parent}' has no primary key for a foreign key to refer to")
    parents = key.get("parent_columns") or primary
    if [name.lower() for name in parents] != [name.lower() for name in primary]:
        raise invalid(
            f"A foreign key to '{parent}' must refer to the columns of its primary key, "
            f"{', '.join(primary)}; got {', '.join(parents)}"
        )
    if len(parents) != len(key["child_columns"]):
        raise invalid(
            f"A foreign key to '{parent}' needs {len(parents)} columns, "
            f"got {len(key['child_columns'])}"
        )
    return key | {"parent_table": parent, "parent_columns": parents}


def _require_known(table: str, known: dict[str, Any], names: list[str]) -> None:
    for name in names:
        if name.lower() not in known:
            raise invalid(f"Table '{table}' has no column '{name}'")
