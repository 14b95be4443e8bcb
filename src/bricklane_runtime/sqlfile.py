"""Runs a SQL file: its statements one after another, until one fails.

Source: https://docs.databricks.com/en/jobs/sql.html and
https://docs.databricks.com/en/sql/language-manual/sql-ref-parameter-marker.html. Parameters are
text, and statements name them as ``:name``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_runtime.failures import failure
from bricklane_runtime.notebook.outputs import Recorder
from bricklane_runtime.notebook.source import Cell
from bricklane_runtime.notebook.statements import markers, split
from bricklane_runtime.notebook.tables import spark_table
from bricklane_runtime.results import Failure, Outcome

if TYPE_CHECKING:
    from bricklane_runtime.session import RunSession
    from bricklane_runtime.task import Task


class UnboundSqlParameter(Exception):  # noqa: N818 - named like Spark's error class
    """A statement names a parameter that the task does not give.

    Args:
        name: of the parameter.
        given: the parameters that there are.
        giver: what gives them.
    """

    def __init__(self, name: str, given: Iterable[str], giver: str = "the task") -> None:
        known = ", ".join(sorted(given)) or "none"
        super().__init__(
            f"[UNBOUND_SQL_PARAMETER] The statement names the parameter :{name}; "
            f"{giver} gives: {known}"
        )


def run_sql_file(task: Task) -> Outcome:
    """Run the SQL file of a task; each statement and what it returns is recorded as a cell."""
    file, session = task.specification.sql_file, task.session
    if file is None or session is None:
        raise ValueError("The task has kind sql_file, but no file or no Spark")
    statements = split(Path(file.file).read_text("utf-8-sig"))
    if not statements:
        return Outcome(Failure("EmptySqlFile", f"{file.path} holds no statement", ""))
    cells = [Cell("sql", statement, statement) for statement in statements]
    recorder = Recorder(Path(task.specification.run_directory), task.vault.redactor)
    for index, cell in enumerate(cells):
        recorder.begin(index, cell)
        try:
            _run_statement(session, cell.body, file.parameters, recorder)
        except Exception as error:
            recorder.error(_described(error))
            recorder.end("FAILED")
            recorder.skip(list(enumerate(cells))[index + 1 :])
            return Outcome(_failed(error, index, cell.source))
        except BaseException:
            recorder.end("CANCELLED")
            raise
        recorder.end("SUCCESS")
    return Outcome()


def _run_statement(
    session: RunSession, statement: str, parameters: dict[str, str], recorder: Recorder
) -> None:
    named = markers(statement)
    if missing := [name for name in named if name not in parameters]:
        raise UnboundSqlParameter(missing[0], parameters)
    values = {name: parameters[name] for name in named}
    frame = session.sql(statement, args=values or None)
    if frame.columns:
        recorder.add(spark_table(frame))
    else:
        recorder.text("result", "OK\n")


def _described(error: Exception) -> dict[str, object]:
    found = failure(error)
    return {
        "type": "error",
        "name": found.type,
        "message": found.message,
        "traceback": "",
        "line": None,
    }


def _failed(error: Exception, index: int, statement: str) -> Failure:
    """Describe a failed statement; the Python frames behind it are none of the file's author."""
    found = failure(error)
    return Failure(found.type, found.message, "", cell_index=index, cell_source=statement)
