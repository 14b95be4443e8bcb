"""Fetches libraries by Maven coordinates and keeps them, in a folder for each set of libraries."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from bricklane_local.compute.environments.errors import EnvironmentFailure
from bricklane_local.compute.maven import ivy
from bricklane_local.compute.maven.library import MavenLibrary, presentable
from bricklane_local.compute.processes import run_to_end

# Another repository in place of Maven Central, of which `bricklane tools` fetches jars too.
REPOSITORY_VARIABLE = "BRICKLANE_MAVEN_REPOSITORY"
# Changes when the same libraries are fetched in another way.
LAYOUT = "1"
DRAFT = ".draft-"
JARS = "jars"


class MavenLibraries:
    """The jars of libraries; one server uses the folder at a time.

    Args:
        java: the program that runs Ivy.
        jars: folder of Spark's jars, of which one is Ivy.
        folder: for jars, made when absent.
    """

    def __init__(self, java: Path, jars: Path, folder: Path) -> None:
        self._java = java
        self._jars = jars
        self._root = folder
        self._lock = asyncio.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob(f"{DRAFT}*"):  # by a server that was killed
            shutil.rmtree(left, ignore_errors=True)

    async def resolve(self, libraries: Sequence[MavenLibrary]) -> list[Path]:
        """Return the jars of libraries and of all that they depend on; known ones at once.

        Raises:
            EnvironmentFailure: naming what cannot be had, and the repositories that were asked.
        """
        wanted = list(dict.fromkeys(libraries))
        if not wanted:
            return []
        central = os.environ.get(REPOSITORY_VARIABLE, "")
        known = self._root / _digest(wanted, central)
        async with self._lock:
            if not known.is_dir():
                known = await self._fetch(wanted, central, known)
        return sorted((known / JARS).glob("*.jar"))

    async def _fetch(self, libraries: list[MavenLibrary], central: str, known: Path) -> Path:
        """Fetch libraries into a folder and return it.

        The name of one whose content may be another tomorrow ends in a digest of the content.
        """
        draft = Path(tempfile.mkdtemp(dir=self._root, prefix=DRAFT))
        try:
            work, target = draft / "work", draft / "done"
            work.mkdir()
            (target / JARS).mkdir(parents=True)
            ivy.write_files(work, libraries, central)
            command = ivy.command(self._java, self._jars, work, target / JARS)
            code, output = await run_to_end(command, self._root)
            if code:
                raise _failure(libraries, central, output)
            if any(library.changes for library in libraries):
                known = known.with_name(f"{known.name}-{await asyncio.to_thread(_content, target)}")
            if not known.is_dir():
                target.rename(known)
            return known
        finally:
            await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)


def _digest(libraries: list[MavenLibrary], central: str) -> str:
    document = json.dumps([LAYOUT, central, *(astuple(item) for item in libraries)])
    return hashlib.sha256(document.encode()).hexdigest()[:32]


def _content(folder: Path) -> str:
    """Return a digest of the jars in a folder."""
    digest = hashlib.sha256()
    for jar in sorted(folder.rglob("*.jar")):
        with jar.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{jar.name} {content}\n".encode())
    return digest.hexdigest()[:32]


def _failure(libraries: list[MavenLibrary], central: str, output: str) -> EnvironmentFailure:
    names = ", ".join(library.coordinates for library in libraries)
    asked = [*ivy.repositories(libraries), central or ivy.CENTRAL]
    where = presentable(" and ".join(asked))
    return EnvironmentFailure(
        f"The libraries maven {names} cannot be had from {where}: {ivy.reasons(output)}"
    )
