"""A plugin of coverage.py that knows the Python in ``.ipynb`` and ``.sql`` notebooks.

``.py`` notebooks need none: they are Python files. Switch it on with ``plugins =
["bricklane.testing.coverage"]`` under ``[tool.coverage.run]``.

Source: https://coverage.readthedocs.io/en/latest/api_plugin.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coverage.parser import PythonParser
from coverage.plugin import CoveragePlugin, FileReporter, FileTracer

if TYPE_CHECKING:
    from coverage.types import TArc, TLineNo

SUFFIXES = (".ipynb", ".sql")
EXCLUDED = r"#\s*pragma:\s*no\s*cover"


class NotebookTracer(FileTracer):
    """Says that the code of a notebook is where its code objects say it is.

    Args:
        filename: the notebook.
    """

    def __init__(self, filename: str) -> None:
        self._filename = filename

    def source_filename(self) -> str:
        """Return the notebook."""
        return self._filename


class NotebookReporter(FileReporter):
    """Says which lines of a notebook are Python that can run.

    Args:
        filename: the notebook.
    """

    @cached_property
    def _parser(self) -> PythonParser:
        parser = PythonParser(self.source(), self.filename, EXCLUDED)
        parser.parse_source()
        return parser

    @cached_property
    def _text(self) -> str:
        return python_of(Path(self.filename))

    def source(self) -> str:
        """Return the notebook's Python on its lines of the file; other cells are comments."""
        return self._text

    def lines(self) -> set[TLineNo]:
        """Return the lines of statements."""
        return self._parser.statements

    def excluded_lines(self) -> set[TLineNo]:
        """Return the lines that are marked as not to be counted."""
        return self._parser.excluded

    def translate_lines(self, lines: Iterable[TLineNo]) -> set[TLineNo]:
        """Return the first lines of the statements that lines are part of."""
        return self._parser.translate_lines(lines)

    def translate_arcs(self, arcs: Iterable[TArc]) -> set[TArc]:
        """Return arcs between the first lines of statements."""
        return self._parser.translate_arcs(arcs)

    def arcs(self) -> set[TArc]:
        """Return the arcs that are possible."""
        return self._parser.arcs()

    def exit_counts(self) -> dict[TLineNo, int]:
        """Return how many ways lead on from each line."""
        return self._parser.exit_counts()


class NotebookPlugin(CoveragePlugin):
    """Has coverage.py count notebooks that are no Python files."""

    def file_tracer(self, filename: str) -> FileTracer | None:
        """Take the files that are such notebooks."""
        return NotebookTracer(filename) if _is_ours(filename) else None

    def file_reporter(self, filename: str) -> FileReporter:
        """Return what says which lines of a notebook count."""
        return NotebookReporter(filename)

    def find_executable_files(self, src_dir: str) -> Iterator[str]:
        """Yield the notebooks below a folder, so that those which never ran count as well."""
        from bricklane.testing.notebooks.files import notebooks_below

        yield from (str(file) for file in notebooks_below(Path(src_dir), SUFFIXES))


def _is_ours(filename: str) -> bool:
    from bricklane.testing.notebooks.files import is_notebook

    return filename.endswith(SUFFIXES) and is_notebook(Path(filename))


def python_of(file: Path) -> str:
    """Return the Python of a notebook, each line where it is in the file.

    Cells that do not compile, and those whose lines are not lines of the file, are left out.
    """
    from bricklane.testing.validation.pythoncode import Code, parse
    from bricklane.testing.validation.sources import read

    source = read(file, file.parent)
    lines: list[str] = []
    for part in source.parts:
        if not part.line:
            continue
        code = parse(source, part) if part.kind == "python" else None
        text = code.text.split("\n") if isinstance(code, Code) else _comments(part.source)
        lines += [""] * (part.line - 1 - len(lines))
        lines += text
    return "\n".join(lines) + "\n"


def _comments(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.split("\n")]


def coverage_init(registry: Any, _options: dict[str, str]) -> None:
    """Register the plugin; coverage.py calls it."""
    registry.add_file_tracer(NotebookPlugin())


def is_measured_wrongly() -> bool:
    """Tell whether coverage.py measures this process without the plugin.

    It would then read such notebooks as Python files, and JSON can be read as Python.
    """
    from coverage import Coverage

    current = Coverage.current()
    if current is None:
        return False
    plugins: Any = current.get_option("run:plugins") or ()
    return __name__ not in plugins
