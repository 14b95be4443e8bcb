"""Routes of secrets and variables, of repositories and of environments alike."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply
from bricklane_local.forge.secrets.service import Entry, store_of
from bricklane_local.forge.times import moment


def _store(call: ForgeCall) -> str:
    """Return the store that the path names; its environment must exist."""
    name = call.path.get("environment")
    if name is None:
        return store_of(call.repository)
    return store_of(call.repository, call.forge.environments.get(call.repository, name).name)


def _secret_wire(secret: Entry) -> dict[str, Any]:
    return {
        "name": secret.name,
        "created_at": moment(secret.created_at),
        "updated_at": moment(secret.updated_at),
    }


def _variable_wire(variable: Entry) -> dict[str, Any]:
    return {**_secret_wire(variable), "value": variable.value}


def public_key(call: ForgeCall) -> dict[str, Any]:
    """Return the key that a client seals values with."""
    number, key = call.forge.secrets.keys.public(_store(call))
    return {"key_id": number, "key": key}


def list_secrets(call: ForgeCall) -> Listing:
    """List secrets: names and times, never values."""
    return Listing(call.forge.secrets.all(_store(call)), _secret_wire, wrap="secrets")


def get_secret(call: ForgeCall) -> dict[str, Any]:
    """Return name and times of a secret."""
    return _secret_wire(call.forge.secrets.get(_store(call), call.path["name"]))


def put_secret(call: ForgeCall) -> Reply:
    """Store a secret."""
    new = call.forge.secrets.save(
        _store(call), call.path["name"], call.text("encrypted_value"), call.text("key_id")
    )
    return Reply(201, {}) if new else Reply(204)


def delete_secret(call: ForgeCall) -> None:
    """Remove a secret."""
    call.forge.secrets.delete(_store(call), call.path["name"])


def list_variables(call: ForgeCall) -> Listing:
    """List variables."""
    return Listing(call.forge.variables.all(_store(call)), _variable_wire, wrap="variables")


def create_variable(call: ForgeCall) -> Reply:
    """Make a variable."""
    name = call.text("name")
    call.forge.variables.create(_store(call), name, call.text("value"))
    location = f"{call.forge.url}{call.request.scope['path']}/{quote(name.upper(), safe='')}"
    return Reply(201, {}, {"Location": location})


def get_variable(call: ForgeCall) -> dict[str, Any]:
    """Return one variable."""
    return _variable_wire(call.forge.variables.get(_store(call), call.path["name"]))


def update_variable(call: ForgeCall) -> None:
    """Change name or value of a variable."""
    call.forge.variables.update(
        _store(call),
        call.path["name"],
        call.optional_text("name"),
        call.optional_text("value"),
    )


def delete_variable(call: ForgeCall) -> None:
    """Remove a variable."""
    call.forge.variables.delete(_store(call), call.path["name"])


REPO = "/repos/{owner}/{repo}"
# Where a store is → the permission that it takes.
PLACES = {
    REPO + "/actions": ("secrets", "variables"),
    REPO + "/environments/{environment:path}": ("environments", "environments"),
}
TABLE: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/secrets/public-key", public_key, 0, "read"),
    ("GET", "/secrets", list_secrets, 0, "read"),
    ("GET", "/secrets/{name}", get_secret, 0, "read"),
    ("PUT", "/secrets/{name}", put_secret, 0, "write"),
    ("DELETE", "/secrets/{name}", delete_secret, 0, "write"),
    ("GET", "/variables", list_variables, 1, "read"),
    ("POST", "/variables", create_variable, 1, "write"),
    ("GET", "/variables/{name}", get_variable, 1, "read"),
    ("PATCH", "/variables/{name}", update_variable, 1, "write"),
    ("DELETE", "/variables/{name}", delete_variable, 1, "write"),
]
ROUTES = [
    ForgeRoute(
        method,
        place + path,
        handler,
        (f"{permissions[which]}:{level}",),
        "write" if level == "read" else "admin",
    )
    for place, permissions in PLACES.items()
    for method, path, handler, which, level in TABLE
]
