"""Names of resources as paths, and changes by field masks, as these APIs write both."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from bricklane_local.app.errors import invalid

Body = dict[str, Any]
PREFIX = "/api/2.0/postgres/"
ID = re.compile(r"[a-z][a-z0-9-]{0,61}[a-z0-9]")


def project_of(name: str) -> str:
    """Return the id of the project in a name, "" when it is in none."""
    parts = name.split("/")
    return parts[1] if parts[0] == "projects" else ""


def parent_of(name: str) -> str:
    """Return the name of what holds a resource, "" for one that nothing holds."""
    return "/".join(name.split("/")[:-2])


def check_id(field: str, value: str) -> None:
    """Refuse what cannot be the last part of a name.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE.
    """
    if not ID.fullmatch(value):
        raise invalid(
            f"{field} must be 2 to 63 lower-case letters, digits and dashes, beginning with a "
            f"letter; got {value!r}"
        )


def snake_case(path: str) -> str:
    """Return a path of a field mask as fields are called; masks of SDKs write it in camel case."""
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), path)


def masked(old: Body, sent: Body, mask: str) -> Body:
    """Return a resource with those fields changed that a mask names.

    Args:
        old: the resource.
        sent: the new values; a field that is masked and not there is removed.
        mask: paths with dots between fields, and commas between paths; "*" for all of ``sent``.
    """
    changed = deepcopy(old)
    for path in list(sent) if mask == "*" else mask.split(","):
        *parents, last = snake_case(path.strip()).split(".")
        source: Any = sent
        target = changed
        for name in parents:
            source = (source or {}).get(name)
            target = target.setdefault(name, {})
        value = (source or {}).get(last)
        if value is None:
            target.pop(last, None)
        else:
            target[last] = value
    return changed
