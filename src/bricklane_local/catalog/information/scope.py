"""Of what ``information_schema`` tells: one catalog or all of them, to one caller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bricklane_local.catalog.access import Standing
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import CATALOG, Kind
from bricklane_local.catalog.listing import Wanted, everywhere
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.store.database import Document

# The schema of each catalog, and the catalog whose one tells of all catalogs.
SCHEMA_NAME, SYSTEM_CATALOG = "information_schema", "system"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is told, and to whom.

    Args:
        metastore: of which.
        caller: who asks, and is told of what it may see.
        catalog: the only catalog that is told of, "" for all.
    """

    metastore: Metastore
    caller: Caller
    catalog: str

    def documents(self, kind: Kind) -> Iterator[Document]:
        """Yield the securables of a kind, by full name."""
        for item in everywhere(self.metastore, self.caller, kind, Wanted(browse=True)):
            key = item.document.key
            if not self.catalog or (key + ".").startswith(f"{self.catalog}."):
                yield item.document

    def standing(self, kind: Kind, document: Document) -> Standing:
        """Return what the caller has on a securable."""
        return self.metastore.standing(self.caller, kind, document.key)

    def catalogs(self) -> list[str]:
        """Return the names of the catalogs."""
        return [document.key for document in self.documents(CATALOG)]


def stamps(body: dict[str, Any]) -> dict[str, Any]:
    """Return who made and changed something, and when in milliseconds since the epoch."""
    return {
        "created": body.get("created_at"),
        "created_by": body.get("created_by"),
        "last_altered": body.get("updated_at"),
        "last_altered_by": body.get("updated_by"),
        "comment": body.get("comment"),
    }


def yes(value: object) -> str:
    """Return YES or NO, as the views spell truth values."""
    return "YES" if value else "NO"
