"""The tests that run after a deployment, against the target's workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bricklane.delivery.wheels import project_command
from bricklane.errors import BricklaneError, ExitCode
from bricklane.process import CommandFailed, run
from bricklane.project.settings import Settings

TARGET = "BRICKLANE_TARGET"
SUMMARY = "BRICKLANE_BUNDLE_SUMMARY"


@dataclass(frozen=True, slots=True)
class TestRun:
    """One level of tests that ran.

    Args:
        level: its name.
        passed: whether its command ended with 0.
        seconds: how long it took.
    """

    level: str
    passed: bool
    seconds: float

    __test__ = False  # pytest would take it for a test class.


class TestsFailedError(BricklaneError):
    """A level of tests failed; the levels before it passed."""

    __test__ = False


def commands_for(settings: Settings, target: str) -> Mapping[str, str]:
    """Return level → command of the tests that run after a deployment to ``target``, in order.

    Raises:
        BricklaneError: when a level has no command.
    """
    known = settings.targets.get(target)
    levels = known.tests if known else ()
    missing = [level for level in levels if level not in settings.tests]
    if missing:
        raise BricklaneError(
            f"bricklane.toml: targets/{target}/tests: no command for {', '.join(missing)}",
            hint=f'[tests]\n{missing[0]} = "uv run pytest tests/{missing[0]}"',
            exit_code=ExitCode.CONFIG,
        )
    return {level: settings.tests[level] for level in levels}


def run_tests(
    commands: Mapping[str, str],
    root: Path,
    environment: Mapping[str, str],
    secrets: tuple[str, ...],
    show: Callable[[str], None],
    finished: Callable[[TestRun], None],
) -> None:
    """Run the levels in order, up to the first that fails.

    Args:
        commands: level → command.
        root: the folder of ``databricks.yml``.
        environment: added to that of this process: where the target is, and how to get in.
        secrets: values that the output must not show.
        show: called with each line of output.
        finished: called with each level that ran.

    Raises:
        TestsFailedError: when one fails; its output has been shown.
    """
    for level, text in commands.items():
        began = time.monotonic()
        command = project_command(text, root, environment, secrets)
        try:
            run(command, show=show)
        except CommandFailed as failure:
            finished(TestRun(level, passed=False, seconds=time.monotonic() - began))
            raise TestsFailedError(
                f"the {level} tests failed: `{command}` ended with exit code {failure.result.code}",
                hint="their output stands above; what is deployed stays deployed",
            ) from None
        finished(TestRun(level, passed=True, seconds=time.monotonic() - began))
