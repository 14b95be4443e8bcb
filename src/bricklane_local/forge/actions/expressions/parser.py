"""From the text of an expression to its tree."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bricklane_local.forge.actions.expressions.errors import ExpressionError
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
from bricklane_local.forge.actions.expressions.values import number_in

TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<number>(?:0[xX][0-9a-fA-F]+|0o[0-7]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.]))
    | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<sign>&&|\|\||==|!=|<=|>=|[<>!()\[\].,*])
    )""",
    re.VERBOSE,
)
CONSTANTS = {"null": None, "true": True, "false": False, "NaN": math.nan, "Infinity": math.inf}
CONTEXTS = frozenset(
    re.findall(r"\w+", "env github inputs job jobs matrix needs runner secrets steps strategy vars")
)
# Name → least and greatest number of arguments.
FUNCTIONS = {
    "contains": (2, 2),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "format": (1, 255),
    "join": (1, 2),
    "tojson": (1, 1),
    "fromjson": (1, 1),
    "hashfiles": (1, 255),
    "success": (0, 255),
    "failure": (0, 255),
    "always": (0, 0),
    "cancelled": (0, 0),
}
# Weakest first; operators of one row bind alike, from left to right.
PRECEDENCE = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
DEEPEST, LONGEST = 50, 21_000  # as on GitHub


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an expression: its kind, its text and where it begins (from 1)."""

    kind: str
    text: str
    position: int


def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        ExpressionError: with the place of what cannot be understood.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"The expression is longer than {LONGEST} characters")
    parser = _Parser(text, _tokens(text))
    node = parser.operation(0)
    parser.expect_end()
    return node


def _tokens(text: str) -> list[Token]:
    tokens, end = [], 0
    while text[end:].strip():
        found = TOKEN.match(text, end)
        if found is None:
            start = end + len(text[end:]) - len(text[end:].lstrip())
            raise _unexpected(text[start], start + 1, text)
        kind = str(found.lastgroup)
        tokens.append(Token(kind, found[kind], found.start(kind) + 1))
        end = found.end()
    return [*tokens, Token("end", "", len(text) + 1)]


def _unexpected(symbol: str, position: int, text: str) -> ExpressionError:
    what = f"Unexpected symbol: '{symbol}'" if symbol else "Unexpected end of expression"
    return ExpressionError(f"{what}. Located at position {position} within expression: {text}")


class _Parser:
    def __init__(self, text: str, tokens: list[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _accept(self, *signs: str) -> str:
        token = self._peek()
        if token.kind == "sign" and token.text in signs:
            self._take()
            return token.text
        return ""

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            self._fail(self._peek())

    def _fail(self, token: Token) -> None:
        raise _unexpected(token.text, token.position, self._text)

    def expect_end(self) -> None:
        if self._peek().kind != "end":
            self._fail(self._peek())

    def operation(self, level: int) -> Node:
        if level == len(PRECEDENCE):
            return self._unary()
        node = self.operation(level + 1)
        while operator := self._accept(*PRECEDENCE[level]):
            node = Operation(operator, node, self.operation(level + 1))
        return node

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError(f"Exceeded max expression depth {DEEPEST}: {self._text}")
        node = Not(self._unary()) if self._accept("!") else self._parts(self._primary())
        self._depth -= 1
        return node

    def _parts(self, node: Node) -> Node:
        while sign := self._accept(".", "["):
            if sign == "[":
                whole = self._accept("*")
                node = Filter(node) if whole else Index(node, self.operation(0))
                self._expect("]")
            elif self._accept("*"):
                node = Filter(node)
            else:
                token = self._take()
                if token.kind != "name":
                    self._fail(token)
                node = Index(node, Literal(token.text))
        return node

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "string":
            return Literal(token.text[1:-1].replace("''", "'"))
        if token.kind == "number":
            return Literal(number_in(token.text))
        if token.kind == "name":
            return self._named(token)
        if token.text != "(":
            self._fail(token)
        node = self.operation(0)
        self._expect(")")
        return node

    def _named(self, token: Token) -> Node:
        if self._accept("("):
            return self._call(token)
        if token.text in CONSTANTS:
            return Literal(CONSTANTS[token.text])
        if token.text.lower() in CONTEXTS:
            return Context(token.text.lower())
        raise ExpressionError(
            f"Unrecognized named-value: '{token.text}'. Located at position {token.position} "
            f"within expression: {self._text}"
        )

    def _call(self, token: Token) -> Node:
        arguments: list[Node] = []
        if not self._accept(")"):
            arguments.append(self.operation(0))
            while self._accept(","):
                arguments.append(self.operation(0))
            self._expect(")")
        where = f"Located at position {token.position} within expression: {self._text}"
        if token.text.lower() not in FUNCTIONS:
            raise ExpressionError(f"Unrecognized function: '{token.text}'. {where}")
        least, greatest = FUNCTIONS[token.text.lower()]
        if len(arguments) < least:
            raise ExpressionError(f"Too few parameters supplied: '{token.text}'. {where}")
        if len(arguments) > greatest:
            raise ExpressionError(f"Too many parameters supplied: '{token.text}'. {where}")
        return Call(token.text.lower(), tuple(arguments))
