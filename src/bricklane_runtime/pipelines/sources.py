"""Runs the sources of a pipeline, which define its dataflow.

Source: https://docs.databricks.com/en/ldp/developer/ (notebooks and files in Python or SQL, one
language each).
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bricklane_runtime import modules
from bricklane_runtime.dbutils import DBUtils
from bricklane_runtime.failures import failure
from bricklane_runtime.notebook.display import runtime_names
from bricklane_runtime.notebook.runner import NotebookRun, TaskHost
from bricklane_runtime.notebook.source import NotebookFormatError, parse
from bricklane_runtime.notebook.statements import markers, split
from bricklane_runtime.pipelines import api
from bricklane_runtime.pipelines.dataflow import Dataflow
from bricklane_runtime.pipelines.ddl import Statements
from bricklane_runtime.pipelines.model import PipelineError
from bricklane_runtime.pipelines.session import PipelineSession
from bricklane_runtime.specification import NotebookTask, PipelineSource
from bricklane_runtime.sqlfile import UnboundSqlParameter

if TYPE_CHECKING:
    from bricklane_runtime.task import Task

SETTING = re.compile(r"\$\{(?P<name>[^}]+)\}")
# Cells of these kinds define nothing in a pipeline; shell and file cells are ignored there too, but
# it is better said.
ALLOWED = {"PYTHON": ("python", "md", "run"), "SQL": ("sql", "md", "python")}


class SourceFailure(Exception):  # noqa: N818 - the word of the event log
    """A source of the pipeline failed.

    Args:
        path: of the source.
        message: what went wrong.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")


class Sources:
    """Runs sources.

    Args:
        task: the update.
        dataflow: gets what they define.
        session: of the pipeline.
        settings: the configuration and parameters of the pipeline.
    """

    def __init__(
        self, task: Task, dataflow: Dataflow, session: PipelineSession, settings: dict[str, str]
    ) -> None:
        self._task = task
        self._session = session
        self._settings = settings
        self._dbutils = DBUtils.of_task(task)
        names = runtime_names(session, self._dbutils)
        modules.install(session, self._dbutils, names)
        self._names = names
        api.install(dataflow, session)
        self._statements = Statements(dataflow, self._query, self._changes, self._set)
        self._dataflow = dataflow
        self._kinds: dict[str, Callable[[PipelineSource], None]] = {
            "notebook": self._notebook,
            "python": self._python,
            "sql": self._sql,
        }

    def run(self, source: PipelineSource) -> None:
        """Run one source.

        Raises:
            SourceFailure: it cannot be read, or raises.
        """
        begin = self._dataflow.catalog, self._dataflow.schema
        try:
            self._kinds[source.kind](source)
        except SourceFailure:
            raise
        except (Exception, SystemExit) as error:
            found = failure(error, source.path)
            where = f"line {found.line}: " if found.line else ""
            print(found.traceback, file=sys.stderr)  # noqa: T201 - where Python would print it
            raise SourceFailure(source.path, f"{where}{found.type}: {found.message}") from error
        finally:
            self._dataflow.catalog, self._dataflow.schema = begin

    def _set(self, name: str, value: str) -> None:
        self._settings[name] = value
        self._session.conf.set(name, value)

    def _python(self, source: PipelineSource) -> None:
        if source.folder not in sys.path:
            sys.path.insert(0, source.folder)
        main = ModuleType("__main__")
        vars(main).update(self._names, __file__=source.path, __builtins__=__builtins__)
        sys.modules["__main__"] = main
        code = compile(Path(source.file).read_bytes(), source.path, "exec", dont_inherit=True)
        exec(code, vars(main))  # noqa: S102 - it is the pipeline

    def _sql(self, source: PipelineSource) -> None:
        for statement in split(Path(source.file).read_text("utf-8-sig")):
            self.statement(statement)

    def statement(self, text: str) -> None:
        """Carry out one SQL statement of a source."""
        self._statements.run(self._filled(text))

    def _filled(self, text: str) -> str:
        """Put settings where ``${name}`` stands; others are Spark's own to replace."""
        return SETTING.sub(lambda match: self._settings.get(match["name"], match[0]), text)

    def _query(self, text: str) -> Callable[[], Any]:
        def query() -> Any:
            named = markers(text)
            if missing := [name for name in named if name not in self._settings]:
                raise UnboundSqlParameter(missing[0], self._settings, "the pipeline")
            values = {name: self._settings[name] for name in named}
            return self._session.sql(text, args=values or None)

        # The name is for messages that Python makes of a function.
        query.__name__ = "query"
        return query

    def _changes(self, text: str) -> Callable[[], Any]:
        if text.upper().startswith("STREAM"):
            return self._query(f"FROM {text}")
        return lambda: self._session.readStream.table(text)

    def _notebook(self, source: PipelineSource) -> None:
        content = Path(source.file).read_bytes()
        try:
            cells = parse(content, source.language, source.format)
        except NotebookFormatError as error:
            raise SourceFailure(source.path, str(error)) from error
        for index, cell in enumerate(cells):
            if cell.body.strip() and cell.kind not in ALLOWED[source.language]:
                raise SourceFailure(
                    source.path,
                    f"cell {index + 1} is in {cell.kind}: the notebook of a pipeline has one "
                    f"language, here {source.language.capitalize()}",
                )
        task = NotebookTask(source.path, source.file, source.language, source.format)
        host = PipelineHost(self._task, task, self)
        with contextlib.chdir(source.folder):
            outcome = NotebookRun(host).run(cells)
        if outcome.failure is not None:
            print(outcome.failure.traceback, file=sys.__stderr__)
            cell_index = outcome.failure.cell_index
            where = "" if cell_index is None else f"cell {cell_index + 1}: "
            message = f"{where}{outcome.failure.type}: {outcome.failure.message}"
            raise SourceFailure(source.path, message)


class Defined:
    """What a statement that defines something returns to its cell: nothing to show."""

    columns: tuple[str, ...] = ()


class PipelineHost(TaskHost):
    """A notebook's surroundings in a pipeline: its SQL defines datasets.

    Args:
        task: the update.
        notebook: the notebook.
        sources: carries out its statements.
    """

    def __init__(self, task: Task, notebook: NotebookTask, sources: Sources) -> None:
        super().__init__(task, notebook)
        self._sources = sources
        self.dbutils.widgets._assign(sources._settings)

    def sql(self, statement: str, values: dict[str, str]) -> Any:
        """Define what a statement defines."""
        del values
        self._sources.statement(statement)
        return Defined()


__all__ = ["PipelineError", "SourceFailure", "Sources"]
