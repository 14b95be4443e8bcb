"""Parameters of SQL statements on a Spark with Delta.

The parser of Delta 4.4 forgets the parameters that a statement comes with, so that Spark reports
its markers as unbound. Until it does not, they are written into the statement before it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bricklane.testing.literals import literal

# What is no marker comes first: texts, names in backquotes, comments, casts.
TOKEN = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|::"
    r"|(?<![\w)\]]):(?P<name>[A-Za-z_]\w*)|(?P<mark>\?)",
    re.DOTALL,
)


def with_values(statement: str, values: Mapping[str, Any] | list[Any] | tuple[Any, ...]) -> str:
    """Return a statement with the values of its markers in it.

    Args:
        statement: with markers such as ``:name``, or ``?``.
        values: by name, or in order. A marker without a value stays, for Spark to report.
    """
    named = values if isinstance(values, Mapping) else {}
    ordered: Iterator[Any] = iter(() if isinstance(values, Mapping) else values)

    def value(found: re.Match[str]) -> str:
        if found["mark"]:
            return next((literal(each) for each in ordered), "?")
        name = found["name"]
        return literal(named[name]) if name and name in named else found.group()

    return TOKEN.sub(value, statement)


def keeping_parameters(sql: Callable[..., Any]) -> Callable[..., Any]:
    """Return a session's method ``sql`` that takes parameters as Spark documents them."""
    from pyspark.sql import Column
    from pyspark.sql.connect.column import Column as ConnectColumn

    def run(sqlQuery: str, args: Any = None, **kwargs: Any) -> Any:  # noqa: N803  (pyspark's names)
        given = list(args.values() if isinstance(args, Mapping) else args or ())
        if not given or any(isinstance(each, (Column, ConnectColumn)) for each in given):
            return sql(sqlQuery, args, **kwargs)
        return sql(with_values(sqlQuery, args), **kwargs)

    return run
