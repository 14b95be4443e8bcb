"""What jobs keep for each other and for people: archives in the folder of their run."""

from __future__ import annotations

import hashlib
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Artifact:
    """An archive that a job has kept.

    Args:
        id: number; it follows from the run and the name.
        name: as the workflow calls it.
        file: the archive.
        size: of the archive, in bytes.
        digest: of the archive, as ``sha256:…``.
        created_at: milliseconds since the epoch.
    """

    id: int
    name: str
    file: Path
    size: int
    digest: str
    created_at: int


def artifacts_of(run: int, folder: Path) -> list[Artifact]:
    """Return the artifacts of a run, by name.

    Args:
        run: id of the run.
        folder: where its jobs keep them.
    """
    found = []
    for file in sorted(folder.glob("*.zip")):
        about = file.with_suffix(".json")
        if file.name.startswith(".") or not about.exists():
            continue
        facts = orjson.loads(about.read_bytes())
        name = urllib.parse.unquote(file.stem)
        size = file.stat().st_size
        made = int(facts["created_at"])
        found.append(Artifact(_number(run, name), name, file, size, str(facts["digest"]), made))
    return found


def _number(run: int, name: str) -> int:
    # Ids must fit the 53 bits that JavaScript clients have.
    spread = int.from_bytes(hashlib.sha256(name.encode()).digest()[:3], "big")
    return run * (1 << 24) + spread


def run_of(artifact: int) -> int:
    """Return the id of the run that an artifact belongs to, from the artifact's own."""
    return artifact >> 24
