"""Names of securables: normal form, and what is refused.

Source: https://docs.databricks.com/en/sql/language-manual/sql-ref-names.html and
https://docs.databricks.com/en/data-governance/unity-catalog/#securable-object-naming-requirements:
names are kept in lower case, have at most 255 characters, and hold no period, space, slash or
control character.
"""

from __future__ import annotations

import re

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.kinds import Kind

MAXIMUM_LENGTH = 255
FORBIDDEN = re.compile(r"[./ \x00-\x1f\x7f]")
FULL_NAME_SHAPES = {1: "catalog", 2: "catalog.schema", 3: "catalog.schema.name"}


def normal(name: str, noun: str) -> str:
    """Return ``name`` in lower case.

    Args:
        name: one part of a full name.
        noun: what it names, for the message.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it is empty, too long or has a forbidden character.
    """
    found = FORBIDDEN.search(name)
    if found:
        raise invalid(
            f"{noun} name {name!r} is not valid: it must not contain {found.group()!r}; "
            "periods, spaces, slashes and control characters are not allowed"
        )
    if not name or len(name) > MAXIMUM_LENGTH:
        raise invalid(f"{noun} name must have 1 to {MAXIMUM_LENGTH} characters, got {len(name)}")
    if name in {"..", "."}:
        raise invalid(f"{noun} name {name!r} is not valid")
    return name.lower()


def parts_of(full_name: str, kind: Kind) -> list[str]:
    """Return the parts of a full name, in lower case.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it has not as many parts as its kind needs.
    """
    parts = full_name.split(".")
    if len(parts) != kind.depth or not all(parts):
        raise invalid(
            f"{kind.noun} name '{full_name}' is not valid: "
            f"it must have the form {FULL_NAME_SHAPES[kind.depth]}"
        )
    return [part.lower() for part in parts]


def full_name_of(full_name: str, kind: Kind) -> str:
    """Return a full name in its normal form."""
    return ".".join(parts_of(full_name, kind))


def parent_of(full_name: str) -> str:
    """Return the full name of what holds a securable; of a catalog, the empty string."""
    return full_name.rpartition(".")[0]
