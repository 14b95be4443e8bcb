"""Which test files a change may break, each with the way that leads from it to the change."""

from __future__ import annotations

import fnmatch
import posixpath
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bricklane.testing.selection.graph import Graph

TESTS = ("test_*.py", "*_test.py")

# Files that decide what all tests run with.
FOR_ALL = (
    "pyproject.toml", "uv.lock", "poetry.lock", "requirements*.txt", "setup.py", "setup.cfg",
    "pytest.ini", "tox.ini", "bricklane.toml", "databricks.yml", "databricks.yaml", "bundle.yml",
    "bundle.yaml", ".python-version",
)  # fmt: skip

# Files that no test reads.
FOR_NONE = (
    "*.md", "LICENSE*", ".gitignore", ".gitattributes", ".github/*", "docs/*", ".vscode/*",
    ".bricklane/*", ".editorconfig", "CODEOWNERS",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to run.

    Args:
        picked: test file → why.
        left_out: test files that no change reaches.
        changed: how many files changed.
    """

    picked: Mapping[str, str]
    left_out: tuple[str, ...]
    changed: int


def is_test(path: str) -> bool:
    """Return whether pytest takes a file for one with tests, by its usual names."""
    name = posixpath.basename(path)
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in TESTS)


def select(graph: Graph, changed: Iterable[str]) -> Selection:
    """Return which test files a change may break.

    Args:
        graph: what the project's files depend on.
        changed: paths of the files that were changed, added or deleted.
    """
    relevant = {path for path in changed if not _matches(path, FOR_NONE)}
    tests = sorted(path for path in graph.edges if is_test(path))
    everything = _reason_for_all(graph, relevant)
    picked = {path: why for path in tests if (why := everything or _why(graph, path, relevant))}
    return Selection(picked, tuple(path for path in tests if path not in picked), len(relevant))


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _reason_for_all(graph: Graph, changed: Iterable[str]) -> str:
    """Return why all tests run; empty when the graph tells which."""
    known = {other for uses in graph.edges.values() for other in uses}
    for path in sorted(changed):
        if _matches(posixpath.basename(path), FOR_ALL):
            return f"{path} changed, and all tests depend on it"
        # What is no code and what nobody names may be read by any test, by a pattern or a folder.
        if path not in known and not path.endswith((".py", ".ipynb")):
            return f"{path} changed, and nothing tells who reads it"
    return ""


def _why(graph: Graph, test: str, changed: frozenset[str] | set[str]) -> str:
    """Return the shortest way from a test to what changed; empty when there is none."""
    ways: dict[str, str] = {test: test}
    waiting = deque([test])
    while waiting:
        path = waiting.popleft()
        if path in changed:
            return "it changed itself" if path == test else f"{ways[path]}, which changed"
        if changed and path in graph.open_ended:
            return f"{ways[path]}: {graph.open_ended[path]}"
        for other, how in sorted(graph.edges.get(path, {}).items()):
            if other not in ways:
                ways[other] = f"{ways[path]} {ARROWS.get(how, how)} {other}"
                waiting.append(other)
    return ""


ARROWS = {"has the fixtures of": "uses fixtures of", "declared in": "is declared in"}
