"""Runs a notebook: its cells one after another, until one fails or leaves it."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_runtime import modules
from bricklane_runtime.dbutils import DBUtils, NotebookExit
from bricklane_runtime.dbutils.notebook import resolve
from bricklane_runtime.failures import failure
from bricklane_runtime.notebook.commands import run_command, run_shell_cell
from bricklane_runtime.notebook.display import runtime_names
from bricklane_runtime.notebook.filesystem import run_fs_cell
from bricklane_runtime.notebook.inclusion import InclusionError, load, parse_inclusion
from bricklane_runtime.notebook.outputs import CellStream, Recorder
from bricklane_runtime.notebook.parameters import run_widget_statement
from bricklane_runtime.notebook.pip import run_pip
from bricklane_runtime.notebook.restart import RestartPython, forget_modules
from bricklane_runtime.notebook.shell import new_shell
from bricklane_runtime.notebook.source import Cell, NotebookFormatError, parse
from bricklane_runtime.notebook.statements import markers, split, with_widgets
from bricklane_runtime.notebook.tables import records_table, spark_table
from bricklane_runtime.rest import Rest
from bricklane_runtime.results import Failure, Outcome

if TYPE_CHECKING:
    from bricklane_runtime.specification import NotebookTask
    from bricklane_runtime.task import Task

# Shows matplotlib figures when a cell ends; comes with IPython.
FIGURES = "module://matplotlib_inline.backend_inline"


def run_notebook(task: Task) -> Outcome:
    """Run the notebook of a task."""
    notebook = task.specification.notebook
    if notebook is None:
        raise ValueError("The task has kind notebook, but no notebook")
    content = Path(notebook.content_file).read_bytes()
    try:
        cells = parse(content, notebook.language, notebook.format)
    except NotebookFormatError as error:
        return Outcome(failure(error))
    return NotebookRun(task, notebook).run(cells)


class NotebookRun:
    """The state of a running notebook.

    Args:
        task: the run.
        notebook: what it runs.
    """

    def __init__(self, task: Task, notebook: NotebookTask) -> None:
        specification = task.specification
        self._task = task
        self._session = task.session
        self._rest = Rest(specification.host, specification.token)
        self._paths = [resolve(notebook.path, "/")]
        self._packages = Path(specification.run_directory, "packages")
        self._recorder = Recorder(Path(specification.run_directory), task.vault.redactor)
        os.environ["MPLBACKEND"] = FIGURES
        self._dbutils = DBUtils(task, self._restart)
        self._shell = new_shell(self._recorder)
        self._shell.run_command = run_command
        self._prefix = ""
        self._provide()

    def _provide(self) -> None:
        """Put the known names into the namespace."""
        names = runtime_names(self._session, self._dbutils, self._recorder)
        modules.install(self._session, self._dbutils, names)
        self._shell.user_ns.update(names)
        register: Any = self._shell.register_magic_function  # its own hints are wrong
        register(self._pip, "line", "pip")
        folder = os.getcwd()  # noqa: PTH109 - Path.cwd() would not be the workspace's path
        if folder not in sys.path:
            sys.path.insert(0, folder)

    def run(self, cells: list[Cell]) -> Outcome:
        """Run all cells, or those up to the first that fails or leaves the notebook."""
        log = sys.stdout, sys.stderr
        sys.stdout = CellStream("stdout", self._recorder, log[0])
        sys.stderr = CellStream("stderr", self._recorder, log[1])
        try:
            for index, cell in enumerate(cells):
                outcome = self._run_recorded(index, cell)
                if outcome is not None:
                    self._recorder.skip(list(enumerate(cells))[index + 1 :])
                    return outcome
        finally:
            sys.stdout, sys.stderr = log
        return Outcome()

    def _run_recorded(self, index: int, cell: Cell) -> Outcome | None:
        """Run a cell and record it; return how the notebook ends when it ends here."""
        self._recorder.begin(index, cell)
        name = f"<cell {index + 1}>"
        try:
            self._run_cell(cell, name)
        except NotebookExit as stop:
            self._recorder.text("stdout", f"Notebook exited: {stop.value}\n")
            self._recorder.end("SUCCESS")
            return Outcome(exit_value=stop.value)
        except RestartPython:
            self._recorder.end("SUCCESS")
            self._forget()
            return None
        except (Exception, SystemExit) as error:
            return self._failed(error, index, cell, name)
        except BaseException:
            self._recorder.end("CANCELLED")
            raise
        self._recorder.end("SUCCESS")
        return None

    def _failed(self, error: BaseException, index: int, cell: Cell, name: str) -> Outcome:
        described = failure(error, name)
        if isinstance(error, SystemExit):
            message = f"sys.exit({error.code}) was called: leave with dbutils.notebook.exit(value)"
            described = Failure("SystemExit", message, described.traceback, line=described.line)
        self._recorder.error(
            {
                "type": "error",
                "name": described.type,
                "message": described.message,
                "traceback": described.traceback,
                "line": described.line,
            }
        )
        self._recorder.end("FAILED")
        print(described.traceback, file=sys.__stderr__)
        return Outcome(
            Failure(
                described.type,
                described.message,
                described.traceback,
                cell_index=index,
                cell_source=cell.source,
                line=described.line,
            )
        )

    def _run_cell(self, cell: Cell, name: str) -> None:
        if cell.body.strip():
            ACTIONS[cell.kind](self, cell, name)

    def _python(self, cell: Cell, name: str) -> None:
        self._shell.compile.name = name
        self._shell.cell_source = cell.body
        result = self._shell.run_cell(cell.body, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise error

    def _sql(self, cell: Cell, _name: str) -> None:
        if self._session is None:
            raise RuntimeError("This run has no Spark")
        shown: dict[str, Any] | None = None
        for statement in split(cell.body):
            if run_widget_statement(statement, self._dbutils.widgets):
                continue
            text = with_widgets(statement, self._dbutils.widgets.get)
            values = {marker: self._dbutils.widgets.get(marker) for marker in markers(text)}
            frame = self._session.sql(text, args=values or None)
            self._shell.user_ns["_sqldf"] = frame
            shown = spark_table(frame) if frame.columns else None
        if shown is not None:
            self._recorder.add(shown)
        else:
            self._recorder.text("result", "OK\n")

    def _markdown(self, cell: Cell, _name: str) -> None:
        self._recorder.add({"type": "markdown", "text": cell.body.strip("\n")})

    def _command(self, cell: Cell, _name: str) -> None:
        run_shell_cell(cell.body)

    def _files(self, cell: Cell, _name: str) -> None:
        result = run_fs_cell(cell.body, self._dbutils.fs)
        shown = records_table(result) if isinstance(result, list) else None
        if shown is not None:
            self._recorder.add(shown)
        elif result is not None:
            self._recorder.text("result", f"{result}\n")

    def _include(self, cell: Cell, _name: str) -> None:
        inclusion = parse_inclusion(cell.body)
        path = resolve(inclusion.path, posixpath.dirname(self._paths[-1]))
        if path in self._paths:
            raise InclusionError(f"%run: {path} includes itself: {' > '.join(self._paths)}")
        self._dbutils.widgets._assign(inclusion.widgets)
        self._paths.append(path)
        try:
            for index, part in enumerate(load(self._rest, path)):
                self._run_cell(part, f"<{posixpath.basename(path)} cell {index + 1}>")
        finally:
            self._paths.pop()

    def _refused(self, cell: Cell, _name: str) -> None:
        language = {"scala": "Scala", "r": "R"}[cell.kind]
        raise NotebookFormatError(
            f"{language} cells (%{cell.kind}) cannot run in the local cloud; "
            "Python, SQL and shell cells can"
        )

    def _pip(self, line: str) -> None:
        run_pip(line, self._task.roots, self._packages)

    def _restart(self) -> None:
        raise RestartPython

    def _forget(self) -> None:
        """Clear the Python state, as ``dbutils.library.restartPython()`` promises."""
        self._shell.reset(new_session=True)
        folders = [str(self._packages), *self._task.specification.sys_path]
        forget_modules([*folders, *self._task.roots.folders.values()])
        self._provide()


ACTIONS: dict[str, Callable[[NotebookRun, Cell, str], None]] = {
    "python": NotebookRun._python,
    "sql": NotebookRun._sql,
    "md": NotebookRun._markdown,
    "sh": NotebookRun._command,
    "fs": NotebookRun._files,
    "run": NotebookRun._include,
    "scala": NotebookRun._refused,
    "r": NotebookRun._refused,
}
