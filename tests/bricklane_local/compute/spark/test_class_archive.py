"""The archive of classes: written by the first Spark that is warm, read by those after it."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from bricklane_local.compute.spark.class_archive import read_or_write_archive
from bricklane_local.compute.spark.installation import SparkInstallation
from bricklane_local.compute.spark.plugin_jar import ensure_plugin, plugin_path
from bricklane_local.compute.spark.server import SparkServer
from bricklane_local.paths import StatePaths


def test_other_versions_and_what_killed_processes_left_are_removed(tmp_path: Path) -> None:
    archive = tmp_path / "spark.jsa"
    for name in ("spark.jsa.1", "spark.jsa.2", "older.jsa", "older.jar"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "spark.jsa.1", (0, 0))
    assert f"-Dbricklane.archive={archive}" in read_or_write_archive(archive)
    assert {file.name for file in tmp_path.iterdir()} == {"spark.jsa.2", "older.jar"}
    archive.touch()
    assert f"-XX:SharedArchiveFile={archive}" in read_or_write_archive(archive)


@pytest.mark.real
def test_the_second_spark_starts_from_what_the_first_has_written(
    installation: SparkInstallation, tmp_path: Path
) -> None:
    jar = plugin_path(installation, tmp_path)
    archive = jar.with_suffix(".jsa")

    async def mapped() -> bool:
        server = SparkServer(installation, StatePaths(tmp_path / "state"), cache=tmp_path)
        await server.warm()
        async with asyncio.timeout(120):
            while not archive.is_file():
                await asyncio.sleep(0.1)
        maps = Path(f"/proc/{server.pid}/maps").read_text()
        await server.stop()
        return archive.name in maps

    async def both() -> tuple[bool, bool]:
        shutil.copyfile(await ensure_plugin(installation, installation.directory / "plugin"), jar)
        return await mapped(), await mapped()

    assert asyncio.run(both()) == (False, True)
    assert {file.suffix for file in tmp_path.iterdir()} <= {".jar", ".jsa", ""}
