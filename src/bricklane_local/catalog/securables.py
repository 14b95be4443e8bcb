"""Securables: what privileges can be granted on, and what holds what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.kinds import CATALOG, METASTORE, SCHEMA, Kind
from bricklane_local.catalog.names import parent_of
from bricklane_local.store.database import Space

# Owns what came with the metastore: nobody may change that, administrators included.
SYSTEM = "System user"
# The field of a document that holds the bindings, by workspace id; answers leave it out.
BINDINGS = "workspace_bindings"
# The fields that hold tags: by key, and of columns by column and key; answers leave them out too.
TAGS, COLUMN_TAGS = "entity_tags", "column_tags"
HIDDEN = frozenset({BINDINGS, TAGS, COLUMN_TAGS})
# Catalogs spell the isolation mode in one way, everything else in another.
ISOLATED = ("ISOLATED", "ISOLATION_MODE_ISOLATED")
READ_WRITE, READ_ONLY = "BINDING_TYPE_READ_WRITE", "BINDING_TYPE_READ_ONLY"


@dataclass(frozen=True, slots=True)
class Securable:
    """Something that privileges can be granted on.

    Args:
        kind: which kind.
        full_name: its full name.
        id: by which its grants are kept, so that they survive a new name.
        owner: the user, service principal or group that owns it.
        bindings: binding type by id of a workspace that may use it; None when all may.
    """

    kind: Kind
    full_name: str
    id: str
    owner: str
    bindings: dict[str, str] | None = None

    def is_bound_to(self, workspace_id: int) -> bool:
        """Say whether a workspace may use it at all, reading or writing."""
        return self.bindings is None or str(workspace_id) in self.bindings


class Securables:
    """Finds the securables of a metastore.

    Args:
        space: where they are kept.
    """

    def __init__(self, space: Space) -> None:
        self._space = space

    def metastore(self) -> Securable:
        """Return the metastore itself.

        Raises:
            ApiError: METASTORE_DOES_NOT_EXIST when the account has deleted it.
        """
        body = self._space.get(METASTORE.name, "")
        if body is None:
            raise ApiError("METASTORE_DOES_NOT_EXIST", "The account has no metastore.")
        return Securable(METASTORE, body["metastore_id"], body["metastore_id"], body["owner"])

    def find(self, kind: Kind, full_name: str) -> Securable:
        """Return the securable called ``full_name``, written in its normal form.

        Raises:
            ApiError: the kind's own code when it does not exist.
        """
        if kind is METASTORE:
            found = self.metastore()
            if full_name != found.id:
                raise kind.missing(full_name)
            return found
        body = self._space.get(kind.name, full_name)
        if body is None:
            raise kind.missing(full_name)
        return described(kind, full_name, body)

    def chain(self, securable: Securable) -> tuple[Securable, ...]:
        """Return a securable and everything that holds it up to the catalog, innermost first.

        The metastore is no part of it: privileges on the metastore are not inherited.
        """
        found = [securable]
        name = securable.full_name
        for depth in range(securable.kind.depth - 1, 0, -1):
            name = parent_of(name)
            found.append(self.find(SCHEMA if depth == SCHEMA.depth else CATALOG, name))
        return tuple(found)


def described(kind: Kind, full_name: str, body: dict[str, Any]) -> Securable:
    """Return the securable that a document describes."""
    isolated = body.get("isolation_mode") in ISOLATED
    bindings = body.get(BINDINGS) or {} if isolated else None
    return Securable(kind, full_name, body[kind.id_field], body["owner"], bindings)
