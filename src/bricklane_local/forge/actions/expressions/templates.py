"""Text with ``${{ expressions }}`` in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bricklane_local.forge.actions.expressions.errors import ExpressionError
from bricklane_local.forge.actions.expressions.evaluation import Contexts, evaluate
from bricklane_local.forge.actions.expressions.nodes import Call, Literal, Node
from bricklane_local.forge.actions.expressions.parser import parse
from bricklane_local.forge.actions.expressions.values import Value, text_of

BEGIN = "${{"
# Up to the next closing braces that are not inside a quoted text.
REST = re.compile(r"((?:'(?:[^']|'')*'|(?!\}\})[^'])*)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Template:
    """Text and expressions, alternating as they stand."""

    pieces: tuple[str | Node, ...]

    @property
    def expressions(self) -> list[Node]:
        """The expressions alone."""
        return [piece for piece in self.pieces if not isinstance(piece, str)]


def parse_template(text: str) -> Template:
    """Return the pieces of ``text``.

    Raises:
        ExpressionError: when an expression is not closed or cannot be read.
    """
    pieces: list[str | Node] = []
    end = 0
    while (start := text.find(BEGIN, end)) >= 0:
        if start > end:
            pieces.append(text[end:start])
        found = REST.match(text, start + len(BEGIN))
        if found is None:
            raise ExpressionError(f"The expression is not closed with '}}}}': {text[start:][:120]}")
        pieces.append(parse(found[1]))
        end = found.end()
    if end < len(text):
        pieces.append(text[end:])
    return Template(tuple(pieces))


def render(text: str, contexts: Contexts) -> Value:
    """Return what ``text`` comes to: a value if it is one expression and nothing else, else text.

    Raises:
        ExpressionError: when an expression cannot be read or evaluated.
    """
    template = parse_template(text)
    if len(template.pieces) == 1 and not isinstance(template.pieces[0], str):
        return evaluate(template.pieces[0], contexts)
    return "".join(
        piece if isinstance(piece, str) else text_of(evaluate(piece, contexts))
        for piece in template.pieces
    )


def parse_condition(text: str) -> Node:
    """Return the expression of an ``if``, which may stand with or without ``${{ }}``.

    With text around it, the whole is a text, which counts as true unless it is empty.

    Raises:
        ExpressionError: when it cannot be read.
    """
    if BEGIN not in text:
        return parse(text)
    template = parse_template(text.strip())
    if len(template.pieces) == 1 and not isinstance(template.pieces[0], str):
        return template.pieces[0]
    pattern = ""
    arguments: list[Node] = []
    for piece in template.pieces:
        if isinstance(piece, str):
            pattern += piece.replace("{", "{{").replace("}", "}}")
        else:
            pattern += f"{{{len(arguments)}}}"
            arguments.append(piece)
    return Call("format", (Literal(pattern), *arguments))
