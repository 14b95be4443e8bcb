"""Runs a notebook: its cells one after another, until one fails or leaves it."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_runtime import modules
from bricklane_runtime.dbutils import DBUtils, NotebookExit
from bricklane_runtime.dbutils.notebook import resolve
from bricklane_runtime.failures import failure
from bricklane_runtime.notebook.commands import run_command, run_shell_cell
from bricklane_runtime.notebook.display import runtime_names
from bricklane_runtime.notebook.filesystem import run_fs_cell
from bricklane_runtime.notebook.host import Host, Place
from bricklane_runtime.notebook.inclusion import InclusionError, load, parse_inclusion
from bricklane_runtime.notebook.outputs import CellStream, Recorder
from bricklane_runtime.notebook.parameters import run_widget_statement
from bricklane_runtime.notebook.pip import run_pip
from bricklane_runtime.notebook.restart import RestartPython, forget_modules, restart
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
    outcome = NotebookRun(TaskHost(task, notebook)).run(cells)
    if outcome.failure is not None:
        print(outcome.failure.traceback, file=sys.__stderr__)
    return outcome


class TaskHost:
    """A notebook's surroundings in the local cloud.

    Args:
        task: the run.
        notebook: what it runs.
    """

    def __init__(self, task: Task, notebook: NotebookTask) -> None:
        specification = task.specification
        self._task = task
        self._rest = Rest(specification.host, specification.token)
        self._packages = Path(specification.run_directory, "packages")
        self.path = resolve(notebook.path, "/")
        self.session = task.session
        self.recorder = Recorder(Path(specification.run_directory), task.vault.redactor)
        self.dbutils = DBUtils.of_task(task, restart)

    def load(self, path: str) -> list[Cell]:
        """Return the cells of a notebook of the workspace."""
        return load(self._rest, path)

    def place(self, path: str, index: int, cell: Cell) -> Place:  # noqa: ARG002 - of the protocol
        """Return where the code of a cell is: in a cell."""
        notebook = "" if path == self.path else f"{posixpath.basename(path)} "
        return Place(f"<{notebook}cell {index + 1}>")

    def sql(self, statement: str, values: dict[str, str]) -> Any:
        """Return the data frame of a statement."""
        if self.session is None:
            raise RuntimeError("This run has no Spark")
        return self.session.sql(statement, args=values or None)

    def pip(self, line: str) -> None:
        """Install packages for this run."""
        run_pip(line, self._task.roots, self._packages)

    def forget(self) -> None:
        """Have the modules of the run's packages and of the workspace imported anew."""
        folders = [str(self._packages), *self._task.specification.sys_path]
        forget_modules([*folders, *self._task.roots.folders.values()])


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell that runs.

    Args:
        path: of its notebook.
        index: its number there, from 0.
        cell: the cell.
        place: where its code is.
    """

    path: str
    index: int
    cell: Cell
    place: Place


class NotebookRun:
    """The state of a running notebook.

    Args:
        host: where it runs.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._recorder = host.recorder
        self._session = host.session
        self._dbutils = host.dbutils
        self._paths = [host.path]
        self.spots: list[Spot] = []
        """The cells that run, or were running when the notebook failed: the one of the notebook
        itself, then those of the notebooks that it includes."""
        self.error: BaseException | None = None
        """What ended the notebook, when it failed."""
        os.environ["MPLBACKEND"] = FIGURES
        self.shell = new_shell(self._recorder)
        self.shell.run_command = run_command
        self._provide()

    def _provide(self) -> None:
        """Put the known names into the namespace."""
        names = runtime_names(self._session, self._dbutils, self._recorder)
        modules.install(self._session, self._dbutils, names)
        self.shell.user_ns.update(names)
        register: Any = self.shell.register_magic_function  # its own hints are wrong
        register(self._host.pip, "line", "pip")
        folder = os.getcwd()  # noqa: PTH109 - Path.cwd() would not be the workspace's path
        if folder not in sys.path:
            sys.path.insert(0, folder)

    def renew(self) -> None:
        """Take the session of the host, which has another than at the beginning."""
        self._session = self._host.session
        self._provide()

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
        self.spots.clear()
        try:
            self._run_cell(self._host.path, index, cell)
        except NotebookExit as stop:
            self._recorder.text("stdout", f"Notebook exited: {stop.value}\n")
            self._recorder.end("SUCCESS")
            return Outcome(exit_value=stop.value)
        except RestartPython:
            self._recorder.end("SUCCESS")
            self._forget()
            return None
        except (Exception, SystemExit) as error:
            self.error = error
            return self._failed(error)
        except BaseException:
            self._recorder.end("CANCELLED")
            raise
        self._recorder.end("SUCCESS")
        return None

    def _failed(self, error: BaseException) -> Outcome:
        spot = self.spots[0]
        begin = spot.place.line
        lines = range(begin, begin + spot.cell.source.count("\n") + 1)
        described = failure(error, spot.place.name, lines)
        line = None if described.line is None else described.line - begin + 1
        message = described.message
        if isinstance(error, SystemExit):
            message = f"sys.exit({error.code}) was called: leave with dbutils.notebook.exit(value)"
        self._recorder.error(
            {
                "type": "error",
                "name": described.type,
                "message": message,
                "traceback": described.traceback,
                "line": line,
            }
        )
        self._recorder.end("FAILED")
        return Outcome(
            Failure(
                described.type,
                message,
                described.traceback,
                cell_index=spot.index,
                cell_source=spot.cell.source,
                line=line,
            )
        )

    def _run_cell(self, path: str, index: int, cell: Cell) -> None:
        """Run a cell; when it fails it stays among :attr:`spots`."""
        self.spots.append(Spot(path, index, cell, self._host.place(path, index, cell)))
        if cell.body.strip():
            ACTIONS[cell.kind](self, cell)
        self.spots.pop()

    def _python(self, cell: Cell) -> None:
        compiler = self.shell.compile
        compiler.begin(self.spots[-1].place, cell.body)
        self.shell.cell_source = cell.body
        result = self.shell.run_cell(cell.body, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise error

    def _sql(self, cell: Cell) -> None:
        shown: dict[str, Any] | None = None
        for statement in split(cell.body):
            if run_widget_statement(statement, self._dbutils.widgets):
                continue
            text = with_widgets(statement, self._dbutils.widgets.get)
            values = {marker: self._dbutils.widgets.get(marker) for marker in markers(text)}
            frame = self._host.sql(text, values)
            self.shell.user_ns["_sqldf"] = frame
            shown = spark_table(frame) if frame.columns else None
        if shown is not None:
            self._recorder.add(shown)
        else:
            self._recorder.text("result", "OK\n")

    def _markdown(self, cell: Cell) -> None:
        self._recorder.add({"type": "markdown", "text": cell.body.strip("\n")})

    def _command(self, cell: Cell) -> None:
        run_shell_cell(cell.body)

    def _files(self, cell: Cell) -> None:
        result = run_fs_cell(cell.body, self._dbutils.fs)
        shown = records_table(result) if isinstance(result, list) else None
        if shown is not None:
            self._recorder.add(shown)
        elif result is not None:
            self._recorder.text("result", f"{result}\n")

    def _include(self, cell: Cell) -> None:
        inclusion = parse_inclusion(cell.body)
        path = resolve(inclusion.path, posixpath.dirname(self._paths[-1]))
        if path in self._paths:
            raise InclusionError(f"%run: {path} includes itself: {' > '.join(self._paths)}")
        if inclusion.widgets:
            self._dbutils.widgets._assign(inclusion.widgets)
        self._paths.append(path)
        try:
            for index, part in enumerate(self._host.load(path)):
                self._run_cell(path, index, part)
        finally:
            self._paths.pop()

    def _refused(self, cell: Cell) -> None:
        language = {"scala": "Scala", "r": "R"}[cell.kind]
        raise NotebookFormatError(
            f"{language} cells (%{cell.kind}) cannot run here; Python, SQL and shell cells can"
        )

    def _forget(self) -> None:
        """Clear the Python state, as ``dbutils.library.restartPython()`` promises."""
        self.shell.reset(new_session=True)
        self._host.forget()
        self._provide()


ACTIONS: dict[str, Callable[[NotebookRun, Cell], None]] = {
    "python": NotebookRun._python,
    "sql": NotebookRun._sql,
    "md": NotebookRun._markdown,
    "sh": NotebookRun._command,
    "fs": NotebookRun._files,
    "run": NotebookRun._include,
    "scala": NotebookRun._refused,
    "r": NotebookRun._refused,
}
