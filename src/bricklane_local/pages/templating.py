"""How pages are made from templates, which escape everything that they are not told to trust."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bricklane_local.pages.formats import duration, moment

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(*packages: str, **filters: Callable[..., Any]) -> Environment:
    """Return the templates of packages.

    Args:
        packages: each has a folder ``templates``; the first one that has a template counts. What
            they share, such as the style, is in this package.
        filters: beside ``duration``, ``moment`` and ``markdown``, by name.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    from markdown_it import MarkdownIt

    found = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in (*packages, __package__)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    shared = {"duration": duration, "moment": moment, "markdown": markdown.render}
    found.filters |= shared | filters
    return found
