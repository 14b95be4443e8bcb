"""What a notebook that ran left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bricklane.testing.notebooks.nutter import failed_tests

SUCCESS = "SUCCESS"
FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a cell showed.

    Args:
        columns: their names.
        types: their types, as Spark or pandas writes them.
        rows: at most 1,000 of its rows; values that JSON lacks are texts.
        truncated: whether it has more rows.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Output:
    """Something that a cell showed.

    Args:
        kind: ``text``, ``markdown``, ``html``, ``image``, ``table`` or ``error``.
        stream: of a text: ``stdout``, ``stderr``, or ``result`` for a cell's last expression.
        text: the text, Markdown, HTML, image data (base64, or SVG), or traceback.
        table: with kind ``table``.
    """

    kind: str
    stream: str = ""
    text: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class CellResult:
    """A cell that ran, or did not because the notebook ended before it.

    Args:
        number: its place in the notebook, from 1.
        kind: ``python``, ``sql``, ``md``, ``sh``, ``fs`` or ``run``.
        title: its title, or "".
        source: its text, magic included.
        line: the line of the file that it begins on; 0 when it is not known.
        status: ``SUCCESS``, ``FAILED``, ``CANCELLED`` or ``SKIPPED``.
        outputs: what it showed, in order.
        seconds: how long it ran.
    """

    number: int
    kind: str
    title: str
    source: str
    line: int
    status: str
    outputs: tuple[Output, ...] = ()
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """All that it printed, and the plain form of its last expression."""
        return "".join(output.text for output in self.outputs if output.kind == "text")

    @property
    def table(self) -> Table | None:
        """The last table that it showed."""
        tables = [output.table for output in self.outputs if output.table is not None]
        return tables[-1] if tables else None

    @property
    def error(self) -> str:
        """The traceback of a cell that failed, else ""."""
        return "".join(output.text for output in self.outputs if output.kind == "error")


@dataclass(frozen=True, slots=True)
class NotebookResult:
    """A notebook that ran to its end, or to its ``dbutils.notebook.exit``.

    Args:
        path: its file, relative to the root of the project.
        exit_value: what ``dbutils.notebook.exit`` was given; None when the notebook ran to its end.
        cells: all of them, in order.
        task_values: what it set with ``dbutils.jobs.taskValues.set``, by key.
        widgets: the widgets that it declares, with their defaults.
        namespace: the variables, functions and classes that it left.
    """

    path: str
    exit_value: str | None
    cells: tuple[CellResult, ...]
    task_values: Mapping[str, Any] = field(default_factory=dict)
    widgets: Mapping[str, str] = field(default_factory=dict)
    namespace: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def failed_tests(self) -> dict[str, str]:
        """The tests of nutter that failed in it: name → what was wrong."""
        return failed_tests(self.namespace)

    @property
    def stdout(self) -> str:
        """All that its cells printed to standard output."""
        texts = (output for cell in self.cells for output in cell.outputs)
        return "".join(output.text for output in texts if output.stream == "stdout")

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that its cells showed, in order."""
        shown = (output.table for cell in self.cells for output in cell.outputs)
        return tuple(table for table in shown if table is not None)


def cell_results(records: Iterable[Any], lines: Iterable[int]) -> tuple[CellResult, ...]:
    """Return recorded cells as results.

    Args:
        records: as :mod:`bricklane_runtime.notebook.outputs` describes them.
        lines: the line that each begins on.
    """
    return tuple(
        CellResult(
            number=record["index"] + 1,
            kind=record["language"],
            title=record["title"],
            source=record["source"],
            line=line,
            status=record["state"],
            outputs=tuple(map(_output, record["outputs"])),
            seconds=(record["duration_ms"] or 0) / 1000,
        )
        for record, line in zip(records, lines, strict=False)
    )


def _output(record: Mapping[str, Any]) -> Output:
    kind = record["type"]
    if kind == "table":
        columns = record["columns"]
        table = Table(
            tuple(column["name"] for column in columns),
            tuple(column["type"] for column in columns),
            tuple(tuple(row) for row in record["rows"]),
            record["truncated"],
        )
        return Output(kind, table=table)
    text = record.get({"html": "html", "image": "data", "error": "traceback"}.get(kind, "text"), "")
    return Output(kind, stream=record.get("stream", ""), text=text)
