"""Lists of securables, read in pages: of what a caller sees, and no more of it than is answered."""

from __future__ import annotations

import base64
import binascii
import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.access import Standing
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import CATALOG, SCHEMA, TABLE, Kind
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.privileges import BROWSE
from bricklane_local.catalog.securables import described
from bricklane_local.store.database import Document

# How many documents are read at a time.
CHUNK = 200
# Sizes of pages: that of max_results=0, and the greatest
# (https://docs.databricks.com/api/workspace/tables/list).
DEFAULT_SIZE = 100
MAXIMUM_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request for a list asks for.

    Args:
        size: how many items at most; None for all.
        after: the key behind which the page begins.
        browse: include what the caller sees by BROWSE alone.
        unbound: include what the workspace is not bound to and the caller may manage.
    """

    size: int | None = None
    after: str = ""
    browse: bool = False
    unbound: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One visible securable.

    Args:
        document: as stored.
        browse_only: whether the caller sees it by BROWSE alone.
    """

    document: Document
    browse_only: bool


def visible(
    metastore: Metastore, caller: Caller, kind: Kind, parent: str, wanted: Wanted
) -> Iterator[Item]:
    """Yield the securables of a kind in a container that a caller sees, by name.

    Args:
        metastore: that they belong to.
        caller: who asks.
        kind: which securables.
        parent: full name of what holds them, "" for the metastore.
        wanted: where to begin and what to include.

    Raises:
        ApiError: when the container does not exist, or PERMISSION_DENIED when the caller may not
            use it.
    """
    holder = _holder(metastore, caller, parent, wanted)
    for document in _documents(metastore, kind, parent, wanted.after):
        securable = described(kind, document.key, document.body)
        if holder is None:
            standing = metastore.access.standing(caller, securable)
        else:
            standing = metastore.access.within(holder, securable)
        if standing.sees():
            yield Item(document, browse_only=False)
        elif wanted.browse and standing.sees(browse=True):
            yield Item(document, browse_only=True)
        elif wanted.unbound and standing.binding() is None and standing.manages():
            yield Item(document, browse_only=False)


def everywhere(metastore: Metastore, caller: Caller, kind: Kind, wanted: Wanted) -> Iterator[Item]:
    """Yield the securables of a kind that a caller sees in all schemas, by full name."""
    for document in _documents(metastore, kind, None, wanted.after):
        securable = described(kind, document.key, document.body)
        standing = metastore.access.standing(caller, securable)
        if standing.sees():
            yield Item(document, browse_only=False)
        elif wanted.browse and standing.sees(browse=True):
            yield Item(document, browse_only=True)


def tables_like(
    metastore: Metastore,
    caller: Caller,
    catalog: str,
    patterns: tuple[str, str],
    wanted: Wanted,
) -> Iterator[Item]:
    """Yield the tables of a catalog that a caller sees, by full name.

    Args:
        metastore: that they belong to.
        caller: who asks.
        catalog: its name.
        patterns: of the names of schemas and of tables, as file names match.
        wanted: where to begin.
    """
    schema_pattern, table_pattern = patterns
    first = wanted.after.rpartition(".")[0]
    for item in visible(metastore, caller, SCHEMA, catalog, Wanted()):
        schema = item.document.key
        if schema < first or not fnmatch.fnmatchcase(schema.partition(".")[2], schema_pattern):
            continue
        after = wanted.after if schema == first else ""
        for table in visible(metastore, caller, TABLE, schema, Wanted(after=after)):
            if fnmatch.fnmatchcase(table.document.key.rpartition(".")[2], table_pattern):
                yield table


def _holder(metastore: Metastore, caller: Caller, parent: str, wanted: Wanted) -> Standing | None:
    if not parent:
        return None
    kind = SCHEMA if "." in parent else CATALOG
    holder = metastore.standing(caller, kind, parent)
    if not (wanted.browse and holder.has(BROWSE)):
        holder.require()
    return holder


def _documents(
    metastore: Metastore, kind: Kind, parent: str | None, after: str
) -> Iterator[Document]:
    while True:
        chunk = metastore.space.select_after(kind.name, after, parent=parent, limit=CHUNK)
        yield from chunk
        if len(chunk) < CHUNK:
            return
        after = chunk[-1].key


def cut(items: Iterable[Item], size: int | None) -> tuple[list[Item], str]:
    """Return the first ``size`` items and the token of the next page, "" when there is none."""
    if size is None:
        return list(items), ""
    found = list(islice(items, size + 1))
    if len(found) <= size:
        return found, ""
    last = found[size - 1].document.key
    return found[:size], base64.urlsafe_b64encode(last.encode()).decode()


def after(token: str) -> str:
    """Return the key behind which the page of a token begins.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a token that this server did not make.
    """
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, ValueError):
        raise invalid(f"page_token {token!r} is not one that this API gave") from None
