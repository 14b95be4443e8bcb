"""What is wrong with an expression."""

from __future__ import annotations


class ExpressionError(Exception):
    """An expression cannot be read or evaluated.

    Args:
        message: names what is wrong and the expression.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
