"""Notebooks that notebooks name, and the widgets by which they are given values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bricklane.testing.validation.pythoncode import Code
from bricklane.testing.validation.rules import MISSING_NOTEBOOK, UNKNOWN_WIDGET
from bricklane.testing.validation.sources import Findings, Part, Source
from bricklane.testing.validation.workspace import ANY, Workspace

DECLARING = frozenset({"text", "dropdown", "combobox", "multiselect"})
CREATE = re.compile(r"\A\s*CREATE\s+WIDGET\s+\w+\s+(?P<name>\w+|`[^`]+`)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """A notebook that another names.

    Args:
        part: where.
        line: of the part, from 1.
        path: as written.
        inclusion: whether by ``%run``.
        widgets: names of the values that it is given; :data:`ANY` when they cannot be told.
    """

    part: Part
    line: int
    path: str
    inclusion: bool
    widgets: frozenset[str] = frozenset()

    @property
    def is_relative(self) -> bool:
        """Whether the path is one inside of the project."""
        return not self.path.startswith("/") and "$" not in self.path and "{" not in self.path


@dataclass(slots=True)
class Widgets:
    """The widgets of a notebook.

    Args:
        declared: their names; :data:`ANY` when they cannot be told.
        read: name → where it is read first.
    """

    declared: set[str] = field(default_factory=set)
    read: dict[str, tuple[Part, int]] = field(default_factory=dict)


def references(workspace: Workspace, source: Source) -> Iterator[Reference]:
    """Yield the notebooks that a notebook includes or runs."""
    for part in source.of_kind("run"):
        yield from _included(part)
    for code in workspace.code(source):
        for node in ast.walk(code.tree):
            if isinstance(node, ast.Call) and _dotted(node.func) == "dbutils.notebook.run":
                path = _literal(node, 0, "path")
                if path is not None:
                    names = _keys(_argument(node, 2, "arguments"))
                    yield Reference(code.part, node.lineno, path, False, names)


def _included(part: Part) -> Iterator[Reference]:
    from bricklane_runtime.notebook.inclusion import InclusionError, parse_inclusion

    try:
        inclusion = parse_inclusion(part.body)
    except (InclusionError, ValueError):
        return
    yield Reference(part, 1, inclusion.path, True, frozenset(inclusion.widgets))


def _keys(node: ast.expr | None) -> frozenset[str]:
    if node is None:
        return frozenset()
    if not isinstance(node, ast.Dict):
        return frozenset({ANY})
    names = (key.value if isinstance(key, ast.Constant) else ANY for key in node.keys)
    return frozenset(map(str, names))


def check_references(workspace: Workspace, source: Source, findings: Findings) -> None:
    """Look for :data:`MISSING_NOTEBOOK`."""
    for found in references(workspace, source):
        if found.is_relative and workspace.target_of(source, found.path) is None:
            what = "%run" if found.inclusion else "dbutils.notebook.run"
            message = f"{what} of `{found.path}`: there is no such notebook"
            folder = source.file.parent
            hint = f"paths are meant from the notebook's own folder, {_shown(folder, workspace)}"
            findings.add(source, found.part, found.line, MISSING_NOTEBOOK, message, hint)


def _shown(folder: Path, workspace: Workspace) -> str:
    inside = folder.is_relative_to(workspace.root)
    return f"{folder.relative_to(workspace.root)}/" if inside else str(folder)


def code_in_order(
    workspace: Workspace, source: Source, seen: frozenset[Path] = frozenset()
) -> list[Code] | None:
    """Return the Python of a notebook in the order in which it runs, with what it includes.

    Returns:
        None when an included notebook is not known, so that names it defines are not.
    """
    chunks: list[Code] = []
    compiled = {code.part.number: code for code in workspace.code(source)}
    for part in source.parts:
        if part.kind == "python" and part.body.strip():
            if part.number not in compiled:
                return None  # what it defines is not known either
            chunks.append(compiled[part.number])
        for found in _included(part) if part.kind == "run" else ():
            target = workspace.target_of(source, found.path) if found.is_relative else None
            if target is None:
                return None
            if target not in seen:
                inner = code_in_order(workspace, workspace.source(target), seen | {source.file})
                if inner is None:
                    return None
                chunks += inner
    return chunks


def widgets_of(
    workspace: Workspace, source: Source, seen: frozenset[Path] = frozenset()
) -> Widgets:
    """Return the widgets of a notebook; those that included notebooks declare are its own."""
    widgets = Widgets()
    for code in workspace.code(source):
        _python_widgets(code, widgets)
    for part in source.of_kind("sql"):
        _sql_widgets(part, widgets)
    for found in references(workspace, source):
        target = workspace.target_of(source, found.path) if found.inclusion else None
        if target is not None and target not in seen:
            inner = widgets_of(workspace, workspace.source(target), seen | {source.file})
            widgets.declared |= inner.declared | found.widgets
    return widgets


def _python_widgets(code: Code, widgets: Widgets) -> None:
    for node in ast.walk(code.tree):
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        owner, _, function = name.rpartition(".")
        if owner.endswith("widgets") and function in DECLARING:
            widgets.declared.add(_literal(node, 0, "name") or ANY)
        elif name in ("dbutils.widgets.get", "dbutils.widgets.getArgument", "getArgument"):
            read = _literal(node, 0, "name")
            if read is not None and _argument(node, 1, "defaultValue") is None:
                widgets.read.setdefault(read, (code.part, node.lineno))


def _sql_widgets(part: Part, widgets: Widgets) -> None:
    from bricklane_runtime.notebook.statements import WIDGET, located, markers

    for line, statement in located(part.body):
        if match := CREATE.match(statement):
            widgets.declared.add(match["name"].strip("`"))
            continue
        for name in markers(statement):
            at = line + statement[: statement.index(f":{name}")].count("\n")
            widgets.read.setdefault(name, (part, at))
        for match in WIDGET.finditer(statement):
            name = match["braced"] or match["called"]
            if "." not in name:
                widgets.read.setdefault(name, (part, line))


def check_widgets(workspace: Workspace, source: Source, findings: Findings) -> None:
    """Look for :data:`UNKNOWN_WIDGET`."""
    widgets = widgets_of(workspace, source)
    known = widgets.declared | workspace.given
    unknown = [name for name in widgets.read if name not in known]
    if not unknown or ANY in known:
        return
    offered = _offered(workspace, source)
    for name in unknown if ANY not in offered else ():
        if name not in offered:
            part, line = widgets.read[name]
            message = f"the widget `{name}` is read; it is not declared, and no job gives it"
            hint = f'declare it with a default: dbutils.widgets.text("{name}", "...")'
            findings.add(source, part, line, UNKNOWN_WIDGET, message, hint)


def _offered(workspace: Workspace, source: Source) -> set[str]:
    """Return the widgets that notebooks which include or run this one have or give."""
    offered: set[str] = set()
    for other in workspace.notebooks():
        for found in references(workspace, other):
            if workspace.target_of(other, found.path) == source.file:
                offered |= found.widgets
                offered |= widgets_of(workspace, other).declared if found.inclusion else set()
    return offered


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    if len(node.args) > place:
        return node.args[place]
    return next((word.value for word in node.keywords if word.arg == name), None)


def _literal(node: ast.Call, place: int, name: str) -> str | None:
    value = _argument(node, place, name)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return None
