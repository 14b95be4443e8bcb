"""What a test run came to, as it is kept in JSON files and shown in reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PASSED, FAILED, ERROR, SKIPPED = "passed", "failed", "error", "skipped"
RED = frozenset({FAILED, ERROR})

SAME, CHANGED, MISSING, EXTRA = "same", "changed", "missing", "extra"


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row of a comparison.

    Args:
        kind: ``same``, ``changed``, ``missing`` (only expected) or ``extra`` (only there).
        actual: its cells; empty when it is missing.
        expected: its cells; empty when it is extra.
    """

    kind: str
    actual: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows that a test compared and that are not equal.

    Args:
        columns: names of the columns.
        rows: the rows, differing ones and some of the others, in their order.
        differing: how many rows differ in all.
        total: how many rows there are in all.
    """

    columns: tuple[str, ...]
    rows: tuple[ComparedRow, ...]
    differing: int
    total: int


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt at a test that failed.

    Args:
        message: what was wrong, in a few lines.
        place: ``file:line`` of the project; empty when unknown.
        details: what pytest prints of it.
        comparison: the rows that were compared, when it compared some.
    """

    message: str
    place: str = ""
    details: str = ""
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """One test.

    Args:
        id: pytest's, such as ``tests/unit/test_x.py::test_y[1]``.
        outcome: ``passed``, ``failed``, ``error`` (outside of the test itself) or ``skipped``.
        seconds: how long it took, set-up and all attempts included.
        failures: every attempt that failed, in order.
        reason: why it was skipped, or was expected to fail.
    """

    id: str
    outcome: str
    seconds: float = 0.0
    failures: tuple[Failure, ...] = ()
    reason: str = ""

    __test__ = False  # pytest would take it for a test class.

    @property
    def red(self) -> bool:
        """Whether it failed for good."""
        return self.outcome in RED

    @property
    def flaky(self) -> bool:
        """Whether it passed only when it was run again."""
        return self.outcome == PASSED and bool(self.failures)


@dataclass(frozen=True, slots=True)
class Level:
    """One level that ran.

    Args:
        name: such as ``unit``.
        code: what its command ended with.
        seconds: how long the command took.
        tests: what pytest ran; empty when nothing recorded it.
        notes: what its reader should know, such as that nothing recorded the tests.
    """

    name: str
    code: int
    seconds: float
    tests: tuple[Test, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether its command ended well."""
        return self.code == 0

    def count(self, outcome: str) -> int:
        """Return how many tests have an outcome."""
        return sum(test.outcome == outcome for test in self.tests)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which lines of the project's code the tests of all levels ran.

    Args:
        covered: how many lines ran.
        lines: how many could.
        files: path from the project's folder → lines that ran, lines that could.
    """

    covered: int
    lines: int
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def percent(self) -> float:
        """Of all lines, those that ran."""
        return percent(self.covered, self.lines)


def percent(covered: int, lines: int) -> float:
    """Return ``covered`` as a part of ``lines``; nothing to cover is all covered."""
    return 100.0 * covered / lines if lines else 100.0


@dataclass(frozen=True, slots=True)
class Base:
    """The coverage that a change is compared with.

    Args:
        percent: of the base; None when it is not known.
        said: whose figure it is, or why there is none.
    """

    percent: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Report:
    """A run of one or several levels.

    Args:
        project: its name.
        levels: in the order that they ran.
        target: of the bundle whose workspace was used; empty when none was.
        coverage: over all levels; None when it was not measured.
        base: what the coverage is compared with; None when nobody asked.
    """

    project: str
    levels: tuple[Level, ...]
    target: str = ""
    coverage: Coverage | None = None
    base: Base | None = None

    @property
    def passed(self) -> bool:
        """Whether every level passed."""
        return all(level.passed for level in self.levels)

    def tests(self) -> Iterator[tuple[Level, Test]]:
        """Yield every test with its level."""
        for level in self.levels:
            for test in level.tests:
                yield level, test

    def red(self) -> list[tuple[Level, Test]]:
        """Return the tests that failed for good."""
        return [(level, test) for level, test in self.tests() if test.red]

    def flaky(self) -> list[tuple[Level, Test]]:
        """Return the tests that passed only when they were run again."""
        return [(level, test) for level, test in self.tests() if test.flaky]

    def slowest(self, count: int) -> list[tuple[Level, Test]]:
        """Return the ``count`` tests that took longest, the longest first."""
        ordered = sorted(self.tests(), key=lambda pair: -pair[1].seconds)
        return [(level, test) for level, test in ordered[:count] if test.seconds >= SHOWN_SECONDS]


# A test that is faster is no slow one, whichever place it has.
SHOWN_SECONDS = 0.05
