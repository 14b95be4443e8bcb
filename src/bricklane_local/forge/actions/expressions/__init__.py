"""The expression language of workflows: parsed, evaluated, and evaluated in part.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

from bricklane_local.forge.actions.expressions.errors import ExpressionError
from bricklane_local.forge.actions.expressions.evaluation import Contexts, evaluate
from bricklane_local.forge.actions.expressions.folding import fold, fold_condition, fold_template
from bricklane_local.forge.actions.expressions.parser import parse
from bricklane_local.forge.actions.expressions.templates import (
    Template,
    parse_condition,
    parse_template,
    render,
)
from bricklane_local.forge.actions.expressions.values import Value, text_of, truthy

__all__ = [
    "Contexts",
    "ExpressionError",
    "Template",
    "Value",
    "evaluate",
    "fold",
    "fold_condition",
    "fold_template",
    "parse",
    "parse_condition",
    "parse_template",
    "render",
    "text_of",
    "truthy",
]
