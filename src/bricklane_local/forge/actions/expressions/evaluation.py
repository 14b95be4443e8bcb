"""The value of an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bricklane_local.forge.actions.expressions.errors import ExpressionError
from bricklane_local.forge.actions.expressions.functions import PURE
from bricklane_local.forge.actions.expressions.nodes import (
    Call,
    Context,
    Filter,
    Index,
    Literal,
    Node,
    Not,
    Operation,
)
from bricklane_local.forge.actions.expressions.values import (
    Value,
    is_number,
    less,
    same,
    text_of,
    truthy,
)


class Filtered(list[Value]):
    """What ``.*`` selected: a further ``.name`` picks from each of its items."""


@dataclass(frozen=True, slots=True)
class Contexts:
    """What an expression may refer to.

    Args:
        values: the contexts by name.
        functions: those that depend on where the expression stands: ``success``, ``failure``,
            ``cancelled``, ``hashfiles``.
    """

    values: Mapping[str, Value]
    functions: Mapping[str, Callable[[Sequence[Value]], Value]] = field(default_factory=dict)


def evaluate(node: Node, contexts: Contexts) -> Value:
    """Return the value of an expression.

    Raises:
        ExpressionError: for a context or function that is not available where it stands.
    """
    match node:
        case Literal(value):
            return value
        case Context(name):
            if name not in contexts.values:
                raise ExpressionError(f"Unrecognized named-value: '{name}'")
            return contexts.values[name]
        case Index(target, key):
            return part(evaluate(target, contexts), evaluate(key, contexts))
        case Filter(target):
            return all_parts(evaluate(target, contexts))
        case Not(operand):
            return not truthy(evaluate(operand, contexts))
        case Operation():
            return _operate(node, contexts)
        case Call(name, arguments):
            return call(name, [evaluate(argument, contexts) for argument in arguments], contexts)


def call(name: str, arguments: Sequence[Value], contexts: Contexts) -> Value:
    """Return what a function makes of its arguments.

    Raises:
        ExpressionError: when it is not available here, or refuses its arguments.
    """
    if name == "always":
        return True
    if name in PURE:
        return PURE[name](*arguments)
    if name not in contexts.functions:
        raise ExpressionError(f"The function '{name}' is not available here")
    return contexts.functions[name](arguments)


def _operate(node: Operation, contexts: Contexts) -> Value:
    left = evaluate(node.left, contexts)
    if node.operator == "&&":
        return evaluate(node.right, contexts) if truthy(left) else left
    if node.operator == "||":
        return left if truthy(left) else evaluate(node.right, contexts)
    return compare(node.operator, left, evaluate(node.right, contexts))


def compare(operator: str, left: Value, right: Value) -> bool:
    """Return what a comparison comes to."""
    match operator:
        case "==":
            return same(left, right)
        case "!=":
            return not same(left, right)
        case "<":
            return less(left, right)
        case ">":
            return less(right, left)
        case "<=":
            return less(left, right) or same(left, right)
        case _:
            return less(right, left) or same(left, right)


def part(target: Value, key: Value) -> Value:
    """Return the part of ``target`` that ``key`` names, or null; names have no case."""
    if isinstance(target, Filtered):
        picked = (part(item, key) for item in target if _has(item, key))
        return Filtered(picked)
    if isinstance(target, Mapping):
        name = text_of(key).lower()
        return next((value for known, value in target.items() if known.lower() == name), None)
    if isinstance(target, list) and is_number(key) and key == int(key) and 0 <= key < len(target):
        return target[int(key)]
    return None


def _has(item: Value, key: Value) -> bool:
    if isinstance(item, Mapping):
        return text_of(key).lower() in (known.lower() for known in item)
    return isinstance(item, list) and is_number(key) and 0 <= key < len(item)


def all_parts(target: Value) -> Filtered:
    """Return every part of ``target``."""
    if isinstance(target, Filtered):
        return Filtered(inner for item in target for inner in all_parts(item))
    if isinstance(target, Mapping):
        return Filtered(target.values())
    return Filtered(target if isinstance(target, list) else [])
