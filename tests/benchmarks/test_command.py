from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from benchmarks import deployments, fakeworkspace, page
from benchmarks.__main__ import main
from benchmarks.measurement import Comparison, UnavailableError
from benchmarks.memory import tree_memory
from benchmarks.programs import ProgramError, client_environment, run
from benchmarks.table import BENCHMARKS, Benchmark

COMPARISON = Comparison("thing", "s", [1.0] * 5, [2.0] * 5, ratio_limit=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rows", "1,99"], "'99' is no row; there are 1, 2, "),
        (["--rows", "x"], "'x' is no row"),
        (["--jobs", "0"], "'0' is no number of jobs"),
        (["--jobs", ""], "'' is no number of jobs"),
        (["--rounds", "0"], "0 is not in the range x>=1"),
    ],
)
def test_bad_options(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert message in result.output


def with_rows(monkeypatch: pytest.MonkeyPatch, folder: Path, *rows: Benchmark) -> None:
    monkeypatch.setattr("benchmarks.__main__.ROWS", {row.row: row for row in rows})
    monkeypatch.setattr(page, "PAGE", folder / "page.md")
    monkeypatch.setattr(page, "FIGURES", folder / "figures.json")


def row(number: int, outcome: Comparison | Exception) -> Benchmark:
    def measure(settings: object) -> list[Comparison]:
        if isinstance(outcome, Exception):
            raise outcome
        return [outcome]

    return Benchmark(number, f"title {number}", "a peer", measure)  # type: ignore[arg-type]


def test_what_is_missing_or_fails_keeps_nothing_else_from_being_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    absent, broken = UnavailableError("go is not on PATH"), ProgramError("it broke")
    with_rows(monkeypatch, tmp_path, row(1, absent), row(2, broken), row(4, COMPARISON))
    result = CliRunner().invoke(main, ["--rows", "1,2,4"])
    assert result.exit_code == 1
    assert "row 1 is not measured: go is not on PATH" in result.output
    assert "row 2 failed: it broke" in result.output
    text = page.PAGE.read_text("utf-8")
    assert "Not measured by the latest run: go is not on PATH" in text
    assert "| thing | 1.00 s | 2.00 s | 0.50x | ≤ 1x | yes |" in text
    assert f"`python -m benchmarks --rows 4 --rounds 5` on a {os.cpu_count()}-core" in text


def test_few_rounds_are_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_rows(monkeypatch, tmp_path, row(4, COMPARISON))
    result = CliRunner().invoke(main, ["--rows", "4", "--rounds", "4"])
    assert result.exit_code == 0
    assert "0.50x" in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.real
def test_start_up_beside_the_real_cli() -> None:
    result = CliRunner().invoke(main, ["--rows", "4", "--rounds", "1"])
    assert result.exit_code == 0, result.output
    assert "≤ 2x, ≤ 150 ms" in result.output


def test_rows_have_numbers_of_their_own() -> None:
    assert len({benchmark.row for benchmark in BENCHMARKS}) == len(BENCHMARKS)


@pytest.mark.parametrize("jobs", [1, 100])
def test_the_bundle_has_so_many_jobs(tmp_path: Path, jobs: int) -> None:
    deployments.write_bundle(tmp_path / "bundle", jobs)
    written = yaml.safe_load((tmp_path / "bundle" / "databricks.yml").read_text("utf-8"))
    assert len(written["resources"]["jobs"]) == jobs
    for job in written["resources"]["jobs"].values():
        for task in job["tasks"]:
            assert (tmp_path / "bundle" / task["notebook_task"]["notebook_path"]).is_file()


def test_the_fake_server_needs_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="go is not on PATH"):
        fakeworkspace.build(tmp_path / "build")


def test_a_failing_program_is_quoted() -> None:
    with pytest.raises(ProgramError, match=r"(?s)exit code 3:.*no such thing"):
        run(
            sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"
        )


def test_clients_see_one_profile_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", "https://example.com")
    monkeypatch.setenv("BUNDLE_VAR_x", "1")
    environment = client_environment(tmp_path / "config", "dev", tmp_path)
    seen = {name for name in environment if name.startswith(("DATABRICKS_", "BUNDLE_"))}
    assert seen == {"DATABRICKS_CONFIG_FILE", "DATABRICKS_CONFIG_PROFILE"}


PARENT = """
import subprocess, sys
held = b"x" * 40_000_000
subprocess.run([sys.executable, "-c", sys.argv[1]])
"""
CHILD = """
import sys
held = b"x" * 40_000_000
print("ready", flush=True)
sys.stdin.read()
"""


def test_memory_counts_children() -> None:
    command = [sys.executable, "-c", PARENT, CHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        resident, proportional = tree_memory(process.pid)
        process.communicate()
    assert resident >= proportional > 2 * 38
