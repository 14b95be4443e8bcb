"""Patched functions cannot be unpatched, so all of this happens in tasks of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import Tasks


def test_python_functions_reach_the_folders_behind_the_prefixes(tasks: Tasks) -> None:
    ran = tasks.file(
        """
import glob, io, os, pathlib, shutil, sqlite3
os.makedirs("/Volumes/main/raw")
with open("/Volumes/main/raw/a.txt", "w") as stream:
    stream.write("one")
pathlib.Path("/Volumes/main/raw/b.txt").write_text("two")
os.rename("/Volumes/main/raw/b.txt", "/Volumes/main/raw/c.txt")
shutil.copytree("/Volumes/main", "/dbfs/copy")
print(sorted(glob.glob("/dbfs/copy/**/*.txt", recursive=True)))
print(sorted(os.listdir("/Volumes/main/raw")), os.path.getsize("/Volumes/main/raw/a.txt"))
print([str(path) for path in pathlib.Path("/dbfs").rglob("a.txt")])
print([(top, sorted(names)) for top, _, names in os.walk("/dbfs/copy")])
with os.scandir("/dbfs/copy") as entries:
    print([(entry.path, entry.is_dir(), os.fspath(entry)) for entry in entries])
shutil.rmtree("/dbfs/copy")
print(os.path.exists("/dbfs/copy"), io.open(file="/Volumes/main/raw/a.txt").read())
sqlite3.connect("/Volumes/main/x.db").execute("create table t(a)").close()
print(os.path.isfile("/Volumes/main/x.db"))
"""
    )
    assert ran.result["state"] == "SUCCESS", ran.log
    assert ran.log.splitlines() == [
        "['/dbfs/copy/raw/a.txt', '/dbfs/copy/raw/c.txt']",
        "['a.txt', 'c.txt'] 3",
        "['/dbfs/copy/raw/a.txt']",
        "[('/dbfs/copy', []), ('/dbfs/copy/raw', ['a.txt', 'c.txt'])]",
        "[('/dbfs/copy/raw', True, '/dbfs/copy/raw')]",
        "False one",
        "True",
    ]
    assert (tasks.folder / "Volumes/main/raw/c.txt").read_text() == "two"


def test_errors_and_the_working_directory_show_paths_as_the_user_writes_them(tasks: Tasks) -> None:
    (tasks.folder / "Workspace/Users/me").mkdir(parents=True)
    ran = tasks.file(
        """
import os, pathlib
print(os.getcwd(), pathlib.Path.cwd(), os.path.abspath("x"))
os.chdir("/Volumes")
print(os.getcwd())
for act in (lambda: open("/Volumes/none"), lambda: os.replace("/Volumes/a", "/Volumes/b")):
    try:
        act()
    except OSError as error:
        print(error)
""",
        working_directory="/Workspace/Users/me",
    )
    assert ran.log.splitlines() == [
        "/Workspace/Users/me /Workspace/Users/me /Workspace/Users/me/x",
        "/Volumes",
        "[Errno 2] No such file or directory: '/Volumes/none'",
        "[Errno 2] No such file or directory: '/Volumes/a' -> '/Volumes/b'",
    ]


def test_what_functions_can_do_is_still_known(tasks: Tasks) -> None:
    ran = tasks.file(
        "import os\nprint(os.stat in os.supports_fd, os.open in os.supports_dir_fd, "
        "os.chmod in os.supports_fd, os.utime in os.supports_follow_symlinks)"
    )
    assert ran.log.strip() == "True True True True"


def test_modules_are_imported_from_workspace_paths(tasks: Tasks) -> None:
    folder = tasks.folder / "Workspace/shared"
    folder.mkdir(parents=True)
    (folder / "helpers.py").write_text("VALUE = 42\n")
    ran = tasks.file("import sys; sys.path.append('/Workspace/shared'); import helpers\n"
        "print(helpers.VALUE)")  # fmt: skip
    assert ran.log.strip() == "42"


def test_processes_get_real_paths(tasks: Tasks) -> None:
    (tasks.folder / "Volumes").mkdir()
    (tasks.folder / "Volumes/a.txt").write_text("inside")
    ran = tasks.file(
        """
import os, subprocess
subprocess.run(["cat", "/Volumes/a.txt"]); print(flush=True)
subprocess.run("cat /Volumes/a.txt | tr i I", shell=True); print(flush=True)
subprocess.run(["ls"], cwd="/Volumes")
os.system("cat '/Volumes/a.txt'")
"""
    )
    assert ran.log.splitlines() == ["inside", "InsIde", "a.txt", "inside"]


def test_pandas_and_arrow_read_files_and_folders(tasks: Tasks) -> None:
    ran = tasks.file(
        """
import os
import pandas as pd, pyarrow.dataset, pyarrow.parquet
os.makedirs("/Volumes/t")
pd.DataFrame({"a": [1, 2]}).to_parquet("/Volumes/t/1.parquet")
pd.DataFrame({"a": [3]}).to_csv("/Volumes/t.csv", index=False)
print(len(pd.read_parquet("/Volumes/t")), len(pd.read_csv("/Volumes/t.csv")))
print(pyarrow.parquet.read_table("/Volumes/t").num_rows)
print(pyarrow.dataset.dataset("/Volumes/t").count_rows())
"""
    )
    assert ran.log.splitlines() == ["2 1", "2", "2"]
