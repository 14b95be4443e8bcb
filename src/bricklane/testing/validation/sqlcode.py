"""SQL of cells, files and ``spark.sql("...")``: whether it can be parsed."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator

from bricklane.testing.validation.pythoncode import Code
from bricklane.testing.validation.rules import SQL_SYNTAX
from bricklane.testing.validation.sources import Findings, Part, Source

# What stands for text that is only known when it runs; templates keep their length and lines.
FILLED = (
    re.compile(r"\$\{[^}\n]*\}"),  # widgets and settings
    re.compile(r"\{\{.*?\}\}", re.DOTALL),  # job references, templates
)
FILLER = "xxx"
BLOCKS = re.compile(r"\{%")
# Statements that the parser knows; of the others only the first word is looked at.
PARSED = frozenset(
    ("SELECT", "WITH", "FROM", "VALUES", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "(")
)
WORDS = PARSED | frozenset(
    (
        *("ADD", "ALTER", "ANALYZE", "APPLY", "AUTO", "BEGIN", "CACHE", "CALL", "CLEAR", "COMMENT"),
        *("CONVERT", "COPY", "DECLARE", "DENY", "DESC", "DESCRIBE", "DROP", "EXECUTE", "EXPLAIN"),
        *("FSCK", "GENERATE", "GET", "GRANT", "LIST", "LOAD", "MAP", "MSCK", "OPTIMIZE", "PUT"),
        *("REDUCE", "REFRESH", "REMOVE", "REORG", "REPAIR", "REPLACE", "RESET", "RESTORE"),
        *("REVOKE", "SET", "SHOW", "SYNC", "TABLE", "TRUNCATE", "UNCACHE", "UNDROP", "USE"),
        *("VACUUM",),
    )
)
# What Databricks has and the parser does not: rewritten to what it has, or left unread.
REWRITTEN = (
    (re.compile(r"\bWITH\s+SCHEMA\s+EVOLUTION\b", re.IGNORECASE), ""),
    (re.compile(r"\bwindow\s*\(", re.IGNORECASE), "window_("),
)
UNREAD = (
    re.compile(r"\bEXPECT\s*\(", re.IGNORECASE),  # expectations of pipelines
    re.compile(r"\A\s*CREATE\s+(?:OR\s+\w+\s+)?(?:\w+\s+)?(?:WIDGET|FLOW|LIVE)\b", re.IGNORECASE),
    re.compile(
        r"\A\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?!(?:GLOBAL\s+|LOCAL\s+)?(?:TEMP\w*\s+)?"
        r"(?:EXTERNAL\s+)?(?:TABLE|VIEW|FUNCTION)\b)",
        re.IGNORECASE,
    ),
)
TOKEN = re.compile(r"<Token .*?text: (.*?), line: .*?>")
PLACE = re.compile(r"\s*Line (\d+), Col: \d+\.?")


def check_sql(source: Source, part: Part, sql: str, line: int, findings: Findings) -> None:
    """Look for :data:`SQL_SYNTAX`.

    Args:
        source: the file.
        part: of it.
        sql: statements.
        line: the line of the part that they begin on, from 1.
        findings: takes what is found.
    """
    from bricklane_runtime.notebook.statements import located

    if BLOCKS.search(sql):
        return  # what a template makes is not known
    for pattern in FILLED:
        sql = pattern.sub(lambda match: FILLER[0] * len(match[0].partition("\n")[0]), sql)
    for begin, statement in located(sql):
        problem = problem_of(statement)
        if problem is not None:
            at, said = problem
            hint = "mend the statement; one that is right all the same: -- bricklane: ignore[BL201]"
            findings.add(source, part, line + begin + at - 2, SQL_SYNTAX, said, hint)


def problem_of(statement: str) -> tuple[int, str] | None:
    """Return the line in a statement, from 1, and what is wrong there; None when nothing is."""
    from bricklane_runtime.notebook.statements import tokens

    words = [token.text for token in tokens(statement) if token.kind not in ("space", "comment")]
    first = words[0].upper() if words else ""
    if first.startswith(FILLER.upper()):
        return None  # a template's macro
    if first not in WORDS:
        return 1, f"`{words[0]}` begins no statement"
    if first not in PARSED or any(pattern.search(statement) for pattern in UNREAD):
        return None
    for pattern, replacement in REWRITTEN:
        statement = pattern.sub(replacement, statement)
    return _parse(statement)


def _parse(statement: str) -> tuple[int, str] | None:
    import sqlglot
    from sqlglot.errors import ParseError, TokenError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it does not know is no finding
    try:
        sqlglot.parse(statement, dialect="databricks")
    except ParseError as error:
        details = error.errors[0] if error.errors else {}
        said = str(details.get("description") or error).split("\n")[0]
        near = str(details.get("highlight") or "")
        if said.startswith("Required keyword"):
            said = "something is missing"
        return int(details.get("line") or 1), _message(PLACE.sub("", said), near)
    except TokenError as error:
        return 1, f"a quote or comment does not end: {str(error.__cause__ or error).strip()}"
    return None


def _message(said: str, near: str) -> str:
    plain = TOKEN.sub(lambda match: match[1], said).rstrip(".").replace("Expecting", "expected")
    plain = plain[:1].lower() + plain[1:]
    return f"{plain} at `{near}`" if near else plain


def sql_calls(code: Code) -> Iterator[tuple[int, str]]:
    """Yield the literal statements that Python gives to ``spark.sql``, with their lines."""
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Call) and _is_sql(node.func) and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.lineno, first.value


def _is_sql(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "sql"
        and isinstance(function.value, ast.Name)
        and function.value.id == "spark"
    )
