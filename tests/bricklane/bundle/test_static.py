from pathlib import Path

import pytest

from bricklane.bundle.static import check_files
from bricklane.errors import BricklaneError

HEAD = "bundle:\n  name: shop\ninclude:\n  - resources/*.yml\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "databricks.yml").write_text(HEAD)
    (tmp_path / "resources").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "show.py").write_text("# Databricks notebook source\n")
    return tmp_path


def tasks(root: Path, text: str) -> None:
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    head = "resources:\n  jobs:\n    sales:\n      tasks:\n"
    (root / "resources" / "jobs.yml").write_text(head + lines)


@pytest.mark.parametrize(
    "task",
    [
        "- notebook_task: {notebook_path: ../notebooks/show.py}",
        "- notebook_task: {notebook_path: ../notebooks/show}",
        "- notebook_task: {notebook_path: '${var.notebook}'}",
        "- notebook_task: {notebook_path: /Workspace/Shared/there}",
        "- notebook_task: {source: GIT, notebook_path: elsewhere}",
        "- spark_python_task: {python_file: 'dbfs:/x.py'}",
        "- sql_task: {file: {path: ../notebooks/show.py}}",
    ],
)
def test_files_that_are_there_or_are_not_ours_pass(root: Path, task: str) -> None:
    tasks(root, task)
    assert check_files(root) == 2


def test_missing_files_are_told_all_at_once_with_their_lines(root: Path) -> None:
    tasks(
        root,
        "- notebook_task:\n    notebook_path: ../notebooks/gone\n"
        "- sql_task:\n    file:\n      path: gone.sql\n",
    )
    with pytest.raises(BricklaneError) as caught:
        check_files(root)
    assert caught.value.message == (
        "resources/jobs.yml:6: there is no file ../notebooks/gone beside it\n"
        "resources/jobs.yml:9: there is no file gone.sql beside it"
    )


def test_what_is_no_yaml_is_told(root: Path) -> None:
    (root / "resources" / "jobs.yml").write_text("resources: [\n")
    with pytest.raises(BricklaneError, match=r"jobs\.yml:\d"):
        check_files(root)
