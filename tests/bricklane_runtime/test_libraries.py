from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from bricklane_runtime.files.roots import Roots
from bricklane_runtime.libraries import LibraryError, base_packages, canonical
from bricklane_runtime.notebook.pip import parse_install

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import Ran, Tasks


@pytest.mark.parametrize(
    ("line", "requirements", "options"),
    [
        ("a b>=1", ["a", "b>=1"], []),
        ("-q --upgrade a", ["a"], []),
        ("/Volumes/a.whl", ["/v/a.whl"], []),
        ("-r /Volumes/r.txt", ["-r /v/r.txt"], []),
        ("--requirement=/Volumes/r.txt", ["-r /v/r.txt"], []),
        ("--index-url https://i a", ["--index-url https://i", "a"], []),
        ("-i https://i a", ["--index-url https://i", "a"], []),
        ("-c /Volumes/c.txt a", ["-c /v/c.txt", "a"], []),
        ("--no-deps --pre a", ["a"], ["--no-deps", "--prerelease=allow"]),
        ("-e /Volumes/project", ["-e /v/project"], []),
        ("git+https://x/y.git", ["git+https://x/y.git"], []),
    ],
)
def test_command_lines_of_pip_are_understood(
    line: str, requirements: list[str], options: list[str]
) -> None:
    parsed = parse_install(line.split(), Roots({"/Volumes": "/v"}))
    assert (parsed.requirements, parsed.options) == (requirements, options)


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(LibraryError, match="the option --target is not supported"):
        parse_install(["--target", "x"], Roots({}))


def test_names_have_one_form() -> None:
    assert canonical("My_Package.x") == "my-package-x"
    assert base_packages()["ipython"]


def write_wheel(folder: Path, name: str, requires: str = "") -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "VALUE = 1\n")
        archive.writestr(f"{info}/METADATA", head)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/RECORD,,\n")
    return path


def run(tasks: Tasks, *cells: str) -> Ran:
    return tasks.notebook(*cells, environment={"BRICKLANE_UV": find_uv_bin()})


@pytest.mark.real
def test_installed_packages_are_there_at_once(tasks: Tasks) -> None:
    (tasks.folder / "Volumes").mkdir()
    write_wheel(tasks.folder / "Volumes", "greet", "Requires-Dist: pyspark>=4\n")
    ran = run(
        tasks,
        "%pip install /Volumes/greet-1.0-py3-none-any.whl pandas\nimport greet",
        "dbutils.library.restartPython()",
        "import greet\nprint(greet.__file__)\n%pip freeze\n%pip show greet",
    )
    assert ran.result["state"] == "SUCCESS", ran.log
    assert ran.text(0) == "Installed /Volumes/greet-1.0-py3-none-any.whl\n"
    assert ran.text(2).startswith(str(tasks.folder / "run/packages/greet.py"))
    assert "\ngreet==1.0\n" in ran.text(2)
    assert "\nVersion: 1.0\n" in ran.text(2)


@pytest.mark.real
def test_what_is_there_is_not_installed_again(tasks: Tasks) -> None:
    ran = run(tasks, "%pip install pandas pyspark")
    assert ran.text(0) == "Installed nothing: the environment has it already\n"


@pytest.mark.real
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%pip install no-such-package-of-ours", "no-such-package-of-ours"),
        ("%pip install pandas==1.0", "pandas==1.0"),
        ("%pip install pyspark==3.5.0", "pyspark==3.5.0 cannot be installed: runs use the Spark"),
        ("%pip install databricks-connect", "databricks-connect cannot be installed"),
        ("%pip install /Volumes/none.whl", "none.whl"),
        ("%pip install", "no requirement was given"),
        ("%pip uninstall x", "%pip uninstall: only install, list, freeze and show can"),
    ],
)
def test_what_cannot_be_installed_is_named(tasks: Tasks, line: str, message: str) -> None:
    ran = run(tasks, line)
    assert ran.error["type"] == "LibraryError", ran.error
    assert message in ran.error["message"]
    assert "\u00d7" not in ran.error["message"]


@pytest.mark.real
def test_passwords_of_an_index_are_not_shown(tasks: Tasks) -> None:
    ran = run(tasks, "%pip install --index-url https://me:hunter2@127.0.0.1:9/simple nothing-here")
    assert ran.error["type"] == "LibraryError"
    assert "hunter2" not in ran.error["message"]
