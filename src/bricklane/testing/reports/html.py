"""The report as one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bricklane.testing.reports.markdown import counts, figure, least_covered
from bricklane.testing.reports.model import CHANGED, SAME, Comparison, Report

TEMPLATE = Path(__file__).with_name("page.html.jinja")
SLOWEST = 15


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table of differences.

    Args:
        sign: ``-`` for what was expected, ``+`` for what is there, a space for both.
        cells: text of each, and whether it differs.
    """

    sign: str
    cells: tuple[tuple[str, bool], ...]


def page(report: Report) -> str:
    """Return the page. All that comes from tests is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    return template.render(
        report=report,
        red=report.red(),
        flaky=report.flaky(),
        slowest=report.slowest(SLOWEST),
        longest=max((test.seconds for _, test in report.tests()), default=0.0),
        counts=counts,
        figure=figure(report),
        least=least_covered(report.coverage) if report.coverage else [],
        lines=lines,
    )


def lines(comparison: Comparison) -> Iterator[Line]:
    """Yield the lines that show a comparison, what was expected above what is there."""
    for row in comparison.rows:
        if row.kind == SAME:
            yield Line(" ", tuple((cell, False) for cell in row.actual))
            continue
        both = zip(row.expected, row.actual, strict=False)
        differs = [row.kind != CHANGED or one != other for one, other in both]
        for sign, cells in (("-", row.expected), ("+", row.actual)):
            if cells:
                marks = differs or [True] * len(cells)
                yield Line(sign, tuple(zip(cells, marks, strict=False)))
