"""Parses notebooks into cells.

Source: https://docs.databricks.com/en/notebooks/notebook-export-import.html (source format) and
https://docs.databricks.com/en/notebooks/notebooks-code.html (language magics).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

HEADER = "Databricks notebook source"
SEPARATOR = "COMMAND ----------"
# Default language of a notebook, to what begins its comments and to the kind of its plain cells.
COMMENTS = {"PYTHON": "#", "SQL": "--"}
KINDS = {"PYTHON": "python", "SQL": "sql"}
# Magics that say what a whole cell is; any other magic is left to IPython.
MAGICS = {
    "python": "python",
    "sql": "sql",
    "md": "md",
    "md-sandbox": "md",
    "sh": "sh",
    "fs": "fs",
    "run": "run",
    "scala": "scala",
    "r": "r",
}
MAGIC = re.compile(r"\A\s*%(?P<name>[a-z][a-z-]*)(?=\s|\Z)[ \t]*", re.IGNORECASE)


class NotebookFormatError(Exception):
    """A notebook cannot be read, or has a default language that cannot be run here."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Args:
        kind: ``python``, ``sql``, ``md``, ``sh``, ``fs``, ``run``, ``scala`` or ``r``.
        source: its text as a person sees it, magic included.
        body: what to execute: without the magic; for Python with as many lines as ``source``.
        title: its title, or "".
        line: the line of the file, from 1, that the first line of ``source`` is on; 0 when its
            lines are not lines of the file.
    """

    kind: str
    source: str
    body: str
    title: str = ""
    line: int = 0


def parse(content: bytes, language: str, form: str) -> list[Cell]:
    """Return the cells of a notebook.

    Args:
        content: the notebook's content.
        language: default language.
        form: ``SOURCE`` or ``JUPYTER``.

    Raises:
        NotebookFormatError: the language is none that can be run here, or the JSON is broken.
    """
    if language not in COMMENTS:
        raise NotebookFormatError(
            f"Notebooks in {language.capitalize()} cannot run here; Python and SQL can"
        )
    if form == "JUPYTER":
        return _jupyter_cells(content, language)
    return _source_cells(content.decode("utf-8-sig"), language)


def _source_cells(text: str, language: str) -> list[Cell]:
    comment = COMMENTS[language]
    lines = list(enumerate(text.replace("\r\n", "\n").split("\n"), 1))
    if lines and lines[0][1].strip() == f"{comment} {HEADER}":
        lines = lines[1:]
    groups: list[list[tuple[int, str]]] = [[]]
    for number, line in lines:
        if line.strip() == f"{comment} {SEPARATOR}":
            groups.append([])
        else:
            groups[-1].append((number, line))
    return [_source_cell(group, comment, language) for group in groups]


def _source_cell(lines: list[tuple[int, str]], comment: str, language: str) -> Cell:
    title = ""
    kept = []
    for number, line in lines:
        if line.startswith(f"{comment} DBTITLE "):
            # "DBTITLE 1,Load the data": the number says whether the title is shown.
            title = line.removeprefix(f"{comment} DBTITLE ").partition(",")[2].strip()
        else:
            kept.append((number, _without_magic_prefix(line, comment)))
    first = next((number for number, line in kept if line), 0)
    return cell("\n".join(line for _, line in kept).strip("\n"), language, title, first)


def _without_magic_prefix(line: str, comment: str) -> str:
    prefix = f"{comment} MAGIC"
    if line == prefix:
        return ""
    return line.removeprefix(prefix + " ")


def _jupyter_cells(content: bytes, language: str) -> list[Cell]:
    try:
        document = json.loads(content)
        parts = document["cells"]
        sources = [part.get("source") for part in parts]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotebookFormatError(f"The notebook is not valid nbformat 4 JSON: {error}") from None
    lines = source_lines(content.decode("utf-8-sig"), sources)
    return [
        _jupyter_cell(part, language, line)
        for part, line in zip(parts, lines, strict=True)
        if part.get("cell_type") != "raw"
    ]


def _jupyter_cell(part: dict[str, Any], language: str, line: int) -> Cell:
    source = part.get("source") or ""
    text = "".join(source) if isinstance(source, list) else str(source)
    details = (part.get("metadata") or {}).get("application/vnd.databricks.v1+cell") or {}
    title = str(details.get("title") or "")
    if part.get("cell_type") == "markdown":
        return Cell("md", text, text, title, line)
    blank = len(text) - len(text.lstrip("\n"))
    return cell(text.strip("\n"), language, title, line + blank if line else 0)


def source_lines(text: str, sources: list[Any]) -> list[int]:
    """Return the line of a JSON text, from 1, on which each cell's source begins.

    Programs that write notebooks put each line of a cell on a line of its own; where that is not
    so, or a cell is empty, the answer is 0.

    Args:
        text: of the notebook's file.
        sources: the value of ``source`` of each cell, in order.
    """
    lines = text.split("\n")
    values = [_string_on(line) for line in lines]
    heads = [number for number, line in enumerate(lines, 1) if line.strip() == '"source": [']
    found = []
    begin = 0
    for source in sources:
        following = (at for at in heads if at >= begin and values[at : at + len(source)] == source)
        at = next(following, None) if isinstance(source, list) and source else None
        begin = begin if at is None else at + len(source)
        found.append(0 if at is None else at + 1)
    return found


def _string_on(line: str) -> str | None:
    """Return the JSON string that a line consists of."""
    plain = line.strip().removesuffix(",")
    if not plain.startswith('"'):
        return None
    try:
        value = json.loads(plain)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def cell(source: str, language: str, title: str = "", line: int = 0) -> Cell:
    """Return a cell of a notebook whose default language is given."""
    match = MAGIC.match(source)
    kind = MAGICS.get(match["name"].lower()) if match else None
    if match is None or kind is None:
        # "%pip install x" and other IPython magics are fine in a Python cell of a SQL notebook too.
        return Cell("python" if match else KINDS[language], source, source, title, line)
    # Blanks instead of the magic keep line numbers true.
    body = "\n" * match.group().count("\n") + source[match.end() :]
    return Cell(kind, source, body, title, line)
