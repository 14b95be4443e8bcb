"""What the plugin costs those who do not use it, and how Spark of a workspace is opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bricklane.errors import BricklaneError
from bricklane.testing.spark.opening import open_session
from bricklane.testing.spark.places import Place
from tests.bricklane.testing.project import plain_environment

HEAVY = ("click", "databricks", "grpc", "pyspark", "requests", "rich", "yaml", "bricklane_runtime")
UNUSED = f"""
import sys

def test_nothing():
    loaded = set({HEAVY!r}) & sys.modules.keys()
    assert not loaded, loaded
"""


def test_a_run_that_uses_nothing_of_it_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_unused.py").write_text(UNUSED)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-p", "no:xdist"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Builder:
    """Notes what Databricks Connect is asked for."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def sdkConfig(self, config: Any) -> Builder:  # noqa: N802
        self.asked.append(config.host)
        return self

    def serverless(self, wanted: bool) -> Builder:
        self.asked.append(wanted)
        return self

    def clusterId(self, cluster: str) -> Builder:  # noqa: N802
        self.asked.append(cluster)
        return self

    def getOrCreate(self) -> Any:  # noqa: N802
        return SimpleNamespace(stop=lambda: None)


def config(cluster_id: str = "") -> Any:
    """The SDK's own would ask the host what it is."""
    return SimpleNamespace(host="https://dev.cloud.databricks.com", cluster_id=cluster_id)


@pytest.mark.parametrize(
    ("place", "more", "asked"),
    [
        (Place("serverless"), {}, True),
        (Place("workspace"), {}, True),
        (Place("workspace"), {"cluster_id": "0101-abc"}, "0101-abc"),
        (Place("cluster", "0202-xyz"), {"cluster_id": "0101-abc"}, "0202-xyz"),
    ],
)
def test_spark_of_a_workspace_is_databricks_connects(
    place: Place,
    more: dict[str, str],
    asked: object,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    builder = Builder()
    module = ModuleType("databricks.connect")
    module.DatabricksSession = type("DatabricksSession", (), {"builder": builder})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "databricks.connect", module)
    opened = open_session(place, tmp_path, {}, lambda: config(**more))
    assert builder.asked == ["https://dev.cloud.databricks.com", asked]
    assert opened.schema == ""


def test_without_databricks_connect_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match="needs databricks-connect, which is not installed"):
        open_session(Place("serverless"), tmp_path, {}, config)
