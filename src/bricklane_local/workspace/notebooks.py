"""Notebook formats: telling a notebook from a file, and turning one format into the other.

Source: https://docs.databricks.com/en/notebooks/notebook-export-import.html (source files begin
with ``Databricks notebook source`` in a comment, cells are parted by ``COMMAND ----------``, cells
of another language are comments that begin with ``MAGIC``); nbformat 4 for ``.ipynb``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bricklane_local.app.errors import invalid


@dataclass(frozen=True, slots=True)
class Language:
    """A notebook language.

    Args:
        name: as the API writes it.
        extension: of source files.
        comment: what begins a comment line.
        magic: the magic that switches a cell to it.
        kernel: language name in ``.ipynb`` metadata.
    """

    name: str
    extension: str
    comment: str
    magic: str
    kernel: str


LANGUAGES = (
    Language("PYTHON", ".py", "#", "%python", "python"),
    Language("SQL", ".sql", "--", "%sql", "sql"),
    Language("SCALA", ".scala", "//", "%scala", "scala"),
    Language("R", ".r", "#", "%r", "r"),
)
BY_NAME = {language.name: language for language in LANGUAGES}
BY_EXTENSION = {language.extension: language for language in LANGUAGES}
HEADER = "Databricks notebook source"
CELL = "COMMAND ----------"


@dataclass(frozen=True, slots=True)
class Notebook:
    """What kind of notebook some content is.

    Args:
        language: name of its default language.
        format: ``SOURCE`` or ``JUPYTER``.
    """

    language: str
    format: str


def recognise(name: str, content: bytes) -> Notebook | None:
    """Tell what notebook an uploaded file is, or None when it is a plain file.

    Args:
        name: file name with extension.
        content: at least the first lines of the file; all of it for ``.ipynb``.
    """
    stem, dot, extension = name.rpartition(".")
    extension = f".{extension.lower()}"
    if not stem or not dot:
        return None
    if extension == ".ipynb":
        return Notebook(jupyter_language(parse_jupyter(content)), "JUPYTER")
    language = BY_EXTENSION.get(extension)
    if language is None:
        return None
    first = content.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0].strip()
    wanted = f"{language.comment} {HEADER}".encode()
    return Notebook(language.name, "SOURCE") if first == wanted else None


def parse_jupyter(content: bytes) -> dict[str, Any]:
    """Return the JSON of an ``.ipynb`` file.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it is not a notebook of format 4.
    """
    try:
        notebook = json.loads(content)
    except ValueError as error:
        raise invalid(f"The notebook is not valid JSON: {error}") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise invalid("The notebook has no list of cells: only nbformat 4 is supported")
    return notebook


def jupyter_language(notebook: dict[str, Any]) -> str:
    """Return the default language of a Jupyter notebook, as the API names it."""
    metadata = notebook.get("metadata") or {}
    own = (metadata.get("application/vnd.databricks.v1+notebook") or {}).get("language")
    kernel = own or (metadata.get("language_info") or {}).get("name") or "python"
    for language in LANGUAGES:
        if language.kernel == str(kernel).lower():
            return language.name
    raise invalid(f"The notebook's language {kernel!r} is not one of {', '.join(BY_NAME)}")


def to_source(content: bytes) -> bytes:
    """Turn an ``.ipynb`` file into a source file of its language."""
    notebook = parse_jupyter(content)
    language = BY_NAME[jupyter_language(notebook)]
    cells = []
    for cell in notebook["cells"]:
        text = cell.get("source") or ""
        text = "".join(text) if isinstance(text, list) else str(text)
        if cell.get("cell_type") == "markdown":
            text = f"%md\n{text}"
        magic = text.lstrip().startswith("%") and not text.lstrip().startswith("%%")
        if magic:
            text = "\n".join(
                f"{language.comment} MAGIC {line}".rstrip() for line in text.split("\n")
            )
        cells.append(text.rstrip("\n"))
    separator = f"\n\n{language.comment} {CELL}\n\n"
    return f"{language.comment} {HEADER}\n{separator.join(cells)}\n".encode()


def to_jupyter(content: bytes, language_name: str) -> bytes:
    """Turn a source file of ``language_name`` into an ``.ipynb`` file."""
    language = BY_NAME[language_name]
    text = content.decode("utf-8", "replace").lstrip("\ufeff").replace("\r\n", "\n")
    header = f"{language.comment} {HEADER}\n"
    text = text.removeprefix(header)
    cells = [
        _jupyter_cell(part.strip("\n"), language)
        for part in text.split(f"{language.comment} {CELL}\n")
    ]
    notebook = {
        "cells": cells,
        "metadata": {
            "application/vnd.databricks.v1+notebook": {"language": language.kernel},
            "language_info": {"name": language.kernel},
        },
        "nbformat": 4,
        "nbformat_minor": 0,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()


def _jupyter_cell(text: str, language: Language) -> dict[str, Any]:
    prefix = f"{language.comment} MAGIC"
    lines = text.split("\n")
    if all(line.startswith(prefix) for line in lines if line.strip()) and text.strip():
        lines = [line.removeprefix(prefix).removeprefix(" ") for line in lines]
    source = "\n".join(lines)
    if source.startswith("%md"):
        source = source.removeprefix("%md").lstrip()
        return {"cell_type": "markdown", "metadata": {}, "source": source}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
    }
