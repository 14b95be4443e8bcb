from __future__ import annotations

import json
from pathlib import Path

import pytest

from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git
from bricklane.project.settings import GitFlowSettings
from bricklane.testing.selection.changes import base_of, changed_files, tree_of
from bricklane.testing.selection.graph import build
from bricklane.testing.selection.selecting import select
from tests.bricklane.testing.levels.conftest import git

JOB = """
resources:
  jobs:
    daily:
      tasks:
        - task_key: a
          notebook_task: {notebook_path: ../notebooks/bronze.py}
    weekly:
      tasks:
        - task_key: w
          python_wheel_task: {package_name: shop}
          libraries: [{whl: ../dist/*.whl}]
"""
BOOK = {"cells": [{"cell_type": "code", "source": ["%run ./shared\n", "from shop import gold"]}]}
TREE = {
    "pyproject.toml": "",
    "databricks.yml": "",
    "README.md": "",
    "src/shop/__init__.py": "",
    "src/shop/prices.py": "from shop.rates import tax\n",
    "src/shop/rates.py": "",
    "src/shop/gold.py": "from . import rates\n",
    "src/shop/lonely.py": "",
    "notebooks/bronze.py": "# Databricks notebook source\n# MAGIC %run ./shared\nx = 1\n",
    "notebooks/shared.py": "# Databricks notebook source\n",
    "notebooks/book.ipynb": json.dumps(BOOK),
    "resources/jobs.yml": JOB,
    "tests/conftest.py": "import helpers\n",
    "tests/helpers.py": "",
    "tests/unit/conftest.py": "",
    "tests/unit/test_prices.py": "from shop import prices\n",
    "tests/unit/test_gold.py": "import shop.gold\n",
    "tests/unit/test_data.py": "open('sales.csv')\n",
    "tests/unit/sales.csv": "",
    "tests/integration/test_book.py": "PATH = 'notebooks/book'\n",
    "tests/e2e/test_daily.py": "def test(run_job):\n    run_job('daily')\n",
    "tests/e2e/test_weekly.py": "KEY = 'weekly'\n",
}
UNIT = {"test_prices", "test_gold", "test_data"}
ALL = UNIT | {"test_book", "test_daily", "test_weekly"}


def picked(*changed: str, **more: str) -> dict[str, str]:
    found = select(build({**TREE, **more}), changed).picked
    return {Path(path).stem: why for path, why in found.items()}


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ("README.md", set()),
        ("src/shop/lonely.py", {"test_weekly"}),
        ("src/shop/prices.py", {"test_prices", "test_weekly"}),
        ("src/shop/rates.py", {"test_prices", "test_gold", "test_book", "test_weekly"}),
        ("src/shop/__init__.py", ALL - {"test_data", "test_daily"}),
        ("notebooks/shared.py", {"test_daily", "test_book"}),
        ("notebooks/bronze.py", {"test_daily"}),
        ("resources/jobs.yml", {"test_daily", "test_weekly"}),
        ("tests/unit/sales.csv", {"test_data"}),
        ("tests/unit/conftest.py", UNIT),
        ("tests/conftest.py", ALL),
        ("tests/helpers.py", ALL),
        ("tests/unit/test_gold.py", {"test_gold"}),
        ("pyproject.toml", ALL),
        ("databricks.yml", ALL),
        ("data/nobody-knows.bin", ALL),
    ],
)
def test_a_change_picks_what_it_may_break(changed: str, names: set[str]) -> None:
    assert set(picked(changed)) == names


def test_each_pick_says_the_way_to_the_change() -> None:
    assert picked("src/shop/rates.py")["test_prices"] == (
        "tests/unit/test_prices.py imports src/shop/prices.py imports src/shop/rates.py, "
        "which changed"
    )
    assert picked("notebooks/shared.py")["test_daily"] == (
        "tests/e2e/test_daily.py names job:daily runs notebooks/bronze.py %run "
        "notebooks/shared.py, which changed"
    )
    assert picked("uv.lock")["test_data"] == "uv.lock changed, and all tests depend on it"
    assert picked("x.bin")["test_data"] == "x.bin changed, and nothing tells who reads it"
    assert picked("tests/unit/test_data.py") == {"test_data": "it changed itself"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import importlib\nimportlib.import_module(NAME)\n", "line 2 imports what only its run"),
        ("def broken(:\n", "it cannot be read as Python"),
    ],
)
def test_what_cannot_be_told_is_picked(text: str, why: str) -> None:
    found = picked("src/shop/lonely.py", **{"tests/unit/test_odd.py": text})
    assert why in found["test_odd"]
    assert picked(**{"tests/unit/test_odd.py": text}) == {}


def test_what_was_deleted_picks_who_still_imports_it() -> None:
    tree = {**TREE, "src/shop/old.py": "", "tests/unit/test_old.py": "import shop.old\n"}
    assert "tests/unit/test_old.py" in select(build(tree), ["src/shop/old.py"]).picked


def test_git_tells_what_changed_since_the_work_began(tmp_path: Path) -> None:
    root = tmp_path / "mono" / "shop"
    root.mkdir(parents=True)
    git(tmp_path / "mono", "init", "-q", "-b", "develop")
    for name in ("a.py", "b.py", "c.py"):
        (root / name).write_text("")
    (tmp_path / "mono" / "outside.py").write_text("")
    git(root, "add", "--all", ":/")
    git(root, "commit", "-q", "-m", "one")
    git(root, "switch", "-q", "-c", "feature/x")
    (root / "a.py").write_text("import b\n")
    git(root, "commit", "-q", "-a", "-m", "two")
    (root / "b.py").unlink()
    (root / "new é.py").write_text("")
    clone = Git.open(root, "origin")
    base, commit = base_of(clone, GitFlowSettings(), "")
    assert base == "develop"
    assert changed_files(clone, root, commit) == ["a.py", "b.py", "new é.py"]
    assert tree_of(clone, root, ["b.py"]) == {
        "a.py": "import b\n", "b.py": "", "c.py": "", "new é.py": "",
    }  # fmt: skip
    with pytest.raises(BricklaneError, match="git knows no nowhere") as caught:
        base_of(clone, GitFlowSettings(), "nowhere")
    assert "--changed=BASE" in (caught.value.hint or "")
