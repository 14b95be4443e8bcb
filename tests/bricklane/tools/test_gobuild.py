from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.tools.gobuild import GoBuild
from bricklane.tools.installation import install
from bricklane.tools.model import Job, Tool, WayFailed
from bricklane.tools.table import DATABRICKS

PROGRAM = """package main

import "fmt"

var version = "unknown"

func main() { fmt.Println("hammer version", version) }
"""


@pytest.fixture
def go(environment: dict[str, str]) -> dict[str, str]:
    """The environment, with the machine's Go."""
    found = shutil.which("go")
    assert found, "this test builds with Go, which is not on PATH"
    home = os.environ.get("HOME", "")
    return {**environment, "PATH": f"{Path(found).parent}:/usr/bin:/bin", "HOME": home}


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A Go module without requirements."""
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.test/hammer\n\ngo 1.21\n", "utf-8")
    (folder / "main.go").write_text(PROGRAM, "utf-8")
    return folder


def test_the_command_pins_stamps_and_names_the_output() -> None:
    way = DATABRICKS.ways[1]
    assert isinstance(way, GoBuild)

    assert way.command("/opt/go", Path("/cache/x"), "1.10.0") == [
        *("/opt/go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-v", "-ldflags"),
        "-s -w -X github.com/databricks/cli/internal/build.buildVersion=1.10.0",
        *("-o", "/cache/x/databricks", "github.com/databricks/cli"),
    ]


def test_without_go_the_version_to_install_is_named(job: Job) -> None:
    way = DATABRICKS.ways[1]

    with pytest.raises(WayFailed, match=r"^go is not on PATH$") as caught:
        way.provide(job)

    assert caught.value.hint == "install Go 1.26.0 or newer (https://go.dev/dl)"


@pytest.mark.real
def test_a_made_up_row_is_built_and_stamped(
    hammer: Callable[..., Tool], go: dict[str, str], record: Any, module: Path
) -> None:
    way = GoBuild("example.test/hammer", "hammer", module, stamp="main.version")

    finding = install("hammer", go, record, tools={"hammer": hammer(way)})

    assert finding.copy is not None
    assert (finding.copy.version, finding.source) == ("2.5.0", "cache")


@pytest.mark.real
def test_a_program_that_does_not_compile_names_the_log(
    hammer: Callable[..., Tool], go: dict[str, str], record: Any, module: Path
) -> None:
    (module / "main.go").write_text("package main\n\nfunc main() { frobnicate() }\n", "utf-8")
    way = GoBuild("example.test/hammer", "hammer", module)

    with pytest.raises(BricklaneError, match=r"undefined: frobnicate$") as caught:
        install("hammer", go, record, tools={"hammer": hammer(way)})

    log = Path(go["BRICKLANE_CACHE_DIR"]) / "tools" / "hammer" / "install.log"
    assert f"its whole output is in {log}" in (caught.value.hint or "")
    assert "undefined: frobnicate" in log.read_text("utf-8")
    assert caught.value.exit_code is ExitCode.TOOL


@pytest.mark.real
def test_without_a_module_proxy_it_is_a_network_failure(
    job: Job, go: dict[str, str], tmp_path: Path
) -> None:
    offline = {"GOPROXY": "off", "GOMODCACHE": str(tmp_path / "empty"), "GOFLAGS": "-modcacherw"}

    with pytest.raises(WayFailed, match=r"^go needs a network: .*GOPROXY=off") as caught:
        DATABRICKS.ways[1].provide(replace(job, environment={**go, **offline}))

    assert caught.value.code is ExitCode.NETWORK


@pytest.mark.real
def test_the_databricks_cli_is_provided_and_says_its_version(record: Any) -> None:
    copy = install("databricks", os.environ, record).copy
    assert copy is not None

    done = subprocess.run(
        [copy.path, "version", "--output", "json"], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout)["Version"] == copy.version
