"""Patterns of branch and tag names.

Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository
(fnmatch with FNM_PATHNAME: ``*`` stops at a slash, ``**`` with a slash does not)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

ALL, DEFAULT = "~ALL", "~DEFAULT_BRANCH"
TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", re.DOTALL)
WILDCARDS = {"**/": "(?:[^/]+/)*", "**": "[^/]*", "*": "[^/]*", "?": "[^/]"}


@lru_cache(maxsize=1024)
def expression(pattern: str) -> re.Pattern[str]:
    """Return the regular expression that a pattern stands for."""
    parts = []
    for token in TOKEN.findall(pattern):
        if token in WILDCARDS:
            parts.append(WILDCARDS[token])
        elif len(token) > 1:
            inner = token[1:-1].replace("\\", r"\\")
            negated = inner.startswith("!")
            parts.append(f"[{'^' if negated else ''}{inner[1:] if negated else inner}]")
        else:
            parts.append(re.escape(token))
    try:
        return re.compile("".join(parts))
    except re.error:
        return re.compile(re.escape(pattern))


def matches(pattern: str, name: str) -> bool:
    """Say whether ``name`` fits ``pattern``."""
    return expression(pattern).fullmatch(name) is not None


def applies(include: Iterable[str], exclude: Iterable[str], ref: str, default_branch: str) -> bool:
    """Say whether a ruleset's conditions hold for a ref.

    Args:
        include: patterns of full ref names, ``~ALL`` or ``~DEFAULT_BRANCH``.
        exclude: likewise.
        ref: full name.
        default_branch: short name.
    """

    def holds(pattern: str) -> bool:
        if pattern == ALL:
            return True
        if pattern == DEFAULT:
            return ref == f"refs/heads/{default_branch}"
        return matches(pattern, ref)

    return any(map(holds, include)) and not any(map(holds, exclude))
