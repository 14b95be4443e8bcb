"""Runs a notebook in the process of a test, by the engine of the local cloud's notebooks."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane.errors import BricklaneError
from bricklane.testing.notebooks.failures import Fault, NotebookFailure, hint_of
from bricklane.testing.notebooks.host import Given, Project, Surroundings
from bricklane.testing.notebooks.isolation import process_kept
from bricklane.testing.notebooks.needs import uses_spark
from bricklane.testing.notebooks.paths import paths_mapped
from bricklane.testing.notebooks.results import FAILED, NotebookResult, cell_results
from bricklane.testing.notebooks.sparkstate import errors_once, session_kept
from bricklane.testing.notebooks.timing import TimeLimit, time_limit
from bricklane.testing.spark.naming import quoted

if TYPE_CHECKING:
    from bricklane_runtime.notebook.runner import NotebookRun
    from bricklane_runtime.notebook.source import Cell

# Bytes of printed text that go on to pytest's own capture.
SHOWN = 100 * 1024
# What IPython puts into a namespace by itself.
OF_IPYTHON = frozenset({"In", "Out", "get_ipython", "exit", "quit", "open"})


class Shown(io.TextIOBase):
    """A stream that passes on the first 100 KB, without secrets.

    Args:
        stream: the process's own.
        redact: takes secrets out.
    """

    encoding = "utf-8"

    def __init__(self, stream: Any, redact: Callable[[str], str]) -> None:
        self._stream = stream
        self._redact = redact
        self._left = SHOWN

    def write(self, text: str) -> int:
        """Write text, as long as there is room."""
        if self._left > 0:
            self._stream.write(self._redact(text[: self._left]))
            self._left -= len(text)
            if self._left <= 0:
                self._stream.write(
                    "\n[the notebook prints more than 100 KB; the rest is not shown]\n"
                )
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def fileno(self) -> int:
        """Return the descriptor of the process's own stream."""
        number: int = self._stream.fileno()
        return number

    @property
    def buffer(self) -> Any:
        """The binary stream below."""
        return self._stream.buffer


def run_notebook(project: Project, file: Path, given: Given, session: Any = None) -> NotebookResult:
    """Run a notebook.

    Args:
        project: where it is.
        file: its file.
        given: what the test gives it.
        session: the Spark session of the notebook that runs this one; by default the test's, if
            the notebook needs Spark.

    Raises:
        NotebookFailure: it failed, or could not be begun.
    """
    __tracebackhide__ = True
    host = Surroundings(project, file, given, session)
    cells = _begun(project, file, host)
    wanted = given.views or given.schema or uses_spark(cells, host.path, host.load)
    if wanted and session is None:
        host.session = project.session()
        _prepare(project, file, host)
    folders = (project.root, project.root / "src")
    imported = [folder for folder in folders if folder.is_dir()]
    with (
        process_kept(file.parent, imported),
        _streams(host),
        paths_mapped(given.files),
        errors_once(),
        session_kept(session if wanted else None),
    ):
        return _run(project, file, host, cells)


def _begun(project: Project, file: Path, host: Surroundings) -> list[Cell]:
    """Return the cells of the notebook; a notebook that cannot be read fails."""
    from bricklane_runtime.notebook.source import NotebookFormatError

    __tracebackhide__ = True
    try:
        return host.cells(file)
    except (NotebookFormatError, BricklaneError) as error:
        raise _not_begun(project, file, error) from None


def _not_begun(project: Project, file: Path, error: Exception) -> NotebookFailure:
    name = project.shown(file)
    fault = Fault(name, 0, "", "", "", None, 0, type(error).__name__, str(error))
    return NotebookFailure(replace(fault, hint=hint_of(error, name)), error=error)


