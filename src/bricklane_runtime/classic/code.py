"""The code of a task as far as it can be read before it runs: itself, and what it imports.

Followed are the notebooks that a notebook includes, the modules in the folder of a notebook or
file, and the modules of a wheel from the one with its entry point on; not other libraries, of which
most mention classic Spark and work without it.
"""

from __future__ import annotations

import ast
import importlib.metadata
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_runtime.classic.needs import first_need, nodes, parsed
from bricklane_runtime.dbutils.notebook import resolve
from bricklane_runtime.notebook.inclusion import InclusionError, load, parse_inclusion
from bricklane_runtime.notebook.source import Cell, NotebookFormatError, parse
from bricklane_runtime.rest import Rest, RestError

if TYPE_CHECKING:
    from bricklane_runtime.specification import Specification

PACKAGE = "__init__"


@dataclass(frozen=True, slots=True)
class Code:
    """Where the code of a task begins, and where its modules are.

    Args:
        texts: of what shares one set of global names.
        find: returns the file of a module by its full name, None when it is not to be followed.
        imports: full names of modules that are imported first.
    """

    texts: list[str]
    find: Callable[[str], Path | None]
    imports: tuple[str, ...] = ()


def need_of(specification: Specification, rest: Rest) -> str | None:
    """Return the first thing in a task's code that only classic Spark has, or None.

    What cannot be read or understood is passed over, because running the task will tell.

    Args:
        specification: of a task whose kind is in :data:`READERS`.
        rest: of its workspace, which has the notebooks that it includes.
    """
    code = READERS[specification.kind](specification, rest)
    need = first_need(code.texts)
    waiting = [*code.imports, *(name for text in code.texts for name in imported(text))]
    seen: set[str] = set()
    while waiting and need is None:
        name = waiting.pop(0)
        file = None if name in seen else code.find(name)
        seen.add(name)
        if file is not None:
            text = _text(file)
            need = first_need([text])
            parent = name if file.stem == PACKAGE else name.rpartition(".")[0]
            waiting += imported(text, parent)
    return need


def imported(text: str, package: str = "") -> list[str]:
    """Return the full names of the modules that code imports, or may import.

    Args:
        text: of the code.
        package: that it is in, "" for none.
    """
    tree = parsed(text)
    names = [] if tree is None else [name for node in nodes(tree) for name in _names(node, package)]
    return list(dict.fromkeys(part for name in names for part in _prefixes(name)))


def _names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (item.name for item in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        parts = [
            *(above if node.level and package else ()),
            *([node.module] if node.module else ()),
        ]
        if not node.level or package:
            # What is imported from a package may be a module of it.
            yield from (".".join([*parts, item.name]) for item in node.names)


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _in_folder(folder: Path) -> Callable[[str], Path | None]:
    def find(name: str) -> Path | None:
        place = folder.joinpath(*name.split("."))
        files = (place / f"{PACKAGE}.py", place.with_name(f"{place.name}.py"))
        return next((file for file in files if file.is_file()), None)

    return find


def _notebook(specification: Specification, rest: Rest) -> Code:
    notebook = specification.notebook
    if notebook is None:
        raise ValueError("The task has kind notebook, but no notebook")
    content = Path(notebook.content_file).read_bytes()
    path = resolve(notebook.path, "/")
    try:
        cells = parse(content, notebook.language, notebook.format)
    except NotebookFormatError:
        cells = []
    texts = [plain(cell.body) for cell in _followed(cells, (path,), rest) if cell.kind == "python"]
    folder = Path(specification.working_directory or specification.run_directory)
    return Code(texts, _in_folder(folder))


def _followed(cells: list[Cell], paths: tuple[str, ...], rest: Rest) -> Iterator[Cell]:
    """Return cells and those of the notebooks that they include.

    Args:
        cells: of a notebook.
        paths: of the notebooks that it was included from, and its own as the last.
        rest: of the workspace.
    """
    for cell in cells:
        if cell.kind != "run":
            yield cell
            continue
        try:
            path = resolve(parse_inclusion(cell.body).path, posixpath.dirname(paths[-1]))
            included = [] if path in paths else load(rest, path)
        except (InclusionError, NotebookFormatError, RestError, ValueError):
            continue
        yield from _followed(included, (*paths, path), rest)


def plain(body: str) -> str:
    """Return the Python that IPython makes of a cell with magics."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        manager: Any = TransformerManager  # it has no hints
        return str(manager().transform_cell(body))
    except SyntaxError:
        return ""


def _file(specification: Specification, _rest: Rest) -> Code:
    given = specification.python_file
    if given is None:
        raise ValueError("The task has kind spark_python, but no python_file")
    file = Path(given.file)
    return Code([_text(file)], _in_folder(file.parent))


def _wheel(specification: Specification, _rest: Rest) -> Code:
    wheel = specification.wheel
    if wheel is None:
        raise ValueError("The task has kind python_wheel, but no wheel")
    module = wheel.package_name.replace("-", "_")
    files: dict[str, Path] = {}
    try:
        distribution = importlib.metadata.distribution(wheel.package_name)
    except importlib.metadata.PackageNotFoundError:
        return Code([], files.get)
    named = {item.name: item.module for item in distribution.entry_points}
    for file in distribution.files or ():
        if file.suffix == ".py":
            parts = file.parts[:-1] if file.stem == PACKAGE else (*file.parts[:-1], file.stem)
            files[".".join(parts)] = Path(str(distribution.locate_file(file)))
    entry = named.get(wheel.entry_point, module)
    return Code([], files.get, tuple(_prefixes(entry)))


READERS: dict[str, Callable[[Specification, Rest], Code]] = {
    "notebook": _notebook,
    "spark_python": _file,
    "python_wheel": _wheel,
}
