"""The link of what the service principal needs in the workspace: catalog, schema, warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bricklane.doctor.model import (
    Link,
    NotApplicable,
    NotChecked,
    Result,
    TargetCheck,
    failed,
    not_applicable,
    passed,
)
from bricklane.doctor.principals import WORKSPACE, look_in
from bricklane.doctor.resolved import resolved
from bricklane.project.bundlefile import DEVELOPMENT

if TYPE_CHECKING:
    from databricks.sdk.service.catalog import CatalogInfo, SchemaInfo

    from bricklane.doctor.principals import Principal
    from bricklane.doctor.target import Target

ALL, MANAGE = "ALL_PRIVILEGES", "MANAGE"
USE_CATALOG, CREATE_SCHEMA, USE_SCHEMA = "USE_CATALOG", "CREATE_SCHEMA", "USE_SCHEMA"
# Levels that let run statements on a warehouse
# (https://docs.databricks.com/security/auth/access-control/#sql-warehouse-acls).
USING = frozenset({"CAN_USE", "CAN_MONITOR", "CAN_MANAGE", "IS_OWNER"})


def _principal(target: Target) -> Principal:
    found = target.principal
    if found is None:
        raise NotChecked(f"there is no service principal {target.client_id}")
    return found


def _names(target: Target) -> frozenset[str]:
    """Return the names by which something may be granted to the principal in the workspace."""
    found = _principal(target)
    if found.place == WORKSPACE:
        return found.names
    principals = target.workspace.service_principals
    here = target.once("here", lambda: look_in(WORKSPACE, principals, found.application_id))
    return found.names | (here.names if here else frozenset())


def _catalogs(target: Target) -> dict[str, CatalogInfo | None]:
    """Return the catalogs that the bundle builds in, by name; None for one that is not there.

    Raises:
        NotApplicable: when it builds in none.
    """
    from databricks.sdk.errors import NotFound

    names = resolved(target).catalogs
    if not names:
        raise NotApplicable("the bundle names no catalog")

    def look(name: str) -> CatalogInfo | None:
        try:
            return target.workspace.catalogs.get(name)
        except NotFound:
            return None

    return target.once("catalogs", lambda: {name: look(name) for name in names})


def catalog(target: Target) -> Result:
    """Look for the catalog, and whether the principal may use it."""
    found, who = _catalogs(target), _principal(target)
    for name, info in found.items():
        if info is None:
            return failed(
                f"there is no catalog {name} in the workspace's metastore",
                "bricklane bootstrap, or name another: the bundle's variable catalog",
            )
        if not _owned(info.owner, target) and not _holds(target, "catalog", name, USE_CATALOG):
            return failed(
                f"{who.name} has no USE CATALOG on {name}",
                f"GRANT USE CATALOG ON CATALOG {name} TO `{who.application_id}`",
            )
    return passed(f"USE CATALOG on {', '.join(found)}")


def _owned(owner: str | None, target: Target) -> bool:
    return owner in _names(target)


def _holds(target: Target, kind: str, name: str, *privileges: str) -> bool:
    """Say whether the principal holds one of some privileges, by itself, a group or a parent."""
    wanted, names = {*privileges, ALL}, _names(target)
    return any(
        holder in names and privilege in wanted
        for holder, privilege in _effective(target, kind, name)
    )


def _effective(target: Target, kind: str, name: str) -> list[tuple[str, str]]:
    return target.once(f"grants of {kind} {name}", lambda: list(_granted(target, kind, name)))


def _granted(target: Target, kind: str, name: str) -> Iterator[tuple[str, str]]:
    grants, page = target.workspace.grants, None
    while True:
        found = grants.get_effective(kind, name, max_results=0, page_token=page)
        for row in found.privilege_assignments or ():
            for one in row.privileges or ():
                if row.principal and one.privilege:
                    yield row.principal, one.privilege.value
        page = found.next_page_token
        if not page:
            return


def schema(target: Target) -> Result:
    """Look whether the principal may make the bundle's schemas, or use those that are there."""
    catalogs, who = _catalogs(target), _principal(target)
    wanted = [] if target.declared.mode == DEVELOPMENT else resolved(target).schemas
    told = []
    present = {full: _schema(target, full) for full in wanted}
    for full, info in present.items():
        if info is None:
            continue
        if not _owned(info.owner, target) and not _holds(
            target, "schema", full, MANAGE, USE_SCHEMA
        ):
            return failed(
                f"schema {full} is there, and {who.name} may neither manage nor use it"
                f" (it is {info.owner}'s)",
                f"GRANT MANAGE, USE SCHEMA ON SCHEMA {full} TO `{who.application_id}`",
            )
        told.append(full)
    missing = {full.partition(".")[0] for full, info in present.items() if info is None}
    for name, info_ in catalogs.items():
        if present and name not in missing:
            continue
        owner = info_.owner if info_ else None
        if not _owned(owner, target) and not _holds(target, "catalog", name, CREATE_SCHEMA):
            return failed(
                f"{who.name} has no CREATE SCHEMA on {name}",
                f"GRANT CREATE SCHEMA ON CATALOG {name} TO `{who.application_id}`",
            )
        told.append(f"CREATE SCHEMA on {name}")
    return passed(", ".join(told))


