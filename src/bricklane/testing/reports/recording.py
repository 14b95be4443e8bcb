"""What is kept of a pytest run while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bricklane.testing.reports import files
from bricklane.testing.reports.comparisons import of_traceback, of_values
from bricklane.testing.reports.model import (
    ERROR,
    FAILED,
    PASSED,
    SKIPPED,
    Failure,
    Test,
)

if TYPE_CHECKING:
    from types import TracebackType

COMPARED = pytest.StashKey[tuple[object, object]]()

# The attribute of a report that carries it from the process with the test to the one that records.
OBSERVED = "bricklane_observed"

MESSAGE_LINES = 12
DETAIL_CHARACTERS = 20_000


def observe(
    item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], report: pytest.TestReport
) -> None:
    """Note at ``report`` where in the project a failure is, and the rows that were compared."""
    compared = item.config.stash.get(COMPARED, None)
    if compared is not None:
        del item.config.stash[COMPARED]
    comparison = of_traceback(excinfo.tb)
    if comparison is None and compared is not None and excinfo.errisinstance(AssertionError):
        comparison = of_values(*compared)
    found = {"place": _place(excinfo.tb, item.config.rootpath)}
    if comparison is not None:
        found["comparison"] = files.document(comparison)
    setattr(report, OBSERVED, found)


def _place(traceback: TracebackType | None, root: Path) -> Any:
    """Return the last line of the project's own that led to a failure."""
    found = ""
    while traceback is not None:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.is_relative_to(root) and not {"site-packages", ".venv"}.intersection(file.parts):
            found = f"{file.relative_to(root).as_posix()}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found


@dataclass
class _Test:
    outcome: str = PASSED
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    reason: str = ""


class Recording:
    """Takes each report of pytest and keeps what reports of bricklane show.

    Args:
        root: the folder that pytest's ids and places are relative to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes: list[str] = []
        self._tests: dict[str, _Test] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the report of a test's set-up, call or tear-down."""
        test = self._tests.setdefault(report.nodeid, _Test())
        test.seconds += report.duration
        outcome: str = report.outcome
        if outcome == "rerun":
            test.failures.append(self._failure(report))
        elif hasattr(report, "wasxfail"):
            test.outcome = SKIPPED if report.skipped else PASSED
            test.reason = f"expected to fail: {report.wasxfail}".rstrip(": ")
        elif report.failed:
            test.failures.append(self._failure(report))
            if test.outcome != FAILED:
                test.outcome = FAILED if report.when == "call" else ERROR
        elif report.skipped:
            test.outcome, test.reason = SKIPPED, _reason(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take the report of a file that could not be read."""
        if report.failed:
            failure = self._failure(report)
            self._tests[report.nodeid] = _Test(ERROR, failures=[failure])

    def _failure(self, report: pytest.TestReport | pytest.CollectReport) -> Failure:
        observed = getattr(report, OBSERVED, {})
        crash = getattr(report.longrepr, "reprcrash", None)
        details = report.longreprtext
        said = crash.message if crash else _last_lines(details)
        place = observed.get("place") or (_crash_place(crash, self.root) if crash else "")
        comparison = observed.get("comparison")
        return Failure(
            "\n".join(said.splitlines()[:MESSAGE_LINES]),
            place,
            details[-DETAIL_CHARACTERS:],
            files.read_comparison(comparison) if comparison else None,
        )

    def write(self, folder: str, level: str, code: int) -> None:
        """Write down what the level came to.

        Args:
            folder: of the reports.
            level: its name.
            code: what pytest ends with.
        """
        tests = tuple(
            Test(name, test.outcome, round(test.seconds, 4), tuple(test.failures), test.reason)
            for name, test in self._tests.items()
        )
        files.write_level(Path(folder), level, tests, tuple(self.notes), code)


def _crash_place(crash: Any, root: Path) -> str:
    path = Path(crash.path)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    return f"{shown}:{crash.lineno}"


def _last_lines(text: str) -> str:
    return "\n".join([line for line in text.splitlines() if line.strip()][-MESSAGE_LINES:])


def _reason(report: pytest.TestReport) -> str:
    longrepr = report.longrepr
    said = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr or "")
    return said.removeprefix("Skipped: ")
