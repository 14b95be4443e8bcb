from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bricklane.tools.table import TOOLS

MAIN = "from bricklane.cli.main import main; main()"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty cache and one old Databricks CLI on PATH."""
    program = tmp_path / "bin" / "databricks"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho Databricks CLI v0.230.0\n", "utf-8")
    program.chmod(0o755)
    # And no terminal: a program reads what is printed.
    places = ("COLUMNS", "JAVA_HOME", "DATABRICKS_CLI_PATH")
    kept = {name: value for name, value in os.environ.items() if name not in places}
    return {**kept, "PATH": str(program.parent), "BRICKLANE_CACHE_DIR": str(tmp_path / "cache")}


def bricklane(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def new_cli(tmp_path: Path) -> Path:
    program = tmp_path / "new" / "databricks"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho Databricks CLI v1.12.0\n", "utf-8")
    program.chmod(0o755)
    return program


def test_list_shows_what_is_wanted_and_what_is_missing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = bricklane(environment, "tools", "list")

    lines = [line.split() for line in done.stdout.splitlines()]
    ours = ["only", "bricklane's", "own", "tests", "use", "it"]
    needed = sorted({*TOOLS} - {"actionlint", "tflint"})
    assert lines[:9] == [
        ["TOOL", "WANTED", "FOUND", "SOURCE", "WHERE"],
        ["act", ">=0.2.84,<0.3", "-", "missing", "-"],
        ["actionlint", ">=1.7.7,<2", "-", "missing", *ours],
        ["databricks", ">=1.10,<2", "-", "missing", "-"],
        ["java", ">=17,<23", "-", "missing", "-"],
        ["spark", "==4.1.1", "-", "missing", "-"],
        ["terraform", ">=1.9,<2", "-", "missing", "-"],
        ["terraform-provider-databricks", "==1.113.0", "-", "missing", "-"],
        ["tflint", ">=0.55,<0.60", "-", "missing", *ours],
    ]
    old = f"{tmp_path}/bin/databricks (PATH)"
    assert done.stdout.splitlines()[9:] == [
        f"databricks: passed over {old}: version 0.230.0 is not >=1.10,<2",
        f"install with: bricklane tools install {' '.join(needed)}",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_list_as_json_is_for_programs(environment: dict[str, str], tmp_path: Path) -> None:
    program = new_cli(tmp_path)

    done = bricklane(
        {**environment, "DATABRICKS_CLI_PATH": str(program)}, "tools", "list", "--json"
    )

    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["databricks"] == {
        "name": "databricks",
        "wanted": ">=1.10,<2",
        "version": "1.12.0",
        "path": str(program),
        "source": "DATABRICKS_CLI_PATH",
        "passed_over": [],
    }
    assert rows["spark"]["path"] is None
    assert list(rows) == sorted(TOOLS)


def test_path_prints_nothing_but_the_path(environment: dict[str, str], tmp_path: Path) -> None:
    program = new_cli(tmp_path)

    done = bricklane(
        {**environment, "DATABRICKS_CLI_PATH": str(program)}, "tools", "path", "databricks"
    )

    assert (done.stdout, done.stderr, done.returncode) == (f"{program}\n", "", 0)


def test_path_of_a_missing_tool_says_how_to_install_it(environment: dict[str, str]) -> None:
    done = bricklane(environment, "tools", "path", "java")

    assert (done.stdout, done.returncode) == ("", 4)
    assert done.stderr.splitlines() == [
        "error: java >=17,<23 was not found",
        "  hint: bricklane tools install java",
        "  hint: install Java 17 or 21, on PATH or named by JAVA_HOME",
    ]


def test_install_of_what_is_there_does_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    program = new_cli(tmp_path)
    environment["DATABRICKS_CLI_PATH"] = str(program)

    done = bricklane(environment, "tools", "install", "databricks")

    ready = f"databricks 1.12.0 is ready: {program} (DATABRICKS_CLI_PATH)\n"
    assert (done.stdout, done.stderr, done.returncode) == (ready, "", 0)
    assert not Path(environment["BRICKLANE_CACHE_DIR"]).exists()


def test_install_checks_all_names_before_it_begins(environment: dict[str, str]) -> None:
    done = bricklane(environment, "tools", "install", "databricks", "sparc")

    assert done.returncode == 4
    assert done.stderr.splitlines() == [
        "error: there is no tool 'sparc'",
        f"  hint: known tools: {', '.join(sorted(TOOLS))}",
    ]


@pytest.mark.real
def test_install_without_go_and_network_names_every_way(environment: dict[str, str]) -> None:
    environment["HTTPS_PROXY"] = "http://127.0.0.1:9"

    done = bricklane(environment, "tools", "install", "databricks")

    assert done.returncode == 5
    error = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert error.startswith("error: databricks 1.10.0 could not be installed: official release: ")
    assert error.endswith("; built with Go: go is not on PATH")
    assert "  hint: install Go 1.26.0 or newer (https://go.dev/dl)" in done.stderr


@pytest.mark.real
def test_java_is_installed_found_and_runs(environment: dict[str, str]) -> None:
    installed = bricklane(environment, "tools", "install", "java")
    home = bricklane(environment, "tools", "path", "java").stdout.strip()

    assert installed.returncode == 0, installed.stderr
    assert installed.stdout == f"java 21.0.8 is ready: {home} (cache)\n"
    asked = subprocess.run(
        [f"{home}/bin/java", "-version"], capture_output=True, text=True, check=True
    )
    assert 'openjdk version "21.0.8"' in asked.stderr


def test_help_imports_nothing_that_a_command_needs() -> None:
    code = (
        "import sys; from bricklane.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "names = ('rich', 'requests', 'platformdirs', 'filelock', 'packaging', 'bricklane.tools')\n"
        "print([name for name in names if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "tools" in done.stdout
    assert done.stderr == "[]\n"
