"""Writes loose objects as git does, without starting it: most of what the forge makes is small.

Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import zlib
from pathlib import Path

from bricklane_local.forge.git.bare import Bare

# What is larger is written on another thread, so that others are served meanwhile.
AT_ONCE = 256 * 1024
LEVEL = 1  # as git's own core.looseCompression


async def store(bare: Bare, kind: str, content: bytes) -> str:
    """Store an object, whole or not at all, and return its name; one that is there is kept.

    Args:
        bare: the repository.
        kind: ``commit``, ``tree``, ``blob`` or ``tag``.
        content: its bytes, well formed for the kind.
    """
    whole = f"{kind} {len(content)}\0".encode() + content
    if len(whole) > AT_ONCE:
        return await asyncio.to_thread(_write, bare.folder / "objects", whole)
    return _write(bare.folder / "objects", whole)


def _write(folder: Path, whole: bytes) -> str:
    name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    final = folder / name[:2] / name[2:]
    if final.exists():
        return name
    final.parent.mkdir(exist_ok=True)
    # The prefix makes git's own cleaning take one that a death of the server left.
    descriptor, temporary = tempfile.mkstemp(dir=final.parent, prefix="tmp_obj_")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(zlib.compress(whole, LEVEL))
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o444)
        Path(temporary).replace(final)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return name
