"""The code of a task, followed from where it begins."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bricklane_runtime.classic.code import imported, need_of
from bricklane_runtime.rest import Rest
from bricklane_runtime.specification import parse

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import FakeWorkspace

TOKEN = "dapi-run-token"
Need = Callable[..., str | None]


@pytest.fixture
def need(tmp_path: Path, fake_workspace: FakeWorkspace) -> Need:
    """Return what a task needs classic Spark for, given parts of its specification."""

    def find(**parts: Any) -> str | None:
        defaults = {"run_directory": str(tmp_path), "host": "", "token": TOKEN}
        rest = Rest(fake_workspace.host, TOKEN)
        return need_of(parse({**defaults, "working_directory": str(tmp_path), **parts}), rest)

    return find


@pytest.fixture
def notebook(tmp_path: Path, need: Need) -> Need:
    """Return what a notebook of cells needs classic Spark for."""

    def find(*cells: str) -> str | None:
        file = tmp_path / "notebook.source"
        file.write_text("# Databricks notebook source\n" + "\n# COMMAND ----------\n".join(cells))
        told = {"path": "/Users/someone/main", "content_file": str(file)}
        return need(kind="notebook", notebook=told)

    return find


def share(workspace: FakeWorkspace, notebooks: dict[str, str]) -> None:
    """Have a workspace with notebooks."""

    def status(query: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if query["path"] not in notebooks:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}
        return 200, {"object_type": "NOTEBOOK", "language": "PYTHON"}

    def export(query: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        source = f"# Databricks notebook source\n{notebooks[query['path']]}"
        return 200, {"content": base64.b64encode(source.encode()).decode()}

    workspace.routes["GET", "/api/2.0/workspace/get-status"] = status
    workspace.routes["GET", "/api/2.0/workspace/export"] = export


def test_only_the_python_of_a_notebook_counts(notebook: Need) -> None:
    text = "# MAGIC %md\n# MAGIC sc.parallelize and df.rdd"
    assert notebook("spark.range(1)", text, "# MAGIC %sql\n# MAGIC SELECT sc FROM t") is None
    assert notebook("%pip install x\n!ls\nfiles = !ls\nsc.parallelize([1])") == "sc"


def test_included_notebooks_share_their_names(
    notebook: Need, fake_workspace: FakeWorkspace
) -> None:
    included = {
        "/Users/someone/deep/setup": "# MAGIC %run ../more",
        "/Users/someone/more": "total = df.rdd\n# COMMAND ----------\n# MAGIC %run ./deep/setup",
        "/Users/someone/names": "sc = Scanner()",
    }
    share(fake_workspace, included)
    assert notebook("# MAGIC %run ./deep/setup") == ".rdd"
    assert notebook("# MAGIC %run ./names", "sc.scan()") is None
    assert notebook("# MAGIC %run ./none", "# MAGIC %run a b", "1") is None


def test_modules_beside_a_notebook_are_followed(notebook: Need, tmp_path: Path) -> None:
    (tmp_path / "shop" / "deep").mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "orders.py").write_text("from .deep import words")
    (tmp_path / "shop" / "deep" / "__init__.py").write_text("from .. import other\nimport shop")
    (tmp_path / "shop" / "other.py").write_text("def f(spark):\n    return spark.sparkContext")
    assert notebook("import json, shop") is None
    assert notebook("from shop import orders") == ".sparkContext"
    assert notebook("import shop.orders as o") == ".sparkContext"


def test_a_file_and_the_modules_beside_it(need: Need, tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    given = {"path": "main.py", "file": str(file)}
    file.write_text("import helper")
    assert need(kind="spark_python", python_file=given) is None
    (tmp_path / "helper.py").write_text("def f(df): return df.rdd")
    assert need(kind="spark_python", python_file=given) == ".rdd"
    file.unlink()
    assert need(kind="spark_python", python_file=given) is None


def test_a_wheel_is_read_from_its_entry_point_on(
    need: Need, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "libraries"
    files = {
        "shop/__init__.py": "",
        "shop/jobs/__init__.py": "",
        "shop/jobs/old.py": "from shop.jobs.common import words\n",
        "shop/jobs/common.py": "words = lambda sc: spark.sparkContext\n",
        "shop/jobs/new.py": "import pyspark.sql, other\n",
        "other.py": "from pyspark import RDD\n",
        "shop-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n",
        "shop-1.0.dist-info/entry_points.txt": (
            "[console_scripts]\nold = shop.jobs.old:main\nnew = shop.jobs.new:main\n"
        ),
    }
    record = "".join(f"{name},,\n" for name in files if name != "other.py")
    files["shop-1.0.dist-info/RECORD"] = record
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])

    def wheel(entry: str, package: str = "shop") -> str | None:
        return need(kind="python_wheel", wheel={"package_name": package, "entry_point": entry})

    assert wheel("old") == ".sparkContext"
    assert wheel("new") is None
    assert wheel("main") is None
    (folder / "shop" / "__init__.py").write_text("def main():\n    from shop.jobs import old\n")
    assert wheel("main") == ".sparkContext"
    assert wheel("main", "not-installed") is None


def test_names_of_imported_modules_are_full() -> None:
    text = "import a.b\nfrom c import d\nfrom . import e\nfrom ..f import g"
    assert imported(text, "p.q") == [
        *("a", "a.b", "c", "c.d", "p", "p.q", "p.q.e", "p.f", "p.f.g"),
    ]
    assert imported("from . import e\nfrom .f import g") == []
