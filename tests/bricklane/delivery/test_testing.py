from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from bricklane.delivery.testing import TestsFailedError, commands_for, prepare, run_tests
from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.settings import Settings, TargetSettings
from bricklane.testing.levels.running import Place
from bricklane.testing.reports.model import Level


def settings(tests: dict[str, str], levels: tuple[str, ...]) -> Settings:
    return Settings(
        root=Path("/nowhere"),
        bundle="shop",
        tests=tests,
        targets={"staging": TargetSettings(tests=levels)},
    )


def test_levels_run_in_the_order_of_the_target() -> None:
    found = commands_for(
        settings({"e2e": "b", "integration": "a"}, ("integration", "e2e")), "staging"
    )
    assert list(found.items()) == [("integration", "a"), ("e2e", "b")]
    assert commands_for(settings({}, ()), "other") == {}


def test_a_level_without_a_command_or_a_folder_is_told() -> None:
    with pytest.raises(BricklaneError, match="the project has no level of tests 'e2e'") as caught:
        commands_for(settings({}, ("e2e",)), "staging")
    assert caught.value.exit_code is ExitCode.USAGE
    assert 'e2e = "uv run pytest tests/e2e"' in (caught.value.hint or "")


def run_all(tmp_path: Path, tests: dict[str, str], runs: list[Level], lines: list[str]) -> Path:
    environment = {"BRICKLANE_TARGET": "staging", "SECRET": "s3cret"}
    place = Place(
        settings(tests, ()), tmp_path, tmp_path / "reports", environment, ("s3cret",)
    )  # fmt: skip
    prepare(place)
    run_tests(place, tuple(tests), lines.append, runs.append)
    return place.reports


def test_tests_know_their_target_and_show_no_secret(tmp_path: Path) -> None:
    program = "import os; print(os.environ['BRICKLANE_TARGET'], os.environ['SECRET'])"
    runs: list[Level] = []
    lines: list[str] = []
    folder = run_all(tmp_path, {"e2e": f'{sys.executable} -c "{program}"'}, runs, lines)
    assert [(run.name, run.passed) for run in runs] == [("e2e", True)]
    assert lines == ["staging ***"]
    assert runs[0].notes == ("its command left no report of its tests",)
    assert "| e2e | ✅ passed |" in (folder / "report.md").read_text("utf-8")


def test_the_first_level_that_fails_ends_it(tmp_path: Path) -> None:
    runs: list[Level] = []
    tests = {"unit": "true", "integration": "false", "e2e": "true"}
    with pytest.raises(TestsFailedError, match="the integration tests failed: `false` ended") as e:
        run_all(tmp_path, tests, runs, [])
    assert [(run.name, run.passed) for run in runs] == [("unit", True), ("integration", False)]
    assert "what is deployed stays deployed" in (e.value.hint or "")
    assert (tmp_path / "reports" / "report.html").is_file()


def meeting(own: str, other: str) -> str:
    """Return a command that ends green only when the other one runs at the same time."""
    program = (
        f"import pathlib, time; here, other = pathlib.Path('{own}'), pathlib.Path('{other}'); "
        f"print('{own} begins'); here.touch(); until = time.time() + 30\n"
        "while not other.exists() and time.time() < until: time.sleep(0.01)\n"
        f"print('{own} ends'); raise SystemExit(not other.exists())"
    )
    return shlex.join([sys.executable, "-u", "-c", program])


def run_together(
    tmp_path: Path, tests: dict[str, str], runs: list[Level], lines: list[str]
) -> None:
    """Run levels of a target that lets them run at the same time."""
    target = TargetSettings(tests=tuple(tests), parallel=True)
    together = Settings(root=tmp_path, bundle="shop", tests=tests, targets={"staging": target})
    place = Place(together, tmp_path, tmp_path / "reports", target="staging")
    prepare(place)
    run_tests(place, tuple(tests), lines.append, runs.append)


def test_levels_run_at_the_same_time_and_are_shown_one_after_the_other(tmp_path: Path) -> None:
    runs: list[Level] = []
    lines: list[str] = []
    tests = {"integration": meeting("one", "two"), "e2e": meeting("two", "one")}
    run_together(tmp_path, tests, runs, lines)
    assert [(run.name, run.passed) for run in runs] == [("integration", True), ("e2e", True)]
    assert lines == ["one begins", "one ends", "two begins", "two ends"]


def test_a_red_level_lets_the_others_end(tmp_path: Path) -> None:
    runs: list[Level] = []
    tests = {"integration": "false", "e2e": "true"}
    with pytest.raises(TestsFailedError, match="the integration tests failed: `false` ended"):
        run_together(tmp_path, tests, runs, [])
    assert [(run.name, run.passed) for run in runs] == [("integration", False), ("e2e", True)]


def test_a_level_that_cannot_start_is_told_when_the_others_have_ended(tmp_path: Path) -> None:
    tests = {"integration": "no-such-program", "e2e": "true"}
    with pytest.raises(BricklaneError, match="no-such-program cannot be run"):
        run_together(tmp_path, tests, [], [])
