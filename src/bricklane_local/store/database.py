"""JSON documents in one SQLite file.

A document has a *space* (a workspace's name, or ``metastore``), a *kind* (``job``), a *key* that is
unique within these two, a *parent* to list it by, and a *position* to order it by. One thread uses
the database: the server's event loop; so a handler that does not await is a critical section.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson

from bricklane_local.errors import LocalError

# Each entry takes the schema one version further; entries are never edited once released.
MIGRATIONS = (
    """
    CREATE TABLE documents (
        space TEXT NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        parent TEXT NOT NULL,
        position INTEGER NOT NULL,
        blob TEXT,
        body BLOB NOT NULL,
        PRIMARY KEY (space, kind, key)
    ) WITHOUT ROWID;
    CREATE INDEX documents_by_parent ON documents (space, kind, parent, position, key);
    CREATE INDEX documents_by_position ON documents (space, kind, position, key);
    CREATE INDEX documents_by_blob ON documents (blob) WHERE blob IS NOT NULL;
    CREATE TABLE blobs (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, content BLOB);
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
    """,
    # Memberships are kept by group alone, and everybody is assigned to the account.
    """
    UPDATE documents SET key = substr(key, instr(key, '/') + 1)
        WHERE space = 'identity' AND kind = 'membership';
    INSERT INTO documents
        SELECT space, 'assignment', '@account/' || json_extract(CAST(body AS TEXT), '$.id'),
            '@account/' || kind, CAST(json_extract(CAST(body AS TEXT), '$.id') AS INTEGER), NULL,
            json_object('user_name', key, 'entitlements', json_array())
        FROM documents WHERE space = 'identity' AND kind IN ('user', 'service_principal');
    UPDATE documents SET position = CAST(json_extract(CAST(body AS TEXT), '$.id') AS INTEGER)
        WHERE space = 'identity' AND kind = 'user';
    """,
)


class DuplicateKeyError(Exception):
    """A document with this space, kind and key exists already."""


class Document(NamedTuple):
    """One stored document: its key, parent, position, blob digest (or None) and JSON body."""

    key: str
    parent: str
    position: int
    blob: str | None
    body: dict[str, Any]


class Database:
    """The documents of one cloud.

    Args:
        path: the SQLite file; made when absent.

    Raises:
        LocalError: when a newer version of the program wrote the file.
    """

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # WAL with synchronous=NORMAL: a commit survives the death of the process; only a power
        # failure may lose the last ones, never the file's consistency.
        self.connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000;"
            "PRAGMA cache_size=-8192; PRAGMA foreign_keys=ON;"
        )
        self._depth = 0
        self._rolled_back: list[Callable[[], None]] = []
        self._migrate(path)

    def _migrate(self, path: Path) -> None:
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            self.connection.close()
            raise LocalError(
                f"the state in {path.parent} was written by a newer bricklane (schema {version}, "
                f"this one knows up to {len(MIGRATIONS)})",
                hint="upgrade bricklane, or drop that state with: bricklane local reset",
            )
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self.connection.executescript(
                f"BEGIN; {script}; PRAGMA user_version={number:d}; COMMIT;"
            )

    def close(self) -> None:
        """Close the file; the database is of no use afterwards."""
        self.connection.close()

    def on_rollback(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when writes are taken back, for what was derived from them."""
        self._rolled_back.append(listener)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all writes of the block durable together, or none of them when it raises."""
        if self._depth == 0:
            self.connection.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self.connection.execute("ROLLBACK")
                for listener in self._rolled_back:
                    listener()
            raise
        self._depth -= 1
        if self._depth == 0:
            self.connection.execute("COMMIT")

    def next_number(self, name: str, *, first: int = 1) -> int:
        """Return the next value of the counter ``name``; a value is never given twice."""
        row = self.connection.execute(
            "INSERT INTO counters VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name, first),
        ).fetchone()
        return int(row[0])

    def space(self, name: str) -> Space:
        """Return the view of this database that is limited to the space ``name``."""
        return Space(self, name)


class Space:
    """The documents of one workspace, or of the metastore."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        self._execute = database.connection.execute

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return the body of one document, or None."""
        document = self.find(kind, key)
        return None if document is None else document.body

    def find(self, kind: str, key: str) -> Document | None:
        """Return one whole document, or None."""
        return self._first("key", kind, key)

    def insert(
        self,
        kind: str,
        key: str,
        body: dict[str, Any],
        *,
        parent: str = "",
        position: int = 0,
        blob: str | None = None,
    ) -> None:
        """Store a new document.

        Raises:
            DuplicateKeyError: when the key is taken; nothing is changed then.
        """
        try:
            self._execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self.name, kind, key, parent, position, blob, orjson.dumps(body)),
            )
        except sqlite3.IntegrityError:
            raise DuplicateKeyError(f"{kind} {key}") from None

    def put(
        self,
        kind: str,
        key: str,
        body: dict[str, Any],
        *,
        parent: str = "",
        position: int = 0,
        blob: str | None = None,
    ) -> None:
        """Store a document, replacing the one that has the same key."""
        self._execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.name, kind, key, parent, position, blob, orjson.dumps(body)),
        )

    def update(self, kind: str, key: str, body: dict[str, Any]) -> bool:
        """Replace only the body of a document; say whether there was one."""
        cursor = self._execute(
            "UPDATE documents SET body = ? WHERE space = ? AND kind = ? AND key = ?",
            (orjson.dumps(body), self.name, kind, key),
        )
        return cursor.rowcount > 0

    def delete(self, kind: str, key: str) -> bool:
        """Remove a document; say whether there was one."""
        cursor = self._execute(
            "DELETE FROM documents WHERE space = ? AND kind = ? AND key = ?", (self.name, kind, key)
        )
        return cursor.rowcount > 0

    def delete_children(self, kind: str, parent: str) -> int:
        """Remove all documents of a kind under ``parent``; return how many there were."""
        cursor = self._execute(
            "DELETE FROM documents WHERE space = ? AND kind = ? AND parent = ?",
            (self.name, kind, parent),
        )
        return cursor.rowcount

    def select(
        self,
        kind: str,
        *,
        parent: str | None = None,
        descending: bool = False,
        limit: int = -1,
        offset: int = 0,
        after: int | None = None,
    ) -> list[Document]:
        """Return documents ordered by position, then key.

        Args:
            kind: which documents.
            parent: only those under this parent; None for all.
            descending: greatest position first.
            limit: at most so many; -1 for all.
            offset: how many to pass over first.
            after: only those beyond this position, in the order asked for; None for all. Pages
                that begin so stay right while documents come and go, and are as quick at the end
                of a long list as at its beginning.
        """
        order, beyond = ("DESC", "<") if descending else ("ASC", ">")
        where, values = self._where(kind, parent)
        if after is not None:
            where, values = f"{where} AND position {beyond} ?", [*values, after]
        ordered = f"ORDER BY position {order}, key {order} LIMIT ?"
        if offset:
            # The index alone has what is passed over; with the bodies it would take far longer.
            passed = self._execute(
                f"SELECT position, key FROM documents WHERE {where} {ordered} OFFSET ?",  # noqa: S608
                (*values, 1, offset - 1),
            ).fetchone()
            if passed is None:
                return []
            where, values = f"{where} AND (position, key) {beyond} (?, ?)", [*values, *passed]
        rows = self._execute(
            f"SELECT key, parent, position, blob, body FROM documents WHERE {where} {ordered}",  # noqa: S608
            (*values, limit),
        )
        return [_document(row) for row in rows]

    def select_after(
        self, kind: str, after: str, *, parent: str | None = None, limit: int
    ) -> list[Document]:
        """Return the next documents of position 0 by key, for lists that are read in pages.

        Args:
            kind: which documents.
            after: the key behind which to begin; "" for the beginning.
            parent: only those under this parent; None for all.
            limit: at most so many.
        """
        where, values = self._where(kind, parent)
        rows = self._execute(
            f"SELECT key, parent, position, blob, body FROM documents WHERE {where} "  # noqa: S608
            "AND position = 0 AND key > ? ORDER BY key LIMIT ?",
            (*values, after, limit),
        )
        return [_document(row) for row in rows]

    def at_position(self, kind: str, position: int) -> Document | None:
        """Return the first document of a kind at ``position``, or None."""
        return self._first("position", kind, position)

    def all_at_position(self, kind: str, position: int) -> list[Document]:
        """Return the documents of a kind at ``position``, by key."""
        rows = self._execute(
            "SELECT key, parent, position, blob, body FROM documents "
            "WHERE space = ? AND kind = ? AND position = ? ORDER BY key",
            (self.name, kind, position),
        )
        return [_document(row) for row in rows]

    def select_in(
        self, kind: str, column: Literal["key", "parent", "position"], values: Iterable[str | int]
    ) -> list[Document]:
        """Return the documents of a kind that have one of ``values`` in a column, in one query."""
        rows = self._execute(
            "SELECT key, parent, position, blob, body FROM documents "  # noqa: S608
            f"WHERE space = ? AND kind = ? AND {column} IN (SELECT value FROM json_each(?))",
            (self.name, kind, orjson.dumps(list(values)).decode()),
        )
        # Asked for an order, SQLite would read all of the kind by the index that has it.
        return sorted(map(_document, rows), key=lambda found: (found.position, found.key))

    def holders(self, kind: str, prefix: str, member: str) -> list[str]:
        """Return what holds ``member``, by itself or through other holders.

        Args:
            kind: of the documents that say so: keys are ``HOLDER/MEMBER``, parents
                ``PREFIX/MEMBER``.
            prefix: of these parents.
            member: where to begin.
        """
        held = "d.space = ? AND d.kind = ? AND d.parent = ? ||"
        holder = "substr(d.key, 1, instr(d.key, '/') - 1)"
        rows = self._execute(
            "WITH RECURSIVE found (id) AS ("  # noqa: S608
            f"SELECT {holder} FROM documents d WHERE {held} ? UNION "
            f"SELECT {holder} FROM found JOIN documents d ON {held} found.id"
            ") SELECT id FROM found",
            (*(place := (self.name, kind, f"{prefix}/")), member, *place),
        )
        return [row[0] for row in rows]

    def _first(self, column: str, kind: str, value: str | int) -> Document | None:
        row = self._execute(
            "SELECT key, parent, position, blob, body FROM documents "  # noqa: S608
            f"WHERE space = ? AND kind = ? AND {column} = ? LIMIT 1",
            (self.name, kind, value),
        ).fetchone()
        return None if row is None else _document(row)

    def _where(self, kind: str, parent: str | None) -> tuple[str, list[str | int]]:
        if parent is None:
            return "space = ? AND kind = ?", [self.name, kind]
        return "space = ? AND kind = ? AND parent = ?", [self.name, kind, parent]

    def keys_under(self, kind: str, prefix: str) -> list[str]:
        """Return the sorted keys that begin with ``prefix``."""
        rows = self._execute(
            "SELECT key FROM documents WHERE space = ? AND kind = ? AND key >= ? AND key < ? "
            "ORDER BY key",
            (self.name, kind, prefix, prefix + "\U0010ffff"),
        )
        return [row[0] for row in rows]

    def clear(self) -> None:
        """Remove all documents of this space."""
        self._execute("DELETE FROM documents WHERE space = ?", (self.name,))

    def count(self, kind: str, *, parent: str | None = None) -> int:
        """Return how many documents of a kind there are, under ``parent`` if given."""
        where, values = self._where(kind, parent)
        query = f"SELECT count(*) FROM documents WHERE {where}"  # noqa: S608
        return int(self._execute(query, values).fetchone()[0])


def _document(row: tuple[Any, ...]) -> Document:
    return Document(row[0], row[1], row[2], row[3], orjson.loads(row[4]))
