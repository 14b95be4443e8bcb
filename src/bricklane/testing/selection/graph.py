"""What each file of a project depends on, read from the texts of its files alone.

Files are paths from the project's folder with ``/``; jobs of the bundle are ``job:KEY``. Where a
text leaves open what it uses, the answer names more rather than less.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

NOTEBOOK = "# Databricks notebook source"
RUN = re.compile(r"^\s*(?:# MAGIC\s+)?%run\s+(.+?)\s*$", re.MULTILINE)
MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)
CONFTEST = "conftest.py"
JOB = "job:"

# Folders that Python finds modules in, beside those that files are in themselves.
SOURCES = ("", "src/")

# Tasks that run the project's own wheel: all of its code.
WHEELS = re.compile(r"\.whl|python_wheel_task|package_name")

Tree = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Graph:
    """Dependencies of a project's files and jobs.

    Args:
        edges: file or job → what it depends on, each with why.
        open_ended: files that import what only their run decides → why.
    """

    edges: Mapping[str, Mapping[str, str]]
    open_ended: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Uses:
    """What the text of one file names.

    Args:
        modules: dotted names of imported modules; relative ones begin with dots.
        strings: texts that may be paths or keys.
        runs: paths of notebooks after ``%run``.
        dynamic: why not all imports are known; empty when they are.
    """

    modules: frozenset[str] = frozenset()
    strings: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    dynamic: str = ""


def build(tree: Tree) -> Graph:
    """Return the dependencies of the files in ``tree``: path → text."""
    index = _Index(tree)
    edges: dict[str, dict[str, str]] = {path: {} for path in tree}
    open_ended: dict[str, str] = {}
    for path, text in tree.items():
        if not path.endswith((".py", ".ipynb")):
            continue
        uses = uses_of(path, text)
        if uses.dynamic:
            open_ended[path] = uses.dynamic
        edges[path] |= _python_edges(path, uses, index)
    for path, text in tree.items():
        if path.endswith((".yml", ".yaml")):
            for key, job in _jobs(text):
                edges.setdefault(f"{JOB}{key}", {})[path] = "declared in"
                edges[f"{JOB}{key}"] |= _job_edges(path, job, index)
    return Graph(edges, open_ended)


class _Index:
    """Finds files by the names that texts have for them."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.by_name: dict[str, list[str]] = {}
        for path in tree:
            name = posixpath.basename(path)
            self.by_name.setdefault(name, []).append(path)
            stem, _ = posixpath.splitext(name)
            # Notebooks are named without what their files end with.
            if path.endswith((".ipynb", ".sql")) or tree[path].startswith(NOTEBOOK):
                self.by_name.setdefault(stem, []).append(path)
        self.jobs = {
            key
            for path, text in tree.items()
            if path.endswith((".yml", ".yaml"))
            for key, _ in _jobs(text)
        }

    def module(self, name: str, path: str) -> Iterator[str]:
        """Yield the files that importing ``name`` in ``path`` runs: packages and the module."""
        dots = len(name) - len(name.lstrip("."))
        folder = posixpath.dirname(path)
        for _ in range(max(0, dots - 1)):
            folder = posixpath.dirname(folder)
        beside = f"{folder}/" if folder else ""
        parts = [part for part in name.lstrip(".").split(".") if part]
        for source in dict.fromkeys((beside,) if dots else (*SOURCES, beside)):
            for length in range(1, len(parts) + 1):
                stem = source + "/".join(parts[:length])
                candidates = (f"{stem}.py", f"{stem}/__init__.py")
                yield from (found for found in candidates if found in self.tree)

    def named(self, text: str) -> Iterator[str]:
        """Yield the files that a path in a text may mean: those with its last name."""
        cleaned = text.strip().strip("\"'").rstrip("/")
        name = posixpath.basename(cleaned)
        candidates = self.by_name.get(name, ())
        exact = [path for path in candidates if path.endswith(cleaned.lstrip("./"))]
        yield from exact or candidates

    def below(self, folder: str) -> Iterator[str]:
        """Yield the files in a folder."""
        yield from (path for path in self.tree if path.startswith(folder))


def _python_edges(path: str, uses: Uses, index: _Index) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in uses.strings:
        if text in index.jobs:
            found[f"{JOB}{text}"] = "names"
        for other in index.named(text):
            found.setdefault(other, "names")
    for run in uses.runs:
        for other in index.named(run):
            found[other] = "%run"
    for module in uses.modules:
        for other in index.module(module, path):
            found[other] = "imports"
    for folder in _folders(path):
        conftest = posixpath.join(folder, CONFTEST)
        if conftest in index.tree:
            found.setdefault(conftest, "has the fixtures of")
    found.pop(path, None)
    return found


def _folders(path: str) -> Iterator[str]:
    """Yield the folder of a file and those above it."""
    while path:
        path = posixpath.dirname(path)
        yield path


def uses_of(path: str, text: str) -> Uses:
    """Return what the text of a Python file or notebook names."""
    cells = _cells(text) if path.endswith(".ipynb") else [text]
    uses = [_uses(cell) for cell in cells]
    return Uses(
        frozenset().union(*(each.modules for each in uses)),
        frozenset().union(*(each.strings for each in uses)),
        frozenset().union(*(each.runs for each in uses)),
        next((each.dynamic for each in uses if each.dynamic), ""),
    )


def _cells(text: str) -> list[str]:
    try:
        cells = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        return [text]  # It is none; as text it is told to be open-ended.
    return [source if isinstance(source, str) else "".join(source) for source in sources]


def _uses(text: str) -> Uses:
    runs = frozenset(match.split()[0] for match in RUN.findall(text))
    try:
        module = ast.parse(MAGIC.sub("", text))
    except (SyntaxError, ValueError) as error:
        return Uses(runs=runs, dynamic=f"it cannot be read as Python: {error}")
    modules, strings, dynamic = set[str](), set[str](), ""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            separator = "" if base.endswith(".") or not base else "."
            modules.add(base)
            modules.update(f"{base}{separator}{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
        elif isinstance(node, ast.Call) and _imports(node):
            if node.args and isinstance(node.args[0], ast.Constant):
                modules.add(str(node.args[0].value))
            else:
                dynamic = f"line {node.lineno} imports what only its run decides"
    return Uses(frozenset(modules), frozenset(strings), runs, dynamic)


def _imports(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"import_module", "__import__", "importorskip", "spec_from_file_location"}


def _jobs(text: str) -> Iterator[tuple[str, Any]]:
    """Yield key and content of each job and pipeline that a file of the bundle declares."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if not isinstance(document, dict):
        return
    places = [document, *_values(document.get("targets"))]
    for place in places:
        resources = place.get("resources") if isinstance(place, dict) else None
        for kind in ("jobs", "pipelines"):
            found = resources.get(kind) if isinstance(resources, dict) else None
            if isinstance(found, dict):
                yield from ((str(key), value) for key, value in found.items())


def _values(table: Any) -> Iterable[Any]:
    return table.values() if isinstance(table, dict) else ()


def _job_edges(path: str, job: Any, index: _Index) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in _strings(job):
        for other in index.named(text):
            if other != path:
                found[other] = "runs"
    if WHEELS.search(json.dumps(job, default=str)):
        for other in index.below("src/"):
            found.setdefault(other, "runs the wheel with")
    return found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
