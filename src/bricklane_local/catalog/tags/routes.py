"""Routes of tags.

Source: https://docs.databricks.com/api/workspace/entitytagassignments.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.pages import page
from bricklane_local.catalog.tags import service
from bricklane_local.catalog.tags.service import Entity


def _entity(call: Call) -> Entity:
    path = call.path
    return Entity(call.cloud.metastore, path["kind"], path["name"], caller_of(call))


def create(call: Call) -> dict[str, Any]:
    """Give a securable or column a tag."""
    metastore, caller = call.cloud.metastore, caller_of(call)
    entity = Entity(metastore, call.text("entity_type"), call.text("entity_name"), caller)
    return service.assign(entity, call.text("tag_key"), call.body.get("tag_value") or "", new=True)


def get(call: Call) -> dict[str, Any]:
    """Return one tag."""
    entity, key = _entity(call), call.path["key"]
    entity.standing.require_seen(browse=True)
    tag = entity.tags().get(key)
    if tag is None:
        raise service.missing(key, entity.name)
    return entity.info(key, tag)


def list_all(call: Call) -> dict[str, Any]:
    """List the tags of a securable or column."""
    entity = _entity(call)
    entity.standing.require_seen(browse=True)
    found = [entity.info(key, tag) for key, tag in sorted(entity.tags().items())]
    return page(call, "tag_assignments", found)


def update(call: Call) -> dict[str, Any]:
    """Change the value of a tag."""
    value = call.body.get("tag_value") or ""
    return service.assign(_entity(call), call.path["key"], value, new=False)


def delete(call: Call) -> None:
    """Take a tag away."""
    service.remove(_entity(call), call.path["key"])


ALL = f"{UNITY}/entity-tag-assignments"
TAGS = f"{ALL}/{{kind}}/{{name}}/tags"
ONE = f"{TAGS}/{{key}}"
# The body of a request is the assignment itself.
BODY, PROOF = "catalog.EntityTagAssignment", "databricks-sdk, Spark"
ROUTES = [
    Route("POST", ALL, create, sdk=BODY, proved_by=PROOF),
    Route("GET", TAGS, list_all, proved_by="databricks-sdk"),
    Route("GET", ONE, get, proved_by=PROOF),
    Route("PATCH", ONE, update, sdk=BODY, proved_by=PROOF),
    Route("DELETE", ONE, delete, proved_by=PROOF),
]
