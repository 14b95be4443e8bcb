"""Which notebooks of a project no test names, and what they are given when they are run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bricklane.errors import BricklaneError
from bricklane.project.settings import NotebookSettings
from bricklane.testing.notebooks import files

TESTS = ("test_*.py", "*_test.py", "conftest.py")


@dataclass(frozen=True, slots=True)
class Smoke:
    """The notebooks that are run without a test of their own.

    Args:
        root: of the project.
        settings: what ``bricklane.toml`` says of them.
        files: the notebooks.
    """

    root: Path
    settings: NotebookSettings
    files: tuple[Path, ...]

    def takes(self, file: Path) -> bool:
        """Tell whether a file is one of them."""
        return file in self.files


def smoke_of(start: Path, pattern: str) -> Smoke:
    """Return the notebooks of a project that match a pattern and that no test names.

    Args:
        start: a folder of the project.
        pattern: of paths relative to the root of the project; a folder stands for all below it.
    """
    root = files.project_root(start) or start
    named = set(named_by_tests(root))
    found = (
        file
        for file in files.notebooks_below(root)
        if _matches(file.relative_to(root).as_posix(), pattern) and file not in named
    )
    return Smoke(root, _settings(root), tuple(found))


def _settings(root: Path) -> NotebookSettings:
    from bricklane.project.bundlefile import find_bundle
    from bricklane.project.loading import load

    try:
        find_bundle(root)
    except BricklaneError:
        return NotebookSettings()
    return load(root).notebooks


def _matches(name: str, pattern: str) -> bool:
    return fnmatch(name, pattern) or fnmatch(name, f"{pattern.rstrip('/')}/*")


def named_by_tests(root: Path) -> Iterator[Path]:
    """Yield the notebooks that tests name by a text that is the end of their path."""
    notebooks = list(files.notebooks_below(root))
    ends: dict[str, list[Path]] = {}
    for notebook in notebooks:
        ends.setdefault(notebook.stem, []).append(notebook)
    for file in files.files_below(root, (".py",)):
        if any(fnmatch(file.name, pattern) for pattern in TESTS):
            for text in _texts(file):
                for notebook in ends.get(Path(text).stem, ()):
                    if _names(text, notebook):
                        yield notebook


def _texts(file: Path) -> Iterator[str]:
    """Yield the texts of a test's code that could be paths of notebooks."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return  # pytest says so
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            # One word without a slash or an end may be the name of anything.
            if "\n" not in text and ("/" in text or text.endswith(files.SUFFIXES)):
                yield text


def _names(text: str, notebook: Path) -> bool:
    parts = [part for part in Path(text).parts if part not in (".", "..", "/")]
    whole = notebook.parts
    ends = (whole[-len(parts) :], (*whole[:-1], notebook.stem)[-len(parts) :])
    return tuple(parts) in ends


def skipped(settings: NotebookSettings, name: str) -> str | None:
    """Return why a notebook is left out; None when it is not."""
    return next((why for each, why in settings.skip.items() if fnmatch(name, each)), None)


def widgets(settings: NotebookSettings, name: str) -> dict[str, str]:
    """Return the values of widgets that a notebook is given."""
    given: dict[str, str] = {}
    for pattern, values in settings.widgets.items():
        if fnmatch(name, pattern):
            given |= values
    return given


def needed(root: Path, file: Path, given: Mapping[str, str]) -> list[str]:
    """Return the widgets that a notebook reads, does not declare, and is not given."""
    from bricklane.testing.validation.references import widgets_of
    from bricklane.testing.validation.workspace import Workspace

    workspace = Workspace(root)
    found = widgets_of(workspace, workspace.source(file))
    return [name for name in found.read if name not in found.declared and name not in given]