def _schema(target: Target, full_name: str) -> SchemaInfo | None:
    from databricks.sdk.errors import NotFound

    try:
        return target.workspace.schemas.get(full_name)
    except NotFound:
        return None


def warehouse(target: Target) -> Result:
    """Look for the warehouses that the bundle names, and whether the principal may use them."""
    found = resolved(target)
    if not found.warehouses and not found.warehouse_names:
        return not_applicable("the bundle names no SQL warehouse")
    who, client = _principal(target), target.workspace
    known = {str(row.id): str(row.name) for row in client.warehouses.list()}
    by_name = {name: number for number, name in known.items()}
    for name in found.warehouse_names:
        if name not in by_name:
            return failed(
                f"there is no SQL warehouse {name}; there are: {', '.join(sorted(by_name))}",
                "name another in the bundle's variable, or make it: bricklane bootstrap",
            )
    numbers = {*found.warehouses, *(by_name[name] for name in found.warehouse_names)}
    for number in sorted(numbers):
        if number not in known:
            return failed(
                f"there is no SQL warehouse with the id {number}",
                "let a variable of the bundle look it up by name",
            )
        if not _may_use(target, number):
            return failed(
                f"{who.name} may not use the SQL warehouse {known[number]}",
                f"databricks permissions update warehouses {number} --json"
                ' \'{"access_control_list": [{"service_principal_name":'
                f' "{who.application_id}", "permission_level": "CAN_USE"}}]}}\'',
            )
    return passed(", ".join(known[number] for number in sorted(numbers)))


def _may_use(target: Target, number: str) -> bool:
    listed = target.workspace.permissions.get("warehouses", number)
    names = {*_names(target), "users"}
    return any(
        {row.service_principal_name, row.group_name} & names
        and any(_level(one.permission_level) in USING for one in row.all_permissions or ())
        for row in listed.access_control_list or ()
    )


def _level(level: object) -> str:
    return str(getattr(level, "value", level))


ENTERED = ("identity.assigned", "identity.access")
DATA = Link(
    "data",
    target_checks=(
        TargetCheck(
            "data.catalog",
            "catalog",
            "The catalog is there, and the service principal may use it.",
            catalog,
            ENTERED,
        ),
        TargetCheck(
            "data.schema",
            "schema",
            "The service principal may make the bundle's schema, or use the one there is.",
            schema,
            ("data.catalog",),
        ),
        TargetCheck(
            "data.warehouse",
            "SQL warehouse",
            "The warehouse that the bundle names is there, and the principal may use it.",
            warehouse,
            ENTERED,
        ),
    ),
)