def _prepare(project: Project, file: Path, host: Surroundings) -> None:
    """Give the session what the test gives; one that does not answer fails the notebook."""
    from pyspark.errors import PySparkException

    __tracebackhide__ = True
    session, given = host.session, host.given
    try:
        project.keeper.begin(session)
        if given.schema:
            session.sql("USE " + ".".join(map(quoted, given.schema.split("."))))
        for name, frame in given.views.items():
            ready = hasattr(frame, "createOrReplaceTempView")
            view = frame if ready else session.createDataFrame(frame)
            view.createOrReplaceTempView(name)
    except PySparkException as error:
        raise _not_begun(project, file, error) from None


@contextmanager
def _streams(host: Surroundings) -> Iterator[None]:
    """Let the process's own streams have what the notebook prints, up to a limit."""
    from bricklane_runtime.notebook.outputs import CellStream

    before = sys.stdout, sys.stderr
    # What a notebook prints that another one runs is no output of a cell of that one.
    out, err = (each.log if isinstance(each, CellStream) else each for each in before)
    sys.stdout = Shown(out, host.redactor.text)
    sys.stderr = Shown(err, host.redactor.text)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _run(project: Project, file: Path, host: Surroundings, cells: list[Cell]) -> NotebookResult:
    from bricklane_runtime.notebook.runner import NotebookRun

    __tracebackhide__ = True
    run = NotebookRun(host)
    given = dict(run.shell.user_ns)
    over: TimeLimit | None = None
    outcome = None
    try:
        with time_limit(host.given.timeout):
            outcome = run.run(cells)
    except TimeLimit as error:
        over = error
        _interrupt(host.session)
        host.recorder.skip(list(enumerate(cells))[run.spots[0].index + 1 :] if run.spots else [])
    result = NotebookResult(
        path=project.shown(file),
        exit_value=outcome.exit_value if outcome else None,
        cells=cell_results(host.recorder.records, (cell.line for cell in cells)),
        task_values=dict(host.values.own),
        widgets=dict(host.widgets._defaults),
        namespace=_left(run.shell.user_ns, given),
    )
    if over is None and outcome is not None and outcome.failure is None:
        return result
    reason = over or run.error
    raise NotebookFailure(_fault(project, host, run, result, reason), result, reason) from None


def _left(namespace: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in namespace.items()
        if not name.startswith("_") and name not in OF_IPYTHON and given.get(name) is not value
    }


def _interrupt(session: Any) -> None:
    """Have Spark stop what an interrupted notebook asked of it."""
    if session is not None and hasattr(session, "interruptAll"):
        session.interruptAll()


def _fault(
    project: Project,
    host: Surroundings,
    run: NotebookRun,
    result: NotebookResult,
    error: BaseException | None,
) -> Fault:
    """Describe what ended a notebook, at the innermost cell that ran."""
    from bricklane_runtime.failures import failure

    spot = run.spots[-1]
    cell, begin = spot.cell, spot.place.line
    lines = range(begin, begin + cell.source.count("\n") + 1)
    described = failure(error or RuntimeError("no reason"), spot.place.name, lines)
    name = project.shown(host.file_of(spot.path))
    ran = result.cells[run.spots[0].index]
    return Fault(
        file=name,
        cell=spot.index + 1,
        title=cell.title,
        kind=cell.kind,
        source=host.redactor.text(cell.source),
        line=None if described.line is None else described.line - begin + 1,
        first=cell.line,
        error=described.type,
        message=host.redactor.text(
            described.message
            if ran.status != FAILED or not isinstance(error, SystemExit)
            else "sys.exit() was called: leave with dbutils.notebook.exit(value)"
        ),
        traceback=""
        if isinstance(error, TimeLimit)
        else host.redactor.text(described.traceback).replace(f'"{project.root}/', '"'),
        printed="" if len(run.spots) > 1 else _printed(ran.outputs),
        hint=hint_of(error, name) if error else "",
        inclusion=tuple(
            f"{project.shown(host.file_of(outer.path))}: cell {outer.index + 1}"
            for outer in reversed(run.spots[:-1])
        ),
    )


def _printed(outputs: Any) -> str:
    return "".join(output.text for output in outputs if output.kind == "text")
