"""Tables that stay readable: on a terminal of any width, and for programs that read lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

GAP = "  "
INDENT = "  "


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, below: str | None = None
) -> None:
    """Print a table to standard output.

    A program that reads it gets one line for each row. On a terminal nothing is folded: columns
    that do not fit go below their row, each with its name.

    Args:
        columns: their titles.
        rows: a cell for each column, and one for ``below``.
        below: title of one more column, whose long cells, such as URLs, are always below their row
            on a terminal.
    """
    import click

    titles = (*columns, *(() if below is None else (below,)))
    width = terminal_width()
    kept = len(columns) if width is not None else len(titles)
    for line in table_lines(titles, [tuple(map(printable, row)) for row in rows], kept, width):
        click.echo(line)


def print_line(text: str, url: str) -> None:
    """Print a line that ends in a URL, which stands below it when both do not fit."""
    import click
    from rich.cells import cell_len

    width, text = terminal_width(), printable(text)
    together = f"{text} {url}".rstrip()
    fits = not url or width is None or cell_len(together) <= width
    click.echo(together if fits else f"{text}\n{INDENT}{url}")


def terminal_width() -> int | None:
    """Return how many columns the reader's terminal has; None when no terminal reads.

    Whoever sets ``COLUMNS`` says that a terminal of that width shows it in the end.
    """
    import shutil

    if os.environ.get("COLUMNS") or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def table_lines(
    titles: Sequence[str], rows: Sequence[Sequence[str]], kept: int, width: int | None
) -> list[str]:
    """Return the lines of a table.

    Args:
        titles: of the columns.
        rows: a cell for each column.
        kept: how many of the columns may stand side by side; the others are below, without names.
        width: of the terminal in columns; None for no limit.
    """
    from rich.cells import cell_len

    widths = [max(map(cell_len, cells)) for cells in zip(titles, *rows, strict=True)]
    fitting = kept if width is None else _fitting(widths[:kept], width)

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell + " " * (size - cell_len(cell))
            for cell, size in zip(cells[:fitting], widths, strict=False)
        )
        return GAP.join(padded).rstrip()

    lines = [line(titles)]
    for row in rows:
        named = zip(titles[fitting:kept], row[fitting:kept], strict=True)
        rest = ", ".join(
            f"{title.lower()} {cell}" for title, cell in named if cell not in {"", "-"}
        )
        lines += [line(row), *(INDENT + text for text in (rest, *row[kept:]) if text)]
    return lines


def _fitting(widths: Sequence[int], width: int) -> int:
    """Return how many of the first columns fit side by side; at least one."""
    ends = [sum(widths[: n + 1]) + len(GAP) * n for n in range(len(widths))]
    return max(1, sum(end <= width for end in ends))


def printable(text: str) -> str:
    """Return ``text`` on one line, in which nothing can steer a terminal.

    Titles and branches come from anywhere: an escape sequence in one would clear the screen, or
    hide the line before.
    """
    letters = text.expandtabs(4)
    return "".join(a if a.isprintable() else "\N{REPLACEMENT CHARACTER}" for a in letters)
