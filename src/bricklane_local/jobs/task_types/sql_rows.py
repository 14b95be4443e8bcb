"""Rows that SQL tasks return, as the tasks after them may name them.

Source: ``output.rows``, ``output.first_row`` and ``output.alert_state`` of
https://docs.databricks.com/en/jobs/dynamic-value-references.html, with the limits there. A SQL file
returns what its last statement does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.jobs.references import UnknownReferenceError

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import TaskRun

Body = dict[str, Any]
MAXIMUM_ROWS = 1000
MAXIMUM_BYTES = 48 * 1024
ROWS = "rows.json"
# Types of columns whose texts are JSON already; those of all others stay texts.
JSON_TYPES = {
    *("BOOLEAN", "BYTE", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE"),
    *("ARRAY", "MAP", "STRUCT"),
}


def keep(folder: Path, columns: list[Body], rows: list[list[str | None]]) -> None:
    """Keep what a statement of a task has returned in the folder of its run."""
    names = [(str(column["name"]), column["type_name"] in JSON_TYPES) for column in columns]
    kept = [
        {
            # NaN and infinities are no JSON, so they stay texts.
            name: json.loads(text, parse_constant=str) if typed and text is not None else text
            for (name, typed), text in zip(names, row, strict=True)
        }
        for row in rows[:MAXIMUM_ROWS]
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ROWS).write_text(json.dumps(kept, ensure_ascii=False), "utf-8")


def output_of(engine: JobEngine, task_run: TaskRun) -> Body:
    """Return what follows ``tasks.KEY.output`` in references to a SQL task.

    Raises:
        UnknownReferenceError: when it is more than references can reach.
    """
    shown = task_run.output.get("sql") or {}
    state = (shown.get("alert_output") or shown).get("alert_state")
    if state:
        return {"alert_state": state}
    folder = engine.workspace.run_folder(task_run.run_id)
    rows = _kept(folder / ROWS) or _of_file(folder / "cells.json")
    size = len(json.dumps(rows, ensure_ascii=False).encode())
    if size > MAXIMUM_BYTES:
        raise UnknownReferenceError(
            f"the output of task {task_run.key} has {size} bytes; "
            f"references reach at most {MAXIMUM_BYTES}"
        )
    return {"rows": rows, **({"first_row": rows[0]} if rows else {})}


def _kept(path: Path) -> list[Body]:
    rows: list[Body] = json.loads(path.read_bytes()) if path.exists() else []
    return rows


def _of_file(path: Path) -> list[Body]:
    """Return the rows of the last statement of a SQL file."""
    cells = json.loads(path.read_bytes()) if path.exists() else []
    tables = [item for item in cells[-1]["outputs"] if item["type"] == "table"] if cells else []
    if not tables:
        return []
    names = [column["name"] for column in tables[-1]["columns"]]
    return [dict(zip(names, row, strict=True)) for row in tables[-1]["rows"]]
