"""The rules of static validation, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that is looked for.

    Args:
        code: short and never reused.
        name: for people.
        severity: error: it fails, or must not be there; warning: it fails somewhere else.
        about: what is found, in one line.
    """

    code: str
    name: str
    severity: Severity
    about: str


ERROR, WARNING = Severity.ERROR, Severity.WARNING

UNREADABLE = Rule("BL001", "unreadable", ERROR, "a file that cannot be read as what it is")
PYTHON_SYNTAX = Rule("BL101", "python-syntax", ERROR, "Python that does not compile")
UNDEFINED_NAME = Rule("BL102", "undefined-name", ERROR, "a name that no cell before defines")
SQL_SYNTAX = Rule("BL201", "sql-syntax", ERROR, "SQL that cannot be parsed")
MISSING_NOTEBOOK = Rule(
    "BL301", "missing-notebook", ERROR, "`%run` or `dbutils.notebook.run` of what is not there"
)
UNKNOWN_WIDGET = Rule(
    "BL302", "unknown-widget", WARNING, "a widget that is read, and neither declared nor given"
)
HOST = Rule("BL401", "hard-coded-host", WARNING, "the address of a workspace")
TOKEN = Rule("BL402", "token", ERROR, "a token, a key or another secret")
CATALOG = Rule("BL403", "hard-coded-catalog", WARNING, "the catalog of one target in code")

RULES: Mapping[str, Rule] = {
    rule.code: rule
    for rule in (
        UNREADABLE,
        PYTHON_SYNTAX,
        UNDEFINED_NAME,
        SQL_SYNTAX,
        MISSING_NOTEBOOK,
        UNKNOWN_WIDGET,
        HOST,
        TOKEN,
        CATALOG,
    )
}


def unknown(words: Iterable[str]) -> list[str]:
    """Return those of ``words`` that are neither code nor name of a rule."""
    known = {*RULES, *(rule.name for rule in RULES.values())}
    return [word for word in words if word not in known]


def covers(words: Iterable[str], rule: Rule) -> bool:
    """Tell whether codes or names, or the word ``all``, include a rule."""
    return any(word in (rule.code, rule.name, "all") for word in words)
