"""Notebooks that tests write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's root."""
    (tmp_path / "databricks.yml").write_text("bundle: {name: shop}\n")
    return tmp_path


@pytest.fixture
def write(root: Path) -> Write:
    """Write a notebook of some cells into the project and return its file."""

    def write(name: str, *cells: str) -> Path:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_jupyter(cells) if file.suffix == ".ipynb" else _source(file, cells))
        return file

    return write


def _source(file: Path, cells: tuple[str, ...]) -> str:
    comment = "--" if file.suffix == ".sql" else "#"
    parts = []
    for cell in cells:
        magic = cell.startswith("%")
        parts.append("\n".join(f"{comment} MAGIC {x}" if magic else x for x in cell.split("\n")))
    separator = f"\n\n{comment} COMMAND ----------\n\n"
    return f"{comment} Databricks notebook source\n" + separator.join(parts) + "\n"


def _jupyter(cells: tuple[str, ...]) -> str:
    made = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
        for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
