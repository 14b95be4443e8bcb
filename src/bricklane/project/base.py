"""What the template last gave a project, kept with the project.

An update merges three states: what the template gave last time, what it gives now, and what the
team made of it. The first cannot be had otherwise: the older bricklane may be gone, and the
project's history loses it when an update is squashed or the clone is shallow. So it is a file of
the project, compressed, which no one reads.
"""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.rendering import ANSWERS, files_of

BASE = Path(".bricklane", "base.tar.xz")
NOT_IN_BASE = {BASE, ANSWERS}
LIMIT_BYTES = 16 * 2**20


def record_base(rendered: Path, root: Path) -> None:
    """Write the files in the folder ``rendered`` into the base of the project at ``root``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in files_of(rendered):
            if name not in NOT_IN_BASE:
                content = (rendered / name).read_bytes()
                # Nothing but names and contents, so that the same files give the same bytes.
                entry = tarfile.TarInfo(name.as_posix())
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    target = root / BASE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(lzma.compress(packed.getvalue(), preset=9))


def unpack_base(root: Path, destination: Path) -> bool:
    """Write the base of the project at ``root`` into the folder ``destination``.

    Returns:
        Whether the project has a base.

    Raises:
        BricklaneError: when the file is not what :func:`record_base` writes.
    """
    source = root / BASE
    if not source.is_file():
        return False
    try:
        unpacked = lzma.LZMADecompressor().decompress(source.read_bytes(), LIMIT_BYTES)
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
            archive.extractall(destination, _plain_files(archive), filter="data")
    except (lzma.LZMAError, tarfile.TarError) as error:
        raise BricklaneError(
            f"{source} cannot be read: {error}",
            hint=f"take it from the commit that wrote it last: git log -- {BASE}",
            exit_code=ExitCode.CONFIG,
        ) from None
    return True


def _plain_files(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for entry in archive:
        if entry.isfile():
            yield entry
