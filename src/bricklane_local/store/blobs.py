"""Content-addressed bytes: small ones inside the database, large ones as files beside it."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from bricklane_local.store.database import Database

# Below this size a row in SQLite is read and written faster than a file of its own
# (https://www.sqlite.org/intern-v-extern-blob.html).
INLINE_LIMIT = 128 * 1024


class Blobs:
    """The bytes of one cloud, named by their SHA-256.

    Args:
        database: keeps the small ones, and which documents refer to which digest.
        folder: keeps the large ones.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._execute = database.connection.execute
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Store ``content`` durably and return its digest."""
        digest = hashlib.sha256(content).hexdigest()
        if len(content) > INLINE_LIMIT:
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(content)
            self._place(Path(file.name), digest, len(content))
        else:
            self._execute(
                "INSERT OR IGNORE INTO blobs VALUES (?, ?, ?)", (digest, len(content), content)
            )
        return digest

    def put_file(self, path: Path) -> str:
        """Store the content of a file durably and return its digest.

        Raises:
            OSError: when the file cannot be read.
        """
        with path.open("rb") as source:
            content = source.read(INLINE_LIMIT + 1)
            if len(content) <= INLINE_LIMIT:
                return self.put(content)
            source.seek(0)
            hasher, size = hashlib.sha256(), 0
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                # What is counted is what is kept, also when the file is still written to.
                while piece := source.read(1 << 20):
                    hasher.update(piece)
                    size += len(piece)
                    file.write(piece)
        self._place(Path(file.name), hasher.hexdigest(), size)
        return hasher.hexdigest()

    async def put_stream(self, pieces: AsyncIterator[bytes]) -> tuple[str, int]:
        """Store what arrives piece by piece; return its digest and size in bytes.

        Holds at most one piece beyond the inline limit in memory, whatever the size.
        """
        with tempfile.SpooledTemporaryFile(INLINE_LIMIT, dir=str(self._folder)) as buffer:
            hasher, size = hashlib.sha256(), 0
            async for piece in pieces:
                hasher.update(piece)
                size += len(piece)
                buffer.write(piece)
            buffer.seek(0)
            if size <= INLINE_LIMIT:
                return self.put(buffer.read()), size
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                shutil.copyfileobj(buffer, file)
        self._place(Path(file.name), hasher.hexdigest(), size)
        return hasher.hexdigest(), size

    def _place(self, temporary: Path, digest: str, size: int) -> None:
        temporary.replace(self._folder / digest)
        self._execute("INSERT OR IGNORE INTO blobs VALUES (?, ?, NULL)", (digest, size))

    def size(self, digest: str) -> int:
        """Return the size in bytes of a stored blob."""
        row = self._execute("SELECT size FROM blobs WHERE digest = ?", (digest,)).fetchone()
        return int(row[0])

    def get(self, digest: str) -> bytes:
        """Return the bytes of a stored blob."""
        row = self._execute("SELECT content FROM blobs WHERE digest = ?", (digest,)).fetchone()
        return (self._folder / digest).read_bytes() if row[0] is None else bytes(row[0])

    def file(self, digest: str) -> Path | None:
        """Return the file that holds a large blob, or None when it is kept in the database."""
        path = self._folder / digest
        return path if path.exists() else None

    def copy_to(self, digest: str, target: Path) -> None:
        """Write the bytes of a blob to ``target``, replacing it atomically."""
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(self.get(digest))
        Path(file.name).chmod(0o644)
        Path(file.name).replace(target)

    def sweep(self) -> int:
        """Remove blobs that no document refers to, and uploads cut short; return how many."""
        unused = [
            row[0]
            for row in self._execute(
                "DELETE FROM blobs WHERE digest NOT IN "
                "(SELECT blob FROM documents WHERE blob IS NOT NULL) RETURNING digest"
            ).fetchall()
        ]
        known = {row[0] for row in self._execute("SELECT digest FROM blobs WHERE content IS NULL")}
        for path in self._folder.iterdir():
            if path.name not in known:
                path.unlink()
        return len(unused)
