"""What a notebook finds around it in a test: its host, and what the test gave."""

from __future__ import annotations

import linecache
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from bricklane.testing.notebooks import files, standins
from bricklane.testing.notebooks.failures import NotebookFailure
from bricklane.testing.notebooks.sparkstate import SparkKeeper

if TYPE_CHECKING:
    from bricklane_runtime.notebook.host import Place
    from bricklane_runtime.notebook.source import Cell

# Seconds that a notebook has by default.
TIMEOUT = 600.0

RunStub = str | Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Given:
    """What a test gives a notebook; see the fixture ``notebook``."""

    widgets: Mapping[str, str] = field(default_factory=dict)
    schema: str | None = None
    views: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    task_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    runs: Mapping[str, RunStub] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    dbutils: Any = None
    pip: str = "check"
    timeout: float = TIMEOUT


@dataclass(slots=True)
class Project:
    """Where the notebooks of a test are, and what they share.

    Args:
        root: of the project.
        session: returns the Spark session of the test, starting Spark if need be.
        keeper: undoes what notebooks change in the session.
    """

    root: Path
    session: Callable[[], Any]
    keeper: SparkKeeper = field(default_factory=SparkKeeper)

    def path_of(self, file: Path) -> str:
        """Return the notebook path of a file: absolute, the root of the project being ``/``."""
        try:
            return "/" + file.relative_to(self.root).with_suffix("").as_posix()
        except ValueError:  # a notebook that a test made somewhere else
            return file.with_suffix("").as_posix()

    def shown(self, file: Path) -> str:
        """Return a file as messages name it."""
        inside = file.is_relative_to(self.root)
        return file.relative_to(self.root).as_posix() if inside else str(file)

    def file_at(self, path: str) -> Path | None:
        """Return the file of the notebook at an absolute notebook path."""
        return files.find(self.root / path.lstrip("/")) or files.find(Path(path))


class Surroundings:
    """A notebook's host in a test.

    Args:
        project: where it is.
        file: its file.
        given: what the test gives it.
        session: the Spark session; None when it needs none.
    """

    def __init__(self, project: Project, file: Path, given: Given, session: Any) -> None:
        from bricklane_runtime.notebook.outputs import Recorder
        from bricklane_runtime.redaction import Redactor

        __tracebackhide__ = True
        self._project = project
        self._files: dict[str, Path] = {}
        self.given = given
        self.path = project.path_of(file)
        self.session = session
        self.redactor = Redactor()
        self.recorder = Recorder(None, self.redactor)
        self.values = standins.KeptValues(given.task_values)
        self.widgets, self.dbutils = self._dbutils()
        self.pip = standins.pip_function(given.pip)
        self._files[self.path] = file

    def _dbutils(self) -> tuple[Any, Any]:
        from bricklane_runtime import dbutils as parts
        from bricklane_runtime.dbutils.jobs import Jobs
        from bricklane_runtime.dbutils.notebook import Notebook
        from bricklane_runtime.dbutils.secrets import Secrets
        from bricklane_runtime.dbutils.widgets import Widgets
        from bricklane_runtime.notebook.restart import restart

        __tracebackhide__ = True
        given = self.given
        folder = str(PurePosixPath(self.path).parent)
        runner = OtherNotebooks(self._project, self.path, given, lambda: self.session)
        widgets = Widgets({str(name): str(value) for name, value in given.widgets.items()})
        made = parts.DBUtils(
            self._file_system(),
            Jobs(self.values),
            Notebook(runner, folder, standins.context(self.path)),
            Secrets(standins.GivenSecrets(given.secrets), self._hide),
            widgets,
            restart,
        )
        return widgets, standins.replaced(made, given.dbutils)

    def _file_system(self) -> Any:
        from bricklane_runtime.dbutils.fs import FileSystem

        folders = {name: Path(folder) for name, folder in self.given.files.items()}
        writable = (self._project.root, Path(tempfile.gettempdir()))
        return FileSystem(
            standins.GivenFiles(folders, writable, "dbfs", "/Volumes"),
            standins.GivenFiles(folders, writable, "dbfs"),
            standins.GivenFiles(folders, writable, "file"),
        )

    def _hide(self, value: str) -> None:
        self.redactor.add(value)

    def cells(self, file: Path) -> list[Cell]:
        """Return the cells of a notebook's file, whose lines tracebacks then find."""
        from bricklane_runtime.notebook.source import parse

        notebook = files.read(file)
        cells = parse(notebook.content, notebook.language, notebook.form)
        if notebook.form == "JUPYTER":
            _show_in_tracebacks(_code_name(file), cells)
        return cells

    def load(self, path: str) -> list[Cell]:
        """Return the cells of the notebook at an absolute notebook path."""
        from bricklane_runtime.notebook.inclusion import InclusionError

        file = self._project.file_at(path)
        if file is None:
            wanted = self._project.root / path.lstrip("/")
            raise InclusionError(
                f"Notebook not found: {path} (looked for {wanted}.py and the like)"
            )
        self._files[path] = file
        return self.cells(file)

    def file_of(self, path: str) -> Path:
        """Return the file of the notebook or of one that it includes."""
        return self._files[path]

    def place(self, path: str, index: int, cell: Cell) -> Place:
        """Return where the code of a cell is: in the notebook's file, on its true lines."""
        from bricklane_runtime.notebook.host import Place

        file = self._files[path]
        if cell.line:
            return Place(_code_name(file), cell.line, is_file=True)
        return Place(f"<{file.name} cell {index + 1}>")

    def sql(self, statement: str, values: dict[str, str]) -> Any:
        """Return the data frame of a statement."""
        from bricklane.testing.notebooks.sparkstate import run_statement

        return run_statement(self.session, statement, values)

    def forget(self) -> None:
        """Keep modules: nothing was installed, and tests may have patched them."""


