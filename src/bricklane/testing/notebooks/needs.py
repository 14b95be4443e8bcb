"""Whether a notebook could use Spark; starting it takes seconds."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bricklane_runtime.notebook.source import Cell

# Names by which Python code reaches a session; `table` and `sql` are known without an import.
WORDS = re.compile(r"\b(?:spark|SparkSession|DatabricksSession|pyspark|delta|dlt|sql|table|udf)\b")


def uses_spark(
    cells: list[Cell],
    path: str,
    load: Callable[[str], list[Cell]],
    seen: frozenset[str] = frozenset(),
) -> bool:
    """Tell whether cells, or notebooks that they include, could use Spark.

    Args:
        cells: of a notebook.
        path: of the notebook.
        load: returns the cells of another notebook by its path.
        seen: notebooks that were looked at.
    """
    return any(_uses(cell, path, load, seen | {path}) for cell in cells)


def _uses(cell: Cell, path: str, load: Callable[[str], list[Cell]], seen: frozenset[str]) -> bool:
    from bricklane_runtime.notebook.parameters import CREATE, REMOVE
    from bricklane_runtime.notebook.statements import split

    if cell.kind == "python":
        return WORDS.search(cell.body) is not None
    if cell.kind == "sql":
        # Statements about widgets are not Spark's.
        return not all(CREATE.match(each) or REMOVE.match(each) for each in split(cell.body))
    return cell.kind == "run" and _included(cell, path, load, seen)


def _included(
    cell: Cell, path: str, load: Callable[[str], list[Cell]], seen: frozenset[str]
) -> bool:
    from bricklane_runtime.dbutils.notebook import resolve
    from bricklane_runtime.notebook.inclusion import InclusionError, parse_inclusion
    from bricklane_runtime.notebook.source import NotebookFormatError

    try:
        target = resolve(parse_inclusion(cell.body).path, posixpath.dirname(path))
        return target not in seen and uses_spark(load(target), target, load, seen)
    except (InclusionError, NotebookFormatError, ValueError):
        return False  # running the cell says what is wrong
