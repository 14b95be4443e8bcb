"""What static validation knows of the project around a file: its notebooks and its bundle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bricklane.project.bundlefile import LOADER, Bundle
from bricklane.testing.notebooks import files
from bricklane.testing.validation import sources
from bricklane.testing.validation.pythoncode import Code, Problem, parse
from bricklane.testing.validation.sources import Part, Source

ANY = "*"
"""Stands for names that cannot be told."""


@dataclass(slots=True)
class Workspace:
    """The project.

    Args:
        root: its folder.
        catalogs: catalog → the target of the bundle that has it.
        given: names of parameters that the bundle's jobs give; :data:`ANY` when there is no
            bundle, so that nobody knows.
    """

    root: Path
    catalogs: Mapping[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    _sources: dict[Path, Source] = field(default_factory=dict)
    _code: dict[tuple[Path, int], Code | Problem] = field(default_factory=dict)

    def source(self, file: Path) -> Source:
        """Return a file, read once."""
        if file not in self._sources:
            self._sources[file] = sources.read(file, self.root)
        return self._sources[file]

    def code(self, source: Source) -> Iterator[Code]:
        """Yield the Python of a file, part by part, as far as it compiles."""
        for part in source.of_kind("python"):
            read = self.read(source, part)
            if isinstance(read, Code):
                yield read

    def read(self, source: Source, part: Part) -> Code | Problem:
        """Return the Python of a part, compiled once."""
        key = source.file, part.number
        if key not in self._code:
            self._code[key] = parse(source, part)
        return self._code[key]

    def notebooks(self) -> Iterator[Source]:
        """Yield all notebooks of the project."""
        for file in files.notebooks_below(self.root):
            yield self.source(file.resolve())

    def target_of(self, source: Source, path: str) -> Path | None:
        """Return the file that a notebook names, when the path says which and it is there."""
        found = files.find((source.file.parent / path).resolve())
        return found.resolve() if found is not None and files.is_notebook(found) else None


def workspace_of(root: Path, bundle: Bundle | None) -> Workspace:
    """Return what the bundle says of the project."""
    if bundle is None:
        return Workspace(root, given=frozenset({ANY}))
    catalogs = {
        value: target.name
        for target in bundle.targets.values()
        for name, value in target.variables.items()
        if "catalog" in name and "${" not in value
    }
    given = frozenset(name for document in _documents(bundle) for name in _parameters(document))
    return Workspace(root, catalogs, given)


def _documents(bundle: Bundle) -> Iterator[Any]:
    import yaml

    document = yaml.load(bundle.file.read_text("utf-8"), LOADER)  # noqa: S506 - a safe one
    yield document
    patterns = document.get("include") if isinstance(document, dict) else None
    for pattern in patterns if isinstance(patterns, list) else ():
        for file in sorted(bundle.root.glob(str(pattern))):
            if file.is_file():
                yield yaml.load(file.read_text("utf-8"), LOADER)  # noqa: S506


def _parameters(document: Any) -> Iterator[str]:
    """Yield the names of parameters that jobs and tasks give, anywhere below a document."""
    children: Iterable[Any] = ()
    if isinstance(document, list):
        children = document
    elif isinstance(document, dict):
        children = document.values()
        for key in ("base_parameters", "parameters", "notebook_params"):
            yield from _names(document.get(key))
    for child in children:
        yield from _parameters(child)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from map(str, value)
    elif isinstance(value, list):
        yield from (
            str(item["name"]) for item in value if isinstance(item, dict) and "name" in item
        )
