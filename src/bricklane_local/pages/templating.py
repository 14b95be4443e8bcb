"""How pages are made from templates, which escape everything that they are not told to trust."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bricklane_local.pages.formats import duration, moment

if TYPE_CHECKING:
    from jinja2 import Environment
    from markdown_it.token import Token

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def environment(*packages: str, **filters: Callable[..., Any]) -> Environment:
    """Return the templates of packages.

    Args:
        packages: each has a folder ``templates``; the first one that has a template counts. What
            they share, such as the style, is in this package.
        filters: beside ``duration``, ``moment`` and ``markdown``, by name.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in (*packages, __package__)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shared = {"duration": duration, "moment": moment, "markdown": markdown()}
    found.filters |= shared | filters
    return found


def markdown() -> Callable[[str], str]:
    """Return what makes HTML of Markdown: HTML in it is shown as text, its comments are not shown.

    Forges do not show comments either; programs know their own comments by them.
    """
    from html import escape

    from markdown_it import MarkdownIt

    def shown(_: Any, tokens: Sequence[Token], place: int, *__: Any) -> str:
        return escape(_COMMENT.sub("", tokens[place].content))

    made = MarkdownIt("commonmark", {"html": True}).enable("table")
    for kind in ("html_block", "html_inline"):
        made.add_render_rule(kind, shown)
    return made.render
