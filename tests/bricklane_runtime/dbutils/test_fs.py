"""``dbutils.fs`` against the workspace of a real local cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import LocalWorkspace, Ran, Tasks

CELL = """
base = {base!r}
dbutils.fs.mkdirs(base + "/in/deep")
print(dbutils.fs.put(base + "/in/a.txt", "hello"))
dbutils.fs.put(base + "/in/deep/b.txt", "x" * 10)
print([(f.path, f.name, f.size, f.isDir()) for f in dbutils.fs.ls(base + "/in")])
print([(f.path, f.size, f.isFile()) for f in dbutils.fs.ls(base + "/in/a.txt")])
print(dbutils.fs.head(base + "/in/a.txt"), dbutils.fs.head(base + "/in/a.txt", 2))
print(dbutils.fs.cp(base + "/in", base + "/out", recurse=True))
print(dbutils.fs.mv(base + "/in/a.txt", base + "/moved.txt"))
print([f.name for f in dbutils.fs.ls(base + "/in")], [f.name for f in dbutils.fs.ls(base)])
print(dbutils.fs.rm(base + "/none"), dbutils.fs.rm(base + "/out", True))
print(dbutils.fs.head(base + "/moved.txt"))
"""


def run(tasks: Tasks, workspace: LocalWorkspace, *cells: str) -> Ran:
    return tasks.notebook(*cells, host=workspace.host, token=workspace.token)


@pytest.fixture(scope="module")
def volume(workspace: LocalWorkspace) -> str:
    workspace.call(
        "POST",
        "/api/2.1/unity-catalog/volumes",
        json={"catalog_name": "dev", "schema_name": "default", "name": "files"}
        | {"volume_type": "MANAGED"},
    )
    return "/Volumes/dev/default/files"


def expected(shown: str) -> list[str]:
    return [
        "Wrote 5 bytes.",
        "True",
        "Wrote 10 bytes.",
        f"[('{shown}/in/a.txt', 'a.txt', 5, False), ('{shown}/in/deep/', 'deep/', 0, True)]",
        f"[('{shown}/in/a.txt', 5, True)]",
        "[Truncated to first 2 bytes]",
        "hello he",
        "True",
        "True",
        "['deep/'] ['in/', 'moved.txt', 'out/']",
        "False True",
        "hello",
    ]


def test_files_of_volumes(tasks: Tasks, workspace: LocalWorkspace, volume: str) -> None:
    ran = run(tasks, workspace, CELL.format(base=f"{volume}/one"))
    assert ran.result["state"] == "SUCCESS", ran.log
    assert ran.text(0).splitlines() == expected(f"dbfs:{volume}/one")


def test_files_of_dbfs(tasks: Tasks, workspace: LocalWorkspace) -> None:
    ran = run(tasks, workspace, CELL.format(base="dbfs:/one"))
    assert ran.result["state"] == "SUCCESS", ran.log
    assert ran.text(0).splitlines() == expected("dbfs:/one")


def test_files_of_the_machine(tasks: Tasks, workspace: LocalWorkspace) -> None:
    folder = tasks.folder / "local"
    ran = run(tasks, workspace, CELL.format(base=f"file:{folder}"))
    assert ran.result["state"] == "SUCCESS", ran.log
    assert ran.text(0).splitlines() == expected(f"file:{folder}")


def test_files_move_from_one_place_to_another(
    tasks: Tasks, workspace: LocalWorkspace, volume: str
) -> None:
    (tasks.folder / "Workspace").mkdir()
    (tasks.folder / "Workspace/big.bin").write_bytes(bytes(range(256)) * 8192)
    ran = run(
        tasks,
        workspace,
        f"dbutils.fs.cp('/Workspace/big.bin', 'dbfs:/big.bin')\n"
        f"dbutils.fs.cp('/big.bin', '{volume}/two/')\n"
        f"dbutils.fs.cp('{volume}/two/big.bin', 'file:{tasks.folder}/back.bin')",
    )
    assert ran.result["state"] == "SUCCESS", ran.log
    assert (tasks.folder / "back.bin").read_bytes() == bytes(range(256)) * 8192


@pytest.mark.parametrize("base", ["dbfs:/three", "/Volumes/dev/default/files/three"])
def test_mistakes_are_named(
    tasks: Tasks, workspace: LocalWorkspace, volume: str, base: str
) -> None:
    ran = run(
        tasks,
        workspace,
        f"""
dbutils.fs.put("{base}/a.txt", "x")
def attempt(function, *arguments):
    try:
        print("no error:", function(*arguments))
    except Exception as error:
        print(type(error).__name__, error)
attempt(dbutils.fs.ls, "{base}/none")
attempt(dbutils.fs.head, "{base}/none")
attempt(dbutils.fs.cp, "{base}/none", "{base}/x")
attempt(dbutils.fs.rm, "{base}")
attempt(dbutils.fs.cp, "{base}", "{base}2")
attempt(dbutils.fs.put, "{base}/a.txt", "y")
""",
    )
    lines = ran.text(0).splitlines()[1:]
    assert [line.split()[0] for line in lines] == [
        "FileNotFoundError",
        "FileNotFoundError",
        "FileNotFoundError",
        "OSError",
        "IsADirectoryError",
        "RestError",
    ]
    assert lines[3].endswith(f"Cannot delete non-empty directory {base}: pass recurse=True")
    assert "ALREADY_EXISTS" in lines[5]


def test_fs_cells(tasks: Tasks, workspace: LocalWorkspace) -> None:
    ran = run(
        tasks,
        workspace,
        "# MAGIC %fs put /four/a.txt 'some text'",
        "# MAGIC %fs ls /four",
        "# MAGIC %fs head dbfs:/four/a.txt",
        "# MAGIC %fs rm -r /four",
        "# MAGIC %fs help",
        "# MAGIC %fs du /four",
    )
    assert ran.text(0) == "Wrote 9 bytes.\nTrue\n"
    (table,) = ran.outputs(1, "table")
    assert table["rows"][0][:3] == ["dbfs:/four/a.txt", "a.txt", 9]
    assert ran.text(2) == "some text\n"
    assert ran.text(3) == "True\n"
    assert "mkdirs(dir)" in ran.text(4)
    assert ran.error["message"].startswith("%fs du: no such command; there are: ls, cp")
