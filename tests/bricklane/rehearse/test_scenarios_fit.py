"""The edits of the shipped scenarios fit the project that they are made in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bricklane.errors import BricklaneError
from bricklane.rehearse import edits, scenario
from bricklane.rehearse.acts import ACTS

# What the template makes, as another test holds it.
EXAMPLE = Path(__file__).parents[3] / "examples" / "flights"


@pytest.mark.parametrize("name", sorted(scenario.shipped()))
def test_every_edit_finds_its_text(name: str, tmp_path: Path) -> None:
    project, pristine = tmp_path / "project", tmp_path / "pristine"
    ignored = shutil.ignore_patterns(".venv", "dist", ".databricks", "__pycache__")
    shutil.copytree(EXAMPLE, project, ignore=ignored)
    shutil.copytree(EXAMPLE, pristine, ignore=ignored)
    for act in scenario.load(name, ACTS).acts:
        for edit in act.parameters.get("edit", ()):
            try:
                edits.apply(project, [edit])
            except BricklaneError:
                # Two branches may change the same line, each on its own.
                edits.apply(pristine, [edit])
