"""Routes of secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Route
from bricklane_local.secrets.service import Secrets


def _secrets(call: Call) -> Secrets:
    return call.workspace.secrets


def create_scope(call: Call) -> None:
    """Make a scope."""
    backend = call.body.get("scope_backend_type") or "DATABRICKS"
    if backend != "DATABRICKS":
        raise invalid(
            f"scope_backend_type {backend} is not supported by the local workspace: use DATABRICKS"
        )
    manager = call.body.get("initial_manage_principal")
    _secrets(call).create_scope(call.text("scope"), call.caller, manager)


def list_scopes(call: Call) -> dict[str, Any]:
    """List all scopes."""
    found = _secrets(call).scopes()
    return {"scopes": found} if found else {}


def delete_scope(call: Call) -> None:
    """Delete a scope."""
    _secrets(call).delete_scope(call.text("scope"))


def put(call: Call) -> None:
    """Store a secret."""
    text, encoded = call.body.get("string_value"), call.body.get("bytes_value")
    _secrets(call).put(call.text("scope"), call.text("key"), text, encoded)


def get(call: Call) -> dict[str, Any]:
    """Return a secret."""
    return _secrets(call).get(call.text("scope"), call.text("key"))


def list_keys(call: Call) -> dict[str, Any]:
    """List the keys of a scope."""
    found = _secrets(call).keys(call.text("scope"))
    return {"secrets": found} if found else {}


def delete(call: Call) -> None:
    """Delete a secret."""
    _secrets(call).delete(call.text("scope"), call.text("key"))


def put_acl(call: Call) -> None:
    """Set a principal's permission."""
    _secrets(call).put_acl(call.text("scope"), call.text("principal"), call.text("permission"))


def get_acl(call: Call) -> dict[str, Any]:
    """Return a principal's permission."""
    return _secrets(call).get_acl(call.text("scope"), call.text("principal"))


def list_acls(call: Call) -> dict[str, Any]:
    """List a scope's permissions."""
    found = _secrets(call).acls(call.text("scope"))
    return {"items": found} if found else {}


def delete_acl(call: Call) -> None:
    """Remove a principal's permission."""
    _secrets(call).delete_acl(call.text("scope"), call.text("principal"))


def _guarded(handler: Callable[[Call], Any], level: str) -> Callable[[Call], Any]:
    """Return ``handler`` for those only who hold ``level`` on the scope; "" lets everybody."""

    def checked(call: Call) -> Any:
        if level:
            _secrets(call).require(call.text("scope"), call.caller, level)
        return handler(call)

    return checked


# Method, path, handler, method of the SDK, level that the caller needs on the scope.
TABLE: list[tuple[str, str, Callable[[Call], Any], str | None, str]] = [
    ("POST", "scopes/create", create_scope, "create_scope", ""),
    ("GET", "scopes/list", list_scopes, None, ""),
    ("POST", "scopes/delete", delete_scope, "delete_scope", "MANAGE"),
    ("POST", "put", put, "put_secret", "WRITE"),
    ("GET", "get", get, None, "READ"),
    ("GET", "list", list_keys, None, "READ"),
    ("POST", "delete", delete, "delete_secret", "WRITE"),
    ("POST", "acls/put", put_acl, "put_acl", "MANAGE"),
    ("GET", "acls/get", get_acl, None, "MANAGE"),
    ("GET", "acls/list", list_acls, None, "MANAGE"),
    ("POST", "acls/delete", delete_acl, "delete_acl", "MANAGE"),
]
ROUTES = [
    Route(
        method,
        f"/api/2.0/secrets/{path}",
        _guarded(handler, level),
        sdk=name and f"workspace.SecretsAPI.{name}",
        proved_by="databricks secrets",
    )
    for method, path, handler, name, level in TABLE
]
