"""Evaluation in part: what is known is replaced by its value, the rest stays an expression.

The forge knows what started a run, its matrix, variables and the jobs before; act knows only the
steps. So expressions are folded before act sees them. What is folded in is always a literal of the
expression language, never text beside it: a branch named ``${{secrets.X}}`` stays a name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bricklane_local.forge.actions.expressions.evaluation import (
    Contexts,
    all_parts,
    call,
    compare,
    part,
)
from bricklane_local.forge.actions.expressions.functions import PURE, to_json
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
from bricklane_local.forge.actions.expressions.templates import (
    Template,
    parse_condition,
    parse_template,
)
from bricklane_local.forge.actions.expressions.values import (
    Value,
    number_text,
    text_of,
    truthy,
)

# How act and GitHub spell functions; act would take any case.
SPELLED = {
    "startswith": "startsWith",
    "endswith": "endsWith",
    "tojson": "toJSON",
    "fromjson": "fromJSON",
    "hashfiles": "hashFiles",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What folding may replace.

    Args:
        values: contexts by name.
        partial: those of which only the properties listed are known.
    """

    values: Mapping[str, Value]
    partial: Collection[str] = ()


def fold(node: Node, known: Known) -> Node:
    """Return ``node`` with everything replaced that ``known`` determines.

    Raises:
        ExpressionError: when a part that is known cannot be evaluated.
    """
    match node:
        case Context(name) if name in known.values and name not in known.partial:
            return Literal(known.values[name])
        case Index(Context(name), Literal(key)) if name in known.partial:
            value = known.values.get(name, {})
            names = {str(given).lower() for given in value}
            return Literal(part(value, key)) if text_of(key).lower() in names else node
        case Index(target, key):
            return _index(fold(target, known), fold(key, known))
        case Filter(target):
            inner = fold(target, known)
            return Literal(all_parts(inner.value)) if isinstance(inner, Literal) else Filter(inner)
        case Not(operand):
            inner = fold(operand, known)
            return Literal(not truthy(inner.value)) if isinstance(inner, Literal) else Not(inner)
        case Call(name, arguments):
            return _call(name, [fold(argument, known) for argument in arguments])
        case Operation(operator, left, right):
            return _operation(operator, fold(left, known), fold(right, known))
        case _:
            return node


def _index(target: Node, key: Node) -> Node:
    if isinstance(target, Literal) and isinstance(key, Literal):
        return Literal(part(target.value, key.value))
    return Index(target, key)


def _call(name: str, arguments: list[Node]) -> Node:
    values = [argument.value for argument in arguments if isinstance(argument, Literal)]
    if name in PURE and len(values) == len(arguments):
        return Literal(call(name, values, Contexts({})))
    return Call(name, tuple(arguments))


def _operation(operator: str, left: Node, right: Node) -> Node:
    if not isinstance(left, Literal):
        return Operation(operator, left, right)
    if operator == "&&":
        return right if truthy(left.value) else left
    if operator == "||":
        return left if truthy(left.value) else right
    if isinstance(right, Literal):
        return Literal(compare(operator, left.value, right.value))
    return Operation(operator, left, right)


def written(node: Node) -> str:
    """Return the text of an expression."""
    match node:
        case Literal(value):
            return _literal(value)
        case Context(name):
            return name
        case Index(target, Literal(str(key))) if key.isidentifier() and not _bare(target):
            return f"{written(target)}.{key}"
        case Index(target, key):
            return f"{written(target)}[{written(key)}]"
        case Filter(target):
            return f"{written(target)}.*"
        case Not(operand):
            return f"!({written(operand)})"
        case Call(name, arguments):
            inside = ", ".join(written(argument) for argument in arguments)
            return f"{SPELLED.get(name, name)}({inside})"
        case Operation(operator, left, right):
            return f"({written(left)} {operator} {written(right)})"


def _bare(node: Node) -> bool:
    return isinstance(node, Literal) and not isinstance(node.value, list | dict)


def _literal(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, str):
        return quoted(value)
    return f"fromJSON({quoted(json.dumps(json.loads(to_json(value)), ensure_ascii=False))})"


def quoted(text: str) -> str:
    """Return ``text`` as a literal of the expression language."""
    return "'" + text.replace("'", "''") + "'"


def fold_template(text: str, known: Known) -> str:
    """Return ``text`` with the expressions in it folded.

    Raises:
        ExpressionError: when one cannot be read.
    """
    return _rebuilt(parse_template(text), known)


def _rebuilt(template: Template, known: Known) -> str:
    pieces: list[str] = []
    for piece in template.pieces:
        if isinstance(piece, str):
            pieces.append(piece)
        else:
            pieces.append("${{ " + written(fold(piece, known)) + " }}")
    return "".join(pieces)


def fold_condition(text: str, known: Known) -> str:
    """Return the condition of a step, folded; it comes out as one expression in ``${{ }}``.

    Raises:
        ExpressionError: when it cannot be read.
    """
    return "${{ " + written(fold(parse_condition(text), known)) + " }}"


def guarded(text: str, times: int = 1) -> str:
    """Return a template that comes to ``text`` when it has been evaluated ``times`` times.

    Text without ``${{`` is such a template already.
    """
    for _ in range(times):
        if "${{" in text:
            text = "${{ " + quoted(text) + " }}"
    return text
