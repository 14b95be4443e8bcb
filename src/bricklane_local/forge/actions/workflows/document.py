"""YAML as GitHub reads it, with the line of every key.

``on`` and ``yes`` are words and no truth values there, dates are text, and a key may stand once.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

# Scalars that are no text: tag → pattern and first letters, as in the core schema of YAML 1.2.
SCALARS = (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", "tTfF"),
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
)


class WorkflowError(Exception):
    """A workflow file cannot be used.

    Args:
        problems: one line each, with place and value.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Mapped(dict[str, Any]):
    """A mapping that knows in which line (from 1) each of its keys stands."""

    lines: dict[str, int]


def _mapping(loader: Any, node: Any) -> Mapped:
    loader.flatten_mapping(node)
    found = Mapped()
    found.lines = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        line = key_node.start_mark.line + 1
        if key in found:
            raise WorkflowError([f"(Line: {line}): '{key}' is already defined"])
        found[key] = loader.construct_object(value_node, deep=True)
        found.lines[key] = line
    return found


@cache
def _loader() -> Any:
    """Return the YAML loader; the library is loaded on first use."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # chosen at run time
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (replaced, never changed)

    prefix = "tag:yaml.org,2002:"
    for tag, pattern, first in SCALARS:
        Loader.add_implicit_resolver(prefix + tag, re.compile(f"^{pattern}$"), list(first))
    Loader.add_constructor(prefix + "map", _mapping)
    Loader.add_constructor(prefix + "int", _whole_number)
    return Loader


def _whole_number(loader: Any, node: Any) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def read_document(text: str) -> Mapped:
    """Return the mapping that a workflow file is.

    Raises:
        WorkflowError: with the place of what is no YAML, or when it is no mapping.
    """
    import yaml

    try:
        found = yaml.load(text, _loader())  # noqa: S506  (derived from the safe loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"(Line: {mark.line + 1}, Col: {mark.column + 1}): " if mark else ""
        raise WorkflowError([f"{where}{error.problem or error.context}"]) from None
    except yaml.YAMLError as error:
        raise WorkflowError([" ".join(str(error).split())]) from None
    except (ValueError, RecursionError) as error:
        raise WorkflowError([f"the YAML cannot be read: {error}"]) from None
    if not isinstance(found, Mapped):
        raise WorkflowError([f"a workflow is a mapping, this file is {_kind(found)}"])
    return found


def _kind(value: Any) -> str:
    return "empty" if value is None else f"a {type(value).__name__}"
