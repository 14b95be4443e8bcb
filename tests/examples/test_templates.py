"""The CLI's own project template, used as a beginner would use it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import AcceptanceCloud

pytestmark = pytest.mark.real
ANSWERS = {
    "project_name": "my_project",
    "include_job": "yes",
    "include_pipeline": "no",
    "include_python": "yes",
    "serverless": "yes",
    "personal_schemas": "yes",
    "default_catalog": "dev",
}
# What the CLI and the building of the wheel leave in a project, by the project's own .gitignore.
MADE = {".databricks", "build", "dist", "__pycache__", ".venv"}


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of every file of a project that a person would commit."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not MADE.intersection(path.relative_to(folder).parts)
        and not any(part.endswith(".egg-info") for part in path.parts)
    }


def test_python_template_runs_as_it_is(acceptance_cloud: AcceptanceCloud, tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text(json.dumps(ANSWERS), "utf-8")
    template = ("bundle", "init", "default-python", "--config-file", "answers.json")
    acceptance_cloud.run(tmp_path, *template).expect()
    project = tmp_path / "my_project"
    before = contents(project)
    acceptance_cloud.run(project, "bundle", "deploy").expect()
    try:
        plan = acceptance_cloud.run(project, "bundle", "plan").expect()
        assert "Plan: 0 to add, 0 to change, 0 to delete" in plan.stdout
        ran = acceptance_cloud.run(project, "bundle", "run", "sample_job").expect()
        assert "TERMINATED SUCCESS" in ran.stderr
    finally:
        acceptance_cloud.run(project, "bundle", "destroy", "--auto-approve").expect()
    assert contents(project) == before
