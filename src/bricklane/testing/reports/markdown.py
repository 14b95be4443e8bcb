"""The report as Markdown: a whole page, and the short form for job summaries and comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bricklane.delivery.markdown import block, code, plain, table
from bricklane.testing.reports.model import (
    ERROR,
    FAILED,
    PASSED,
    SAME,
    SKIPPED,
    Comparison,
    Coverage,
    Failure,
    Level,
    Report,
    Test,
)

SLOWEST = 10
SHORT_SLOWEST = 3
SHORT_FAILURES = 10
COMPARED_ROWS = 20
LEAST_COVERED = 10
SHORT_LINES = 6

Pairs = list[tuple[Level, Test]]


def page(report: Report) -> str:
    """Return the whole report."""
    word = "passed" if report.passed else "failed"
    parts = [f"# {'✅' if report.passed else '❌'} Tests of {plain(report.project)}: {word}"]
    if report.target:
        parts.append(f"Against target {code(report.target)}.")
    parts += [
        *_failures(report.red(), None),
        *_flaky(report.flaky()),
        _counts(report),
        *_notes(report),
        *_slowest(report, SLOWEST, "## Slowest tests"),
        *_coverage(report, files=True),
    ]
    return "\n\n".join(parts) + "\n"


def short(report: Report) -> str:
    """Return what stands in a job's summary and in a comment; empty when no level ran."""
    if not report.levels:
        return ""
    parts = [
        *_failures(report.red(), SHORT_FAILURES),
        *_flaky(report.flaky()),
        _counts(report),
        *_notes(report),
        *_slowest(report, SHORT_SLOWEST, ""),
        *_coverage(report, files=False),
    ]
    return "\n\n".join(parts)


def figure(report: Report) -> str:
    """Return the coverage and its change against the base, in a line; empty without one."""
    if report.coverage is None:
        return ""
    said = f"{report.coverage.percent:.1f} % of {report.coverage.lines} lines"
    if report.base is None:
        return said
    if report.base.percent is None:
        return f"{said}; {report.base.said}"
    return f"{said}, {change(report.coverage.percent - report.base.percent)} {report.base.said}"


def change(points: float) -> str:
    """Return a difference of two percentages, in points."""
    return f"{points:+.1f}" if abs(points) >= 0.05 else "±0.0"


def _failures(pairs: Pairs, limit: int | None) -> Iterator[str]:
    if pairs:
        yield f"## {len(pairs)} failed"
    for level, test in pairs[:limit]:
        failure = test.failures[-1] if test.failures else Failure("it failed")
        where = f" at {code(failure.place)}" if failure.place else ""
        tries = f", {len(test.failures)} attempts" if len(test.failures) > 1 else ""
        yield f"**{code(test.id)}** ({plain(level.name)}{tries}){where}"
        if failure.comparison is not None:
            yield _compared(failure.comparison)
        else:
            yield block(_cut(failure.message, limit))
    if limit is not None and len(pairs) > limit:
        yield f"and {len(pairs) - limit} more; all are in the report of the run"


def _cut(message: str, limit: int | None) -> str:
    lines = message.splitlines() or ["it says nothing"]
    if limit is None or len(lines) <= SHORT_LINES:
        return "\n".join(lines)
    return "\n".join([*lines[:SHORT_LINES], "…"])


def _compared(comparison: Comparison) -> str:
    """Return the rows that differ, what is there above what was expected."""
    rows: list[tuple[str, ...]] = []
    for row in comparison.rows:
        if row.kind != SAME:
            rows += [("-", *map(plain, row.expected))] if row.expected else []
            rows += [("+", *map(plain, row.actual))] if row.actual else []
    said = f"{comparison.differing} of {comparison.total} rows differ (- expected, + actual):"
    shown = table(("", *map(plain, comparison.columns)), rows[:COMPARED_ROWS])
    more = len(rows) - COMPARED_ROWS
    return f"{said}\n\n{shown}" + (f"\n\nand {more} lines more" if more > 0 else "")


def _flaky(pairs: Pairs) -> Iterator[str]:
    if not pairs:
        return
    yield f"## {len(pairs)} flaky: passed only when run again"
    rows = [
        (code(test.id), plain(level.name), code(first.place) if first.place else "", _line(first))
        for level, test in pairs
        for first in test.failures[:1]
    ]
    yield table(("test", "level", "failed first at", "with"), rows)


def _line(failure: Failure) -> str:
    return plain(next(iter(failure.message.splitlines()), ""))


def _counts(report: Report) -> str:
    rows = [
        (
            plain(level.name),
            "✅ passed" if level.passed else "❌ **failed**",
            *(str(count) for count in counts(level)),
            f"{level.seconds:.1f} s",
        )
        for level in report.levels
    ]
    return table(("level", "", "passed", "failed", "flaky", "skipped", "took"), rows)


def counts(level: Level) -> tuple[int, int, int, int]:
    """Return how many tests of a level passed, failed, are flaky, were skipped."""
    return (
        level.count(PASSED),
        level.count(FAILED) + level.count(ERROR),
        sum(test.flaky for test in level.tests),
        level.count(SKIPPED),
    )


def _notes(report: Report) -> Iterable[str]:
    lines = [f"- {plain(level.name)}: {plain(x)}" for level in report.levels for x in level.notes]
    return ["\n".join(lines)] if lines else []


def _slowest(report: Report, count: int, title: str) -> Iterator[str]:
    slow = report.slowest(count)
    if not slow:
        return
    if title:
        yield title
        rows = [(code(x.id), plain(level.name), f"{x.seconds:.2f} s") for level, x in slow]
        yield table(("test", "level", "took"), rows)
    else:
        yield "Slowest: " + ", ".join(f"{code(x.id)} {x.seconds:.1f} s" for _, x in slow)


def _coverage(report: Report, *, files: bool) -> Iterator[str]:
    if report.coverage is None:
        return
    if not files:
        yield f"Coverage: {plain(figure(report))}"
        return
    yield f"## Coverage\n\n{plain(figure(report))}"
    if rows := [
        (code(path), f"{covered} of {lines}", f"{100 * covered / lines:.0f} %")
        for path, (covered, lines) in least_covered(report.coverage)
    ]:
        yield table(("file", "lines", ""), rows)


def least_covered(coverage: Coverage) -> list[tuple[str, tuple[int, int]]]:
    """Return the files with the most lines that no test ran, these first."""
    open_files = [(path, pair) for path, pair in coverage.files.items() if pair[0] < pair[1]]
    return sorted(open_files, key=lambda each: each[1][0] - each[1][1])[:LEAST_COVERED]
