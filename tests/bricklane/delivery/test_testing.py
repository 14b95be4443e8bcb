from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bricklane.delivery.testing import TestRun, TestsFailedError, commands_for, run_tests
from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.settings import Settings, TargetSettings


def settings(tests: dict[str, str], levels: tuple[str, ...]) -> Settings:
    return Settings(
        root=Path(), bundle="shop", tests=tests, targets={"staging": TargetSettings(tests=levels)}
    )


def test_levels_run_in_the_order_of_the_target() -> None:
    found = commands_for(
        settings({"e2e": "b", "integration": "a"}, ("integration", "e2e")), "staging"
    )
    assert list(found.items()) == [("integration", "a"), ("e2e", "b")]
    assert commands_for(settings({}, ()), "other") == {}


def test_a_level_without_a_command_is_told() -> None:
    with pytest.raises(BricklaneError, match="no command for e2e") as caught:
        commands_for(settings({}, ("e2e",)), "staging")
    assert caught.value.exit_code is ExitCode.CONFIG


def run_all(tmp_path: Path, commands: dict[str, str]) -> tuple[list[TestRun], list[str]]:
    runs: list[TestRun] = []
    lines: list[str] = []
    environment = {"BRICKLANE_TARGET": "staging", "SECRET": "s3cret"}
    run_tests(commands, tmp_path, environment, ("s3cret",), lines.append, runs.append)
    return runs, lines


def test_tests_know_their_target_and_show_no_secret(tmp_path: Path) -> None:
    program = "import os; print(os.environ['BRICKLANE_TARGET'], os.environ['SECRET'])"
    runs, lines = run_all(tmp_path, {"e2e": f'{sys.executable} -c "{program}"'})
    assert [(run.level, run.passed) for run in runs] == [("e2e", True)]
    assert lines == ["staging ***"]


def test_the_first_level_that_fails_ends_it(tmp_path: Path) -> None:
    runs: list[TestRun] = []
    commands = {"unit": "true", "integration": "false", "e2e": "true"}
    with pytest.raises(TestsFailedError, match="the integration tests failed: `false` ended") as e:
        run_tests(commands, tmp_path, {}, (), print, runs.append)
    assert [(run.level, run.passed) for run in runs] == [("unit", True), ("integration", False)]
    assert "what is deployed stays deployed" in (e.value.hint or "")
