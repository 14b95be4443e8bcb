"""Text for people, in the Markdown that forges show: job summaries and comments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bricklane.delivery.continuous import CiRun

# Names of branches, titles and output come from anywhere; these would be read as markup.
_MARKUP = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>()#+!|~&@"})


def plain(text: str) -> str:
    """Return ``text`` on one line, shown as it is."""
    return " ".join(text.split()).translate(_MARKUP)


def code(text: str) -> str:
    """Return ``text`` on one line as code."""
    line = " ".join(text.split()).replace("|", "\\|")
    fence = "``" if "`" in line else "`"
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"


def link(text: str, url: str) -> str:
    """Return a link; only the text when there is no address, or one that is none of the web."""
    if not url.startswith(("https://", "http://")):
        return plain(text)
    return f"[{plain(text)}](<{url.replace('<', '%3C').replace('>', '%3E')}>)"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the cells are Markdown already."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def block(text: str) -> str:
    """Return ``text`` as a block of code, whatever is in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def publish(ci: CiRun | None, text: str) -> None:
    """Add ``text`` to the summary of the job; without one to add to, nothing happens."""
    if ci is not None and ci.summary:
        with Path(ci.summary).open("a", encoding="utf-8") as file:
            file.write(text.rstrip() + "\n\n")
