"""On which line of a TOML file a key stands; ``tomllib`` does not tell."""

from __future__ import annotations

import re

Path = tuple[str, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_SPLIT = re.compile(_PART)
_FENCE = re.compile(r'"""|' + "'''")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, of each table header and key of a TOML document.

    Keys inside inline tables are left out; :func:`line_of` then answers with their table's line.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            fence = "" if fence in line else fence
            continue
        if header := _HEADER.match(line):
            table = _parts(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _parts(key[1]), number)
            fences = _FENCE.findall(line)
            fence = fences[0] if len(fences) % 2 else ""
    return lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """Return the line of ``path``, or of the nearest key around it that has one, or 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    # A table that is only named as the parent of others starts where the first of them does.
    return min((line for key, line in lines.items() if key[: len(path)] == path), default=1)


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _SPLIT.findall(dotted))
