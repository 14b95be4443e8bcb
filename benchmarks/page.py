"""What was measured, kept as samples in ``figures.json`` and shown as ``docs/benchmarks.md``."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measurement import KEPT_ROUNDS, Comparison
from benchmarks.table import BENCHMARKS, Benchmark

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "benchmarks" / "figures.json"
PAGE = ROOT / "docs" / "benchmarks.md"
COLUMNS = ("", "bricklane", "peer", "ratio", "to reach", "reached", "measured")


@dataclass(frozen=True, slots=True)
class Figure:
    """One kept comparison.

    Args:
        row: of the benchmark.
        command: that measured it.
        machine: that it was measured on, and its load.
        day: of the measurement.
        comparison: the samples.
    """

    row: int
    command: str
    machine: str
    day: str
    comparison: Comparison


def machine() -> str:
    """Return this machine, and how busy it is with other work, in the words of the page."""
    return (
        f"{os.cpu_count()}-core {platform.system()} machine "
        f"(load average at the start: {os.getloadavg()[0]:.1f})"
    )


def today() -> str:
    """Return the day in ISO format."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def load() -> list[Figure]:
    """Return the kept figures, none when there is no file."""
    if not FIGURES.exists():
        return []
    entries: list[dict[str, Any]] = json.loads(FIGURES.read_text("utf-8"))
    return [
        Figure(**entry | {"comparison": Comparison(**entry["comparison"])}) for entry in entries
    ]


def keep(new: Figure) -> list[Figure]:
    """Add a figure to the kept ones, replacing that of the same thing; return all."""
    figures = {(figure.row, figure.comparison.what): figure for figure in (*load(), new)}
    entries = [asdict(figure) for figure in figures.values()]
    FIGURES.write_text(json.dumps(entries, indent=1) + "\n", "utf-8")
    return list(figures.values())


def write(figures: list[Figure], missing: dict[int, str]) -> None:
    """Write the page; the arguments are those of :func:`render`."""
    PAGE.write_text(render(figures, missing), "utf-8")


def amount(value: float, unit: str) -> str:
    """Return a measured value for people."""
    if unit == "s" and value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.2f} {unit}" if unit in ("s", "ms", "%") else f"{value:.0f} {unit}"


def cells(comparison: Comparison) -> list[str]:
    """Return the first cells of a comparison's line: what, ours, peer, ratio, limit, reached."""
    unit = comparison.unit
    limits = []
    if comparison.ratio_limit is not None:
        limits.append(f"≤ {comparison.ratio_limit:g}x")
    if comparison.limit is not None:
        limits.append(f"≤ {amount(comparison.limit, unit)}")
    return [
        comparison.what,
        amount(statistics.median(comparison.ours), unit),
        amount(statistics.median(comparison.peer), unit) if comparison.peer else "none",
        "none" if comparison.ratio is None else f"{comparison.ratio:.2f}x",
        ", ".join(limits),
        "yes" if comparison.reached else "no",
    ]


def render(figures: list[Figure], missing: dict[int, str]) -> str:
    """Return the page.

    Args:
        figures: to show.
        missing: for rows that could not be measured in this run, why not.
    """
    lines = [
        "<!-- written by `make bench`; do not edit -->",
        "# Benchmarks",
        "",
        "Each row is measured beside its peer in one run: the two take turns, and each cell is the",
        f"median of at least five samples (in rows {long_rows()}, of as many as its command",
        "says; `benchmarks/figures.json` has them all). Ratios below 1",
        "mean that bricklane needs less. Seconds vary by half where the load average is far above",
        "the number of cores: there, only processor time can be relied on. Measure again with:",
        "",
        "```text",
        "make bench                      # every row; bundles of 1 and 100 jobs",
        ".venv/bin/python -m benchmarks --full        # and of 1000 jobs: 15 minutes or more",
        ".venv/bin/python -m benchmarks --rows 4,6    # some rows",
        "```",
    ]
    for benchmark in BENCHMARKS:
        own = [figure for figure in figures if figure.row == benchmark.row]
        lines += _section(benchmark, own, missing.get(benchmark.row))
    return "\n".join(lines) + "\n"


def long_rows() -> str:
    """Return the rows of which fewer samples are kept, in words."""
    rows = [str(row.row) for row in BENCHMARKS if row.kept_rounds < KEPT_ROUNDS]
    return f"{', '.join(rows[:-1])} and {rows[-1]}"


def _section(benchmark: Benchmark, figures: list[Figure], missing: str | None) -> list[str]:
    lines = ["", f"## {benchmark.row}. {benchmark.title}", "", f"Beside {benchmark.peer}."]
    if missing is not None:
        lines += ["", "Not measured by the latest run: " + missing.splitlines()[0]]
    if not figures and missing is None:
        lines += ["", "Not measured yet."]
    if figures:
        lines += ["", f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
        lines += [
            f"| {' | '.join([*cells(figure.comparison), figure.day])} |" for figure in figures
        ]
    for command, where in sorted({(figure.command, figure.machine) for figure in figures}):
        lines += ["", f"Measured with `{command}` on a {where}."]
    return lines
