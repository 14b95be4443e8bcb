"""What the bundle builds with in a target: as the Databricks CLI resolves it, or as written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bricklane.doctor.entering import Entry
from bricklane.doctor.model import Link, NotChecked, Result, TargetCheck, passed
from bricklane.errors import BricklaneError

if TYPE_CHECKING:
    from bricklane.doctor.target import Target

CATALOG, WAREHOUSE = "catalog", "warehouse_id"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the bundle builds with.

    Args:
        catalogs: names.
        schemas: full names of the schemas that it makes.
        warehouses: ids of SQL warehouses.
        warehouse_names: names of SQL warehouses that it looks up.
    """

    catalogs: tuple[str, ...]
    schemas: tuple[str, ...] = ()
    warehouses: tuple[str, ...] = ()
    warehouse_names: tuple[str, ...] = ()


def validate(target: Target) -> Mapping[str, Any]:
    """Return the bundle as the Databricks CLI resolves it for a target.

    Raises:
        NotChecked: when nobody is signed in to the workspace.
        BricklaneError: with every problem that the CLI found.
    """
    from bricklane.bundle import cli
    from bricklane.bundle.commands import Bundle
    from bricklane.tools.discovery import require
    from bricklane.tools.table import DATABRICKS

    world, entry = target.world, target.entry
    if not isinstance(entry, Entry):
        raise NotChecked("nobody is signed in to the workspace")
    bundle = Bundle(
        program=require(DATABRICKS, world.environment),
        root=world.bundle.root,
        target=target.name,
        environment={**_variables(target), **entry.environment},
        remove=entry.remove,
        secrets=world.hidden,
    )
    return cli.validate(bundle)


def _variables(target: Target) -> dict[str, str]:
    """Return the bundle's variables that the workflow gives a value, as far as it is known."""
    delivery = target.world.delivery(target.name)
    given = delivery.bundle_variables if delivery else {}
    values = {f"BUNDLE_VAR_{name}": target.variable(of) for name, of in given.items()}
    own = target.world.environment
    return {name: value for name, value in values.items() if value and not own.get(name)}


def resolved(target: Target) -> Resolved:
    """Return what the bundle builds with."""
    try:
        document = target.validated
    except BricklaneError:
        return _written(target)
    resources = _table(document, "resources")
    schemas = list(_table(resources, "schemas").values())
    homes = [row for kind in ("schemas", "volumes") for row in _table(resources, kind).values()]
    named = _table(_table(document, "variables"), CATALOG).get("value")
    catalogs = [str(row.get("catalog_name") or "") for row in homes]
    return Resolved(
        catalogs=_distinct([*catalogs, *([named] if isinstance(named, str) else [])]),
        schemas=_distinct(f"{row.get('catalog_name')}.{row.get('name')}" for row in schemas),
        warehouses=_distinct(_ids(resources)),
        warehouse_names=target.world.bundle.warehouses,
    )


def _written(target: Target) -> Resolved:
    """Return what the files say, where nothing resolves them."""
    catalog = target.value(target.declared.variables.get(CATALOG, ""))
    return Resolved(_distinct([catalog]), warehouse_names=target.world.bundle.warehouses)


def _distinct(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _ids(value: Any) -> Iterator[str]:
    """Yield the ids of warehouses anywhere below a value."""
    if isinstance(value, list):
        for item in value:
            yield from _ids(item)
    if isinstance(value, dict):
        for key, item in value.items():
            if key == WAREHOUSE and isinstance(item, str):
                yield item
            else:
                yield from _ids(item)


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def valid(target: Target) -> Result:
    """Validate the bundle in the workspace; without a way in, at least its files are read."""
    from bricklane.bundle.static import check_files

    try:
        document = target.validated
    except NotChecked as reason:
        count = check_files(target.world.bundle.root)
        raise NotChecked(
            f"{count} files are sound; in no workspace, because {reason.message}"
        ) from None
    where = _table(document, "workspace").get("root_path")
    return passed(f"valid; deployed to {where}" if where else "valid")


BUNDLE = Link(
    "bundle",
    target_checks=(
        TargetCheck(
            "bundle.valid",
            "validate",
            "The Databricks CLI accepts the bundle for the target.",
            valid,
            ("tools.databricks", "project.settings", "identity.access", "data.warehouse"),
        ),
    ),
)
