from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import Ran, Tasks

SOURCE = """
import sys

def main():
    print("main", sys.argv)

def other():
    print("other")

def leave():
    sys.exit(4)

value = 1
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A library folder with the distribution ``my-package``."""
    folder = tmp_path / "site"
    (folder / "my_package").mkdir(parents=True)
    (folder / "my_package/__init__.py").write_text(SOURCE)
    info = folder / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[console_scripts]\nrun = my_package:main\n\n[packages]\nspecial = my_package:other\n"
        "broken = my_package:absent\n"
    )
    return folder


def run(tasks: Tasks, site: Path, package: str, entry_point: str, **wheel: Any) -> Ran:
    task = {"package_name": package, "entry_point": entry_point, **wheel}
    specification = tasks.specification(kind="python_wheel", wheel=task, sys_path=[str(site)])
    return tasks.zygote.run(specification)


def test_runs_a_named_entry_point_of_any_group(tasks: Tasks, site: Path) -> None:
    ran = run(tasks, site, "my-package", "run", parameters=["a", "-b"])
    assert ran.log == "main ['run', 'a', '-b']\n"
    assert ran.result["state"] == "SUCCESS"
    assert run(tasks, site, "my_package", "special").log == "other\n"


def test_runs_a_function_of_the_package_when_no_entry_point_has_the_name(
    tasks: Tasks, site: Path
) -> None:
    assert run(tasks, site, "my-package", "other").log == "other\n"


def test_named_parameters_become_options(tasks: Tasks, site: Path) -> None:
    ran = run(tasks, site, "my-package", "run", named_parameters={"day": "2024-01-02", "n": "1"})
    assert ran.log == "main ['run', '--day=2024-01-02', '--n=1']\n"


def test_an_exit_code_fails_the_task(tasks: Tasks, site: Path) -> None:
    ran = run(tasks, site, "my-package", "leave")
    assert ran.error["message"] == "The program ended with exit code 4"


@pytest.mark.parametrize(
    ("package", "entry_point", "message"),
    [
        (
            "my-package",
            "none",
            "no entry point 'none' (its metadata has: broken, run, special) and no function my",
        ),
        ("my-package", "value", "no function my_package.value"),
        (
            "absent",
            "run",
            "Package 'absent' is not installed in the task's environment: add its wheel to",
        ),
        ("my-package", "broken", "module 'my_package' has no attribute 'absent'"),
    ],
)
def test_a_missing_package_or_entry_point_is_named(
    tasks: Tasks, site: Path, package: str, entry_point: str, message: str
) -> None:
    ran = run(tasks, site, package, entry_point)
    assert message in ran.error["message"]


def test_files_know_dbutils_and_spark_without_an_import(tasks: Tasks) -> None:
    ran = tasks.file(
        """
from databricks.sdk.runtime import dbutils as same, spark as session
from pyspark.dbutils import DBUtils
from pyspark.sql import SparkSession
from databricks.connect import DatabricksSession
print(same is dbutils, DBUtils(spark) is dbutils, session is spark)
print(SparkSession.getActiveSession() is spark, DatabricksSession.builder.getOrCreate() is spark)
display([{"a": 1, "b": None}])
""",
        spark={"remote": "sc://127.0.0.1:9"},
    )
    assert ran.log.splitlines() == ["True True True", "True True", "a\tb", "1\tNone"]


def test_leaving_through_dbutils_succeeds(tasks: Tasks) -> None:
    ran = tasks.file("dbutils.notebook.exit('done')\nprint('never')")
    assert ran.result == {"state": "SUCCESS", "exit_value": "done", "error": None}


def test_functions_of_the_program_belong_to_main(tasks: Tasks) -> None:
    ran = tasks.file(
        "import sys\ndef f(): pass\nprint(f.__module__, sys.modules['__main__'].f is f)"
    )
    assert ran.log == "__main__ True\n"
