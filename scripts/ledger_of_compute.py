"""What tasks, notebooks and ``dbutils`` can do in the local cloud, as sections of the ledger."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

from bricklane_local.jobs.task_types.table import TASK_TYPES
from bricklane_local.jobs.task_types.unsupported import REASONS
from bricklane_runtime.classic.advice import ClassicOnly
from bricklane_runtime.dbutils import REFUSED, Library
from bricklane_runtime.dbutils.fs import FileSystem
from bricklane_runtime.dbutils.jobs import TaskValues
from bricklane_runtime.dbutils.notebook import Notebook
from bricklane_runtime.dbutils.secrets import Secrets
from bricklane_runtime.dbutils.widgets import Widgets
from bricklane_runtime.notebook.display import runtime_names
from bricklane_runtime.notebook.runner import ACTIONS, NotebookRun
from bricklane_runtime.notebook.source import MAGICS

UTILITIES = {
    "fs": FileSystem,
    "jobs.taskValues": TaskValues,
    "library": Library,
    "notebook": Notebook,
    "secrets": Secrets,
    "widgets": Widgets,
}

CLASSIC_TASK = "on classic Spark where its code needs that and its cluster has it"
CLASSIC_NAME = "on clusters that do not keep users apart; elsewhere an error says what to do"


def sections() -> list[str]:
    """Return the lines of all sections."""
    return [
        "",
        "# Compute",
        "",
        "What SQL statements do is on a [page of its own](sql-statements.md).",
        *_table("Task types", "task", _tasks()),
        *_table("Notebooks", "cell or name", _notebooks()),
        *_table("dbutils", "function", _utilities()),
    ]


def _table(title: str, what: str, rows: list[tuple[str, str, str]]) -> list[str]:
    lines = ["", f"## {title}", "", f"| {what} | fidelity | note |", "|---|---|---|"]
    return lines + [f"| `{name}` | {fidelity} | {note} |" for name, fidelity, note in rows]


def _tasks() -> list[tuple[str, str, str]]:
    refused = [(name, "refused", f"when it runs: {why}") for name, why in sorted(REASONS.items())]
    real = [
        (name, "real", CLASSIC_TASK if kind.classic else "")
        for name, kind in sorted(TASK_TYPES.items())
    ]
    return real + refused


def _notebooks() -> list[tuple[str, str, str]]:
    cells = [
        (f"%{magic}", "refused" if ACTIONS[kind] is NotebookRun._refused else "real", "")
        for magic, kind in MAGICS.items()
    ]
    nothing: Any = SimpleNamespace(sql=None, table=None, widgets=SimpleNamespace(getArgument=None))
    names = [
        (name, "real", CLASSIC_NAME) if isinstance(value, ClassicOnly) else (name, "real", "")
        for name, value in sorted(runtime_names(nothing, nothing).items())
    ]
    return [*cells, ("%pip and other magics of IPython", "real", ""), *names]


def _utilities() -> list[tuple[str, str, str]]:
    rows = []
    for part, utility in UTILITIES.items():
        for name, function in inspect.getmembers(utility, inspect.isfunction):
            if not name.startswith("_") and name != "help":
                said = (inspect.getdoc(function) or "").split("\n", 1)[0]
                never = inspect.signature(function).return_annotation == "Never"
                shown = said.replace("|", "\\|").replace("``", "`")
                rows.append((f"dbutils.{part}.{name}", "refused" if never else "real", shown))
    return rows + [(f"dbutils.{name}", "refused", why) for name, why in sorted(REFUSED.items())]