def _code_name(file: Path) -> str:
    """Return the file name that a notebook's code is compiled with."""
    if file.suffix != ".py" and "coverage" in sys.modules:
        from bricklane.testing.coverage import is_measured_wrongly

        if is_measured_wrongly():
            return f"<{file.name}>"  # coverage.py leaves such names alone
    return str(file)


def _show_in_tracebacks(name: str, cells: list[Cell]) -> None:
    """Have tracebacks show the code of a Jupyter notebook instead of its JSON."""
    lines: list[str] = []
    for cell in cells:
        if cell.line:
            lines += ["\n"] * (cell.line - 1 - len(lines))
            lines += [f"{line}\n" for line in cell.source.split("\n")]
    linecache.cache[name] = (sum(map(len, lines)), None, lines, name)


class OtherNotebooks:
    """Runs what ``dbutils.notebook.run`` names: a stub of the test, or a notebook of the project.

    Args:
        project: where they are.
        path: of the notebook that runs them.
        given: what the test gave that one.
        session: returns its Spark session; None when it has none.
    """

    def __init__(
        self, project: Project, path: str, given: Given, session: Callable[[], Any]
    ) -> None:
        self._project = project
        self._path = path
        self._given = given
        self._session = session
        # A process has one working directory: notebooks that threads run take turns.
        self._turn = threading.Lock()

    def run(self, path: str, timeout_seconds: int, parameters: dict[str, str]) -> str:
        """Run the notebook at an absolute path and return its exit value."""
        from bricklane.testing.notebooks.running import run_notebook
        from bricklane_runtime.dbutils.notebook import WorkflowException

        stub = self._stub(path)
        if stub is not None:
            return str(stub(parameters)) if callable(stub) else str(stub)
        file = self._project.file_at(path)
        if file is None:
            raise WorkflowException(
                f"Notebook not found: {path}; the project has none there, and the test gives no "
                f'stub: notebook(..., runs={{"{path}": "exit value"}})'
            )
        given = replace(
            self._given, widgets=parameters, schema=None, views={}, timeout=timeout_seconds
        )
        with self._turn:
            try:
                return run_notebook(self._project, file, given, self._session()).exit_value or ""
            except NotebookFailure as error:
                raise WorkflowException(f"Notebook {path} ended FAILED: {error}") from None

    def _stub(self, path: str) -> RunStub | None:
        from bricklane_runtime.dbutils.notebook import resolve

        folder = str(PurePosixPath(self._path).parent)
        for name, stub in self._given.runs.items():
            if path in (resolve(name, folder), resolve(name, "/")):
                return stub
        return None
