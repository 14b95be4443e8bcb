"""Patterns for branches, tags and paths.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
(filter pattern cheat sheet)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

SPECIAL = re.compile(r"\*\*/?|\*|\?|\+|\[[^\]]+\]|\\.|.", re.DOTALL)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern.

    ``*`` is anything without a slash, ``**`` anything, ``?`` and ``+`` count the character before
    them, ``[]`` is a set, a backslash takes the next character as it is.
    """
    out: list[str] = []
    for found in SPECIAL.finditer(pattern):
        word = found[0]
        if word == "**/":
            # `**/x` also means x at the top.
            out.append(
                "(?:.*/)?" if found.start() == 0 or pattern[found.start() - 1] == "/" else ".*/"
            )
        elif word == "**":
            out.append(".*")
        elif word == "*":
            out.append("[^/]*")
        elif word in "?+" and out:
            out.append(word)
        elif word[0] == "[" and len(word) > 1:
            out.append("[" + word[1:-1].replace("\\", "\\\\") + "]")
        else:
            out.append(re.escape(word[-1] if word[0] == "\\" else word))
    return re.compile("".join(out), re.DOTALL)


def selects(patterns: Sequence[str], name: str) -> bool:
    """Say whether patterns select a name: the last one that fits decides, ``!`` excludes."""
    chosen = False
    for pattern in patterns:
        if pattern.startswith("!"):
            chosen = chosen and not compiled(pattern[1:]).fullmatch(name)
        elif compiled(pattern).fullmatch(name):
            chosen = True
    return chosen


def any_selected(patterns: Sequence[str], names: Iterable[str]) -> bool:
    """Say whether one of the names is selected."""
    return any(selects(patterns, name) for name in names)


def all_ignored(patterns: Sequence[str], names: Iterable[str]) -> bool:
    """Say whether each of the names is selected by an ignore list."""
    return all(selects(patterns, name) for name in names)
