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
    """

    kind: str
    source: str
    body: str
    title: str = ""


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
            f"Notebooks in {language.capitalize()} cannot run in the local cloud; "
            "Python and SQL can"
        )
    if form == "JUPYTER":
        return _jupyter_cells(content, language)
    return _source_cells(content.decode("utf-8-sig"), language)


def _source_cells(text: str, language: str) -> list[Cell]:
    comment = COMMENTS[language]
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and lines[0].strip() == f"{comment} {HEADER}":
        lines = lines[1:]
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == f"{comment} {SEPARATOR}":
            groups.append([])
        else:
            groups[-1].append(line)
    return [_source_cell(group, comment, language) for group in groups]


def _source_cell(lines: list[str], comment: str, language: str) -> Cell:
    title = ""
    kept = []
    for line in lines:
        if line.startswith(f"{comment} DBTITLE "):
            # "DBTITLE 1,Load the data": the number says whether the title is shown.
            title = line.removeprefix(f"{comment} DBTITLE ").partition(",")[2].strip()
        else:
            kept.append(_without_magic_prefix(line, comment))
    return cell("\n".join(kept).strip("\n"), language, title)


def _without_magic_prefix(line: str, comment: str) -> str:
    prefix = f"{comment} MAGIC"
    if line == prefix:
        return ""
    return line.removeprefix(prefix + " ")


def _jupyter_cells(content: bytes, language: str) -> list[Cell]:
    try:
        document = json.loads(content)
        parts = document["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotebookFormatError(f"The notebook is not valid nbformat 4 JSON: {error}") from None
    return [_jupyter_cell(part, language) for part in parts if part.get("cell_type") != "raw"]


def _jupyter_cell(part: dict[str, Any], language: str) -> Cell:
    source = part.get("source") or ""
    text = "".join(source) if isinstance(source, list) else str(source)
    details = (part.get("metadata") or {}).get("application/vnd.databricks.v1+cell") or {}
    title = str(details.get("title") or "")
    if part.get("cell_type") == "markdown":
        return Cell("md", text, text, title)
    return cell(text.strip("\n"), language, title)


def cell(source: str, language: str, title: str = "") -> Cell:
    """Return a cell of a notebook whose default language is given."""
    match = MAGIC.match(source)
    kind = MAGICS.get(match["name"].lower()) if match else None
    if match is None or kind is None:
        # "%pip install x" and other IPython magics are fine in a Python cell of a SQL notebook too.
        return Cell("python" if match else KINDS[language], source, source, title)
    # Blanks instead of the magic keep line numbers true.
    body = "\n" * match.group().count("\n") + source[match.end() :]
    return Cell(kind, source, body, title)
