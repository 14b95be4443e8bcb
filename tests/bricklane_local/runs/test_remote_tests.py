"""``bricklane test --on``: levels of tests that run inside of a workspace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real

HOME = "/Workspace/Users/developer@bricklane.local/.bricklane-tests"

TESTS = """
from pathlib import Path
from pyspark.sql import SparkSession
from shop.prices import net

def test_session():
    assert SparkSession.builder.getOrCreate().sql("select 1 + 1").first()[0] == 2

def test_ignored_files_stay_at_home():
    root = Path(__file__).parents[2]
    assert (root / "data.csv").is_file() and not (root / "secret.env").exists()

def test_red():
    assert [{"net": net(12)}] == [{"net": 11.0}]
"""

SLOW = """
import time

def test_quick():
    pass

def test_endless():
    time.sleep(600)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    files = {
        "databricks.yml": "bundle: {name: shop}\ntargets: {dev: {default: true}}\n",
        "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\n'
        'pythonpath = ["src"]\nfilterwarnings = ["error"]\n',
        ".gitignore": "secret.env\n.bricklane/\n",
        "secret.env": "PASSWORD=x\n",
        "data.csv": "a,b\n",
        "src/shop/__init__.py": "",
        "src/shop/prices.py": "def net(price):\n    return price / 1.2\n",
        "tests/unit/test_prices.py": TESTS,
        "tests/slow/test_slow.py": SLOW,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.fixture
def workspace(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    for name in os.environ:
        if name.startswith(("DATABRICKS_", "PYTEST_ADDOPTS", "COV_", "BRICKLANE_TEST")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(bench.server.state / "config"))
    yield bench
    # No folder is left, however it ended.
    assert list(bench.client.workspace.list(HOME)) == []


def start(project: Path, *words: str) -> subprocess.Popen[str]:
    bricklane = str(Path(sys.executable).with_name("bricklane"))
    return subprocess.Popen(
        [bricklane, "test", *words], cwd=project, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def run_of(bench: Workbench, output: str) -> dict[str, object]:
    """The run that the command says that it has started."""
    line = next(line for line in output.splitlines() if line.startswith("run "))
    found: dict[str, object] = bench.get(int(line.split()[1].rstrip(":")))["state"]
    return found


def test_a_level_runs_in_the_workspace_and_its_reports_come_back(
    workspace: Workbench, project: Path
) -> None:
    process = start(project, "unit", "-t", "dev", "--on", "serverless")
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 1, output
    assert "test_session PASSED" in output
    assert "unit: 2 passed, 1 failed" in output
    assert "coverage: 100.0 % of 2 lines" in output
    assert "hint: tests/unit/test_prices.py:" in output
    # A run whose tests are red is red.
    assert run_of(workspace, output)["result_state"] == "FAILED"
    reports = project / ".bricklane/reports"
    (red,) = [
        test
        for test in json.loads((reports / "unit.json").read_text("utf-8"))["tests"]
        if test["outcome"] == "failed"
    ]
    assert red["failures"][0]["comparison"]["rows"][0]["actual"] == ["10.0"]
    assert "test_red" in (reports / "unit.xml").read_text("utf-8")


def test_an_interruption_shows_what_was_done_and_ends_the_run(
    workspace: Workbench, project: Path
) -> None:
    process = start(project, "slow", "-t", "dev", "--on", "serverless")
    assert process.stdout is not None
    lines: list[str] = []
    deadline = time.monotonic() + 120
    for line in process.stdout:
        lines.append(line)
        assert time.monotonic() < deadline, lines
        # While the second test sleeps, the first one's line is here.
        if "test_quick PASSED" in line:
            process.send_signal(signal.SIGINT)
            break
    rest, _ = process.communicate(timeout=60)
    output = "".join(lines) + rest
    assert process.returncode == 130, output
    assert "interrupted" in rest
    assert run_of(workspace, output)["result_state"] == "CANCELED"


def test_compute_that_is_not_there_is_told(workspace: Workbench, project: Path) -> None:
    process = start(project, "unit", "--on", "cluster:nowhere")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1, output
    assert "nowhere" in output
    assert "Traceback" not in output
    process = start(project, "unit", "--on", "cluster")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--on: 'cluster' names no compute" in output
