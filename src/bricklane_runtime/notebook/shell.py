"""The IPython shell that runs Python cells, without a terminal and without files of its own."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
import tokenize
import warnings
from typing import TYPE_CHECKING, Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import LSString, SList
from traitlets import Type
from traitlets.config import Config

from bricklane_runtime.notebook.display import table_of
from bricklane_runtime.notebook.host import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from bricklane_runtime.notebook.outputs import Recorder

IMAGES = ("image/png", "image/jpeg", "image/svg+xml")


class CellCompiler(CachingCompiler):
    """Compiles code as what it is part of, so that tracebacks say where it is."""

    _place = Place("<cell>")
    _shift = 0

    def begin(self, place: Place, source: str) -> None:
        """Name the place of the code that is compiled next, and its text."""
        lines = source.split("\n")
        # IPython takes blank lines at the beginning away.
        blank = next((count for count, line in enumerate(lines) if line.strip()), 0)
        self._place = place
        self._shift = place.line - 1 + blank

    def get_code_name(self, *_code: object) -> str:
        """Return the file name of the code that is compiled next."""
        return self._place.name

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        """Keep code for tracebacks, unless it is in a file anyway; return its file name."""
        if self._place.is_file:
            return self._place.name
        name: str = super().cache("\n" * self._shift + transformed_code, number, raw_code)
        return name

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        """Parse code; its lines are numbered as in its place."""
        try:
            tree: ast.AST = super().ast_parse(source, filename, symbol)
        except SyntaxError as error:
            if error.lineno is not None:
                error.lineno += self._shift
            if error.end_lineno is not None:
                error.end_lineno += self._shift
            raise
        return ast.increment_lineno(tree, self._shift)


class RecordedResults(DisplayHook):
    """Shows the last expression of a cell."""

    shell: NotebookShell

    def quiet(self) -> bool:
        """Tell whether the cell ends with a semicolon, which says to show nothing."""
        try:
            return bool(self.semicolon_at_end_of_expression(self.shell.cell_source))
        except (SyntaxError, tokenize.TokenError):  # a magic in the cell is no Python
            return False

    def __call__(self, result: Any = None) -> None:
        """Record a value, and keep it as ``_`` does."""
        if result is None or self.quiet():
            return
        self.fill_exec_result(result)
        recorder: Recorder = self.shell.recorder
        # A Spark data frame is not run for being mentioned; display() runs it.
        pandas = sys.modules.get("pandas")
        if pandas is not None and isinstance(result, pandas.DataFrame):
            recorder.add(table_of(result) or {})
        else:
            formats, _ = self.compute_format_data(result)
            record_formats(recorder, formats, "result")
        self.shell.user_ns["_"] = result


class RecordedDisplays(DisplayPublisher):
    """Shows what IPython's own ``display`` is given."""

    shell: NotebookShell

    def publish(self, data: dict[str, Any], *_arguments: Any, **_named: Any) -> None:
        """Record the best form of a value."""
        recorder: Recorder = self.shell.recorder
        record_formats(recorder, data, "stdout")

    def clear_output(self, wait: bool = False) -> None:
        """Do nothing: a record keeps what was shown."""


def record_formats(recorder: Recorder, formats: dict[str, Any], stream: str) -> None:
    """Record the richest form of a value that a page can show.

    Args:
        recorder: of the notebook.
        formats: MIME type to the value in that form.
        stream: for plain text, see :mod:`.outputs`.
    """
    if "text/html" in formats:
        recorder.add({"type": "html", "html": str(formats["text/html"])})
        return
    for mime in IMAGES:
        if mime in formats:
            recorder.add({"type": "image", "mime": mime, "data": str(formats[mime]).strip()})
            return
    if "text/markdown" in formats:
        recorder.add({"type": "markdown", "text": str(formats["text/markdown"])})
    elif "text/plain" in formats:
        recorder.text(stream, formats["text/plain"] + "\n")


class NotebookShell(InteractiveShell):
    """An IPython shell whose outputs are recorded.

    Its ``recorder`` and ``run_command`` must be set before code runs.
    """

    recorder: Recorder
    run_command: Callable[[str], int]
    cell_source = ""
    compile: CellCompiler
    displayhook_class = Type(RecordedResults)
    display_pub_class = Type(RecordedDisplays)
    compiler_class = Type(CellCompiler)

    def init_create_namespaces(self, *arguments: Any, **named: Any) -> None:
        """Make the namespaces, and the one of user code the module ``__main__``."""
        super().init_create_namespaces(*arguments, **named)
        # cloudpickle sends functions of __main__ by value, which is what Spark needs.
        sys.modules["__main__"] = self.user_module

    def init_user_ns(self) -> None:
        """Fill the namespace of user code."""
        super().init_user_ns()
        # IPython's own ``open`` is the one of before paths were mapped.
        self.user_ns["open"] = builtins.open

    def showtraceback(self, *_arguments: Any, **_named: Any) -> None:
        """Print nothing: the runner records the error."""

    def showsyntaxerror(self, *_arguments: Any, **_named: Any) -> None:
        """Print nothing: the runner records the error."""

    def system(self, cmd: str) -> None:
        """Run ``!command``."""
        self.user_ns["_exit_code"] = self.run_command(self.var_expand(cmd, depth=1))

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Run ``name = !command`` and return what it prints."""
        expanded = self.var_expand(cmd, depth=depth + 1)
        done = subprocess.run(  # noqa: S602 - a shell command is what the user wrote
            expanded, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        self.user_ns["_exit_code"] = done.returncode
        text = done.stdout.decode("utf-8", "replace")
        return SList(text.splitlines()) if split else LSString(text)


def new_shell(recorder: Recorder) -> NotebookShell:
    """Return a new shell, which is the one of this process from now on."""
    settings = Config()
    settings.HistoryManager.enabled = False  # it would start a thread and open a database
    settings.InteractiveShell.cache_size = 0  # Out[...] would keep every result alive
    settings.InteractiveShell.colors = "nocolor"
    NotebookShell.clear_instance()
    shell: NotebookShell = NotebookShell.instance(config=settings)
    shell.recorder = recorder
    # Its advice is for terminals.
    warnings.filterwarnings("ignore", message="To exit: use", category=UserWarning)
    return shell
