"""Expressions as trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bricklane_local.forge.actions.expressions.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written out."""

    value: Value


@dataclass(frozen=True, slots=True)
class Context:
    """A named value, such as ``github``, in lower case."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """A part of a value: ``target.key`` and ``target[key]``."""

    target: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Filter:
    """All parts of a value: ``target.*``."""

    target: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function, by its name in lower case, with its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a truth value."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    """Two operands with an operator between them, such as ``==``."""

    operator: str
    left: Node
    right: Node


Node = Literal | Context | Index | Filter | Call | Not | Operation


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node."""
    match node:
        case Index(target, key):
            return (target, key)
        case Filter(target):
            return (target,)
        case Call(_, arguments):
            return arguments
        case Not(operand):
            return (operand,)
        case Operation(_, left, right):
            return (left, right)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Iterate over a node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)
