"""Python cells and scripts: whether they compile, and whether their names are defined."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from bricklane.testing.validation.rules import PYTHON_SYNTAX, UNDEFINED_NAME
from bricklane.testing.validation.sources import Findings, Part, Source

# Names that notebooks and pipelines know without an import
# (https://docs.databricks.com/en/notebooks/notebooks-code.html), and IPython's.
KNOWN = frozenset(
    (
        *("spark", "sc", "sqlContext", "sql", "table", "udf", "dbutils", "display", "displayHTML"),
        *("getArgument", "_sqldf", "get_ipython", "_", "__", "___", "_exit_code", "In", "Out"),
        *("exit", "quit", "__IPYTHON__"),
    )
)
# What a line of a cell may be that is no Python: `%magic`, `!command`, `name?`.
MAGIC_LINE = re.compile(r"^(?P<indent>\s*)(?:[%!].*|\?{1,2}[\w.]+|[\w.]+\?{1,2}\s*)$")
MAGIC_VALUE = re.compile(r"^(?P<head>\s*[\w., ]+=\s*)[%!](?!=).*$")
# Cell magics whose body is Python.
TIMING = re.compile(r"\A\s*%%(?:time|timeit|capture|prun)\b")
CELL_MAGIC = re.compile(r"\A\s*%%\w")
FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@dataclass(frozen=True, slots=True)
class Code:
    """The syntax tree of a part.

    Args:
        source: the file.
        part: the part.
        text: its Python, without magics.
        tree: of it.
    """

    source: Source
    part: Part
    text: str
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Problem:
    """Why Python does not compile.

    Args:
        line: of the part, from 1.
        said: what is wrong there.
    """

    line: int
    said: str


def plain_python(body: str) -> str:
    """Return a cell's Python with as many lines, without IPython's magics."""
    if CELL_MAGIC.match(body):
        first, _, rest = body.partition("\n")
        return "\n" + rest if TIMING.match(first) else "\n" * body.count("\n")
    return "\n".join(map(_plain_line, body.split("\n")))


def _plain_line(line: str) -> str:
    if match := MAGIC_LINE.match(line):
        return f"{match['indent']}pass"
    if match := MAGIC_VALUE.match(line):
        return f"{match['head']}None"
    return line


def parse(source: Source, part: Part) -> Code | Problem:
    """Return the tree of a part, or why it does not compile."""
    # A magic is looked for only where Python fails: a string may have lines that look like one.
    texts = [part.body, plain_python(part.body)] if source.notebook else [part.body]
    problem = Problem(1, "")
    for text in texts:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                tree = _tree(text)
                # What the parser lets pass: `return` outside of a function, and the like.
                compile(tree, "<part>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            return Code(source, part, text, tree)
        except SyntaxError as error:
            problem = Problem(error.lineno or 1, error.msg)
        except ValueError as error:
            problem = Problem(1, str(error))
    return problem


def _tree(text: str) -> ast.Module:
    tree = compile(text, "<part>", "exec", FLAGS, dont_inherit=True)
    assert isinstance(tree, ast.Module)  # noqa: S101 - what the flags ask for
    return tree


def check_syntax(source: Source, part: Part, read: Code | Problem, findings: Findings) -> None:
    """Look for :data:`PYTHON_SYNTAX`."""
    if isinstance(read, Problem):
        hint = "mend the line, or the one before it"
        findings.add(source, part, read.line, PYTHON_SYNTAX, read.said, hint)


def check_names(chunks: list[Code], own: Source, findings: Findings) -> None:
    """Look for :data:`UNDEFINED_NAME`.

    Args:
        chunks: Python in the order in which it runs, that of included notebooks too.
        own: the file whose findings are wanted.
        findings: takes them.
    """
    from pyflakes.checker import Checker  # type: ignore[import-untyped]
    from pyflakes.messages import UndefinedName  # type: ignore[import-untyped]

    # Each chunk gets lines of its own, by which a message finds it again.
    body: list[ast.stmt] = []
    begins: list[int] = []
    end = 0
    for chunk in chunks:
        begins.append(end)
        body += _moved(chunk, end)
        end += chunk.part.body.count("\n") + 1
    tree = ast.Module(body, [])
    checker = Checker(tree, filename=own.name, builtins=KNOWN, withDoctest=False)
    for message in checker.messages:
        if isinstance(message, UndefinedName):
            index = max(n for n, begin in enumerate(begins) if begin < message.lineno)
            chunk = chunks[index]
            if chunk.source is own:
                line = message.lineno - begins[index]
                _undefined(chunk, line, str(message.message_args[0]), findings)


def _moved(code: Code, lines: int) -> list[ast.stmt]:
    """Return the statements of code, numbered as if there were lines before it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        tree: ast.Module = _Awaited().visit(_tree("\n" * lines + code.text))
    return tree.body


class _Awaited(ast.NodeTransformer):
    """Puts what is awaited in the place of ``await``, which pyflakes knows in functions only."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        """Return what is awaited."""
        return self.generic_visit(node.value)


def _undefined(chunk: Code, line: int, name: str, findings: Findings) -> None:
    before = "this cell or one before it" if chunk.part.number else "this file"
    hint = "define or import it; a name that is made at run time: # bricklane: ignore[BL102]"
    message = f"`{name}` is not defined in {before}"
    findings.add(chunk.source, chunk.part, line, UNDEFINED_NAME, message, hint)


def makes_names(chunks: list[Code]) -> bool:
    """Tell whether code makes names that reading it does not show."""
    calls = (
        node.func.id
        for chunk in chunks
        for node in ast.walk(chunk.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    return any(name in ("exec", "globals", "locals", "vars") for name in calls)


def texts_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each text of code with its line; docstrings are left out."""
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in documentation:
            continue
        if isinstance(node.value, str):
            yield node.lineno, node.value
