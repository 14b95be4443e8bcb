"""What to write instead of a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the nearest of ``known`` as a question, else all of them."""
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(word, names, n=1)
    return f"did you mean `{near[0]}`?" if near else f"expected one of: {', '.join(names)}"
