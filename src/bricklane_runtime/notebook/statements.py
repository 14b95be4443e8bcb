"""Reads SQL cells: splits them into statements and finds their parameters.

Follows Spark's lexical rules (https://spark.apache.org/docs/latest/sql-ref-literals.html): quotes
with backslash escapes, backquoted names, line and nested block comments; and SQL scripts, whose
``BEGIN ... END`` holds statements of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*)
  | (?P<block>/\*)
  | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<name>`(?:[^`]|``)*`)
  | (?P<marker>(?<![:\w)\]`'"]):[A-Za-z_]\w*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<end>;)
  | (?P<space>\s+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
WIDGET = re.compile(r"\$\{(?P<braced>[\w.]+)\}|\bgetArgument\(\s*(['\"])(?P<called>\w+)\2\s*\)")
# Words that open a block of a script where a statement begins, closed by an END: IF is also a
# function, and part of IF EXISTS.
BLOCKS = ("BEGIN", "CASE", "IF", "LOOP", "WHILE", "FOR", "REPEAT")
FIRST_AFTER = ("", ";", ":", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SQL.

    Args:
        kind: group name in :data:`TOKEN`.
        text: the piece.
    """

    kind: str
    text: str


def tokens(sql: str) -> Iterator[Token]:
    """Yield the pieces of a text; together they are the text."""
    position = 0
    while position < len(sql):
        match = TOKEN.match(sql, position)
        if match is None:  # pragma: no cover - the last alternative matches any character
            raise ValueError(f"Cannot read SQL at character {position}")
        kind = str(match.lastgroup)
        end = _block_end(sql, position) if kind == "block" else match.end()
        yield Token("comment" if kind == "block" else kind, sql[position:end])
        position = end


def _block_end(sql: str, begin: int) -> int:
    """Return where the block comment that begins at ``begin`` ends; such comments nest."""
    depth = 0
    for match in re.compile(r"/\*|\*/").finditer(sql, begin):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    return len(sql)


def split(sql: str) -> list[str]:
    """Return the statements of a text, without those that are blank or only comment."""
    return [statement for _, statement in located(sql)]


def located(sql: str) -> list[tuple[int, str]]:
    """Return the statements as :func:`split` does, each after the line that it begins on."""
    statements: list[tuple[int, str]] = []
    parts: list[Token] = []
    line = 1
    for token in tokens(sql):
        if token.kind == "end" and not _inside_script(parts):
            statements += _statement(parts, line)
            line += sum(part.text.count("\n") for part in parts)
            parts = []
        else:
            parts.append(token)
    return statements + _statement(parts, line)


def _statement(parts: list[Token], line: int) -> list[tuple[int, str]]:
    if all(part.kind in ("space", "comment") for part in parts):
        return []
    text = "".join(part.text for part in parts)
    blank = len(text) - len(text.lstrip())
    return [(line + text.count("\n", 0, blank), text.strip())]


def _inside_script(parts: list[Token]) -> bool:
    """Tell whether the pieces begin a SQL script that has not ended."""
    words = [part.text.upper() for part in parts if part.kind not in ("space", "comment")]
    if not words or words[0] != "BEGIN":
        return False
    opened: list[str] = []
    for previous, word in zip(["", *words], words, strict=False):
        inside_expression = bool(opened) and opened[-1] == "expression"
        begins = previous in FIRST_AFTER and not inside_expression
        if word == "END":
            opened.pop()
            if not opened:
                return False
        elif word in BLOCKS and begins:
            opened.append("statement")
        elif word == "CASE" and previous != "END":
            opened.append("expression")
    return True


def markers(statement: str) -> list[str]:
    """Return the names of the parameter markers (``:name``) of a statement, each once."""
    found = (token.text[1:] for token in tokens(statement) if token.kind == "marker")
    return list(dict.fromkeys(found))


def with_widgets(statement: str, get: Callable[[str], str]) -> str:
    """Fill in widget values the old way: ``${name}`` as it is, ``getArgument("name")`` as text.

    Args:
        statement: a SQL statement.
        get: returns a widget's value, or raises.
    """

    def fill(match: re.Match[str]) -> str:
        if match["braced"]:
            # "${spark.sql...}" is Spark's own substitution of settings.
            return match.group() if "." in match["braced"] else get(match["braced"])
        return "'" + get(match["called"]).replace("\\", "\\\\").replace("'", "\\'") + "'"

    return WIDGET.sub(fill, statement)
