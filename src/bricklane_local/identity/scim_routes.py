"""Routes of users, service principals and groups (SCIM 2.0), and of the caller.

Source: https://docs.databricks.com/api/workspace/serviceprincipals and RFC 7644.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from bricklane_local.app.asgi import json_response
from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route
from bricklane_local.identity.groups import Groups
from bricklane_local.identity.members import TYPES, Members, ResourceType
from bricklane_local.identity.principals import PrincipalKind
from bricklane_local.identity.scim import ScimError, chosen, page

PATH = "/api/2.0/preview/scim/v2"


def _members(call: Call) -> Members:
    return call.scope.members


def _groups(call: Call) -> Groups:
    return call.scope.groups


def _require_admin(call: Call, what: str) -> None:
    if not call.caller.is_admin:
        raise ScimError(403, f"Only {call.scope.kind} administrators can {what}")


def _operations(call: Call) -> list[Any]:
    operations = call.body.get("Operations") or []
    if not isinstance(operations, list) or not all(isinstance(item, dict) for item in operations):
        raise ScimError(400, "Operations must be a list of objects", "invalidSyntax")
    return operations


def me(call: Call) -> dict[str, Any]:
    """Describe the caller: a user, or a service principal by its application id as user name."""
    caller = call.caller
    row = next(row for row in TYPES.values() if row.kind is caller.kind)
    shown = _members(call).show(row, caller)
    shown["schemas"] = [TYPES["Users"].schema]
    shown["userName"] = shown.pop(row.key)
    return shown


def list_principals(row: ResourceType, call: Call) -> dict[str, Any]:
    """List the principals of a kind."""
    return page(_members(call).all(row, call.caller), call.query)


def get_principal(row: ResourceType, call: Call) -> dict[str, Any]:
    """Return a principal; who is no administrator sees only its names."""
    found = _members(call).get(row, call.path["id"])
    shown = next(r for r in _members(call).all(row, call.caller) if r["id"] == found.id)
    return chosen(shown, call.query)


def create_principal(row: ResourceType, call: Call) -> Response:
    """Add a principal."""
    _require_admin(call, f"add a {row.noun.lower()}")
    made = _members(call).create(row, call.body, call.caller)
    return json_response(_members(call).show(row, made), 201)


def patch_principal(row: ResourceType, call: Call) -> dict[str, Any]:
    """Change a principal."""
    _require_admin(call, f"change a {row.noun.lower()}")
    principal = _members(call).get(row, call.path["id"])
    _members(call).patch(row, principal, _operations(call))
    return get_principal(row, call)


def put_principal(row: ResourceType, call: Call) -> dict[str, Any]:
    """Replace the changeable attributes of a principal."""
    _require_admin(call, f"change a {row.noun.lower()}")
    principal = _members(call).get(row, call.path["id"])
    _members(call).save(row, principal, call.body)
    return get_principal(row, call)


def delete_principal(row: ResourceType, call: Call) -> Response:
    """Remove a principal from the workspace."""
    _require_admin(call, f"remove a {row.noun.lower()}")
    _members(call).delete(row, _members(call).get(row, call.path["id"]))
    return Response(status_code=204)


def list_groups(call: Call) -> dict[str, Any]:
    """List the groups."""
    return page(_groups(call).all(), call.query)


def get_group(call: Call) -> dict[str, Any]:
    """Return a group."""
    return chosen(_groups(call).show(_groups(call).get(call.path["id"])), call.query)


def create_group(call: Call) -> Response:
    """Make a group."""
    _require_admin(call, "add a group")
    made = _groups(call).create(call.body)
    return json_response(_groups(call).show(made), 201)


def patch_group(call: Call) -> dict[str, Any]:
    """Change a group's members."""
    _require_admin(call, "change a group")
    with call.cloud.database.transaction():
        _groups(call).patch(_groups(call).get(call.path["id"]), _operations(call))
    return get_group(call)


def put_group(call: Call) -> dict[str, Any]:
    """Replace a group's members."""
    _require_admin(call, "change a group")
    with call.cloud.database.transaction():
        _groups(call).save(_groups(call).get(call.path["id"]), call.body)
    return get_group(call)


def delete_group(call: Call) -> Response:
    """Delete a group."""
    _require_admin(call, "delete a group")
    _groups(call).delete(_groups(call).get(call.path["id"]))
    return Response(status_code=204)


def _principal_routes(path: str, name: str, row: ResourceType, client: str) -> list[Route]:
    one = f"{path}/{name}/{{id}}"
    plain = {PrincipalKind.USER: "users", PrincipalKind.SERVICE_PRINCIPAL: "service-principals"}
    proof = f"{client} {plain[row.kind]}"
    sdk = f"iam.{name}V2API"
    return [
        Route("GET", f"{path}/{name}", partial(list_principals, row), proved_by=f"{proof} list"),
        Route(
            "POST",
            f"{path}/{name}",
            partial(create_principal, row),
            sdk=f"{sdk}.create",
            proved_by=f"{proof} create",
        ),
        Route("GET", one, partial(get_principal, row), proved_by=f"{proof} get"),
        Route("PATCH", one, partial(patch_principal, row), proved_by=f"{proof} patch"),
        Route(
            "PUT",
            one,
            partial(put_principal, row),
            sdk=f"{sdk}.update",
            proved_by=f"{proof} update",
        ),
        Route("DELETE", one, partial(delete_principal, row), proved_by=f"{proof} delete"),
    ]


def _group_routes(path: str, client: str) -> list[Route]:
    one = f"{path}/Groups/{{id}}"
    return [
        Route("GET", f"{path}/Groups", list_groups, proved_by=f"{client} groups list"),
        Route("POST", f"{path}/Groups", create_group, proved_by=f"{client} groups create"),
        Route("GET", one, get_group, proved_by=f"{client} groups get"),
        Route("PATCH", one, patch_group, proved_by=f"{client} groups patch"),
        Route("PUT", one, put_group, proved_by=f"{client} groups update"),
        Route("DELETE", one, delete_group, proved_by=f"{client} groups delete"),
    ]


def routes(path: str, client: str) -> list[Route]:
    """Return the routes of SCIM below ``path``, as the program ``client`` uses them."""
    return [
        *(
            route
            for name, row in TYPES.items()
            for route in _principal_routes(path, name, row, client)
        ),
        *_group_routes(path, client),
    ]


ROUTES = [
    Route("GET", f"{PATH}/Me", me, proved_by="databricks current-user me"),
    *routes(PATH, "databricks"),
]
