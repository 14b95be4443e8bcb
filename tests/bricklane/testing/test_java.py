"""The Java of the warm Spark, and the archive of classes that it starts from."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bricklane.errors import BricklaneError
from bricklane.testing.spark.installation import find_installation
from bricklane.testing.spark.java import java_command, lasting_copy
from bricklane.testing.spark.server import Java

pytestmark = pytest.mark.real


def test_every_environment_with_the_same_pyspark_has_the_same_class_path(tmp_path: Path) -> None:
    installation = find_installation()
    usual = java_command(installation, {"spark.driver.memory": "1g"}, os.environ)
    assert "-Xmx1g" in usual.words
    assert usual.archive is not None
    elsewhere = tmp_path / "pyspark"
    elsewhere.mkdir()
    (elsewhere / "jars").symlink_to(installation.home / "jars")
    moved = java_command(replace(installation, home=elsewhere), {}, os.environ)
    place = usual.words.index("-cp") + 1
    assert moved.words[moved.words.index("-cp") + 1] == usual.words[place]
    assert moved.archive == usual.archive


def test_jars_that_somebody_added_are_on_the_class_path(tmp_path: Path) -> None:
    installation = find_installation()
    (tmp_path / "jars").mkdir()
    for jar in (installation.home / "jars").iterdir():
        (tmp_path / "jars" / jar.name).symlink_to(jar)
    (tmp_path / "jars/own-1.0.jar").write_bytes(b"PK")
    command = java_command(replace(installation, home=tmp_path), {}, os.environ)
    assert lasting_copy(tmp_path / "jars") is None
    assert str(tmp_path / "jars/own-1.0.jar") in command.words[command.words.index("-cp") + 1]
    assert command.archive is None


def test_a_folder_without_spark_is_named(tmp_path: Path) -> None:
    installation = replace(find_installation(), home=tmp_path)
    with pytest.raises(BricklaneError, match=f"there is no spark-core in {tmp_path / 'jars'}"):
        java_command(installation, {}, os.environ)


def test_the_second_java_starts_from_what_the_first_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.java_gateway import launch_gateway

    command = java_command(find_installation(), {}, os.environ)
    archive = tmp_path / "archives" / "own.jsa"
    found = []
    for _ in range(2):
        java = Java(command.words, archive)
        monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "")
        monkeypatch.setenv("PYSPARK_GATEWAY_SECRET", "")
        java.start(tmp_path / "gateway")
        assert java.process is not None
        assert java.process.stdin is not None
        found.append(archive.name in Path(f"/proc/{java.process.pid}/maps").read_text())
        gateway: Any = launch_gateway()
        java.archive_classes(gateway)
        gateway.shutdown()
        java.process.stdin.close()
        assert java.process.wait(60) == 0
        assert not java.alive()
    assert found == [False, True]
    assert list(archive.parent.iterdir()) == [archive]
