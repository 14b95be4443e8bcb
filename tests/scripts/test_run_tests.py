"""How ``make test`` runs tests: files with failures once more, in a session of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PASSES = "def test_passes(): pass\n"
FAILS = "def test_fails(): raise ValueError('always')\n"
FAILS_ONCE = """
import pathlib

def test_fails_once():
    file = pathlib.Path("seen")
    if not file.exists():
        file.touch()
        raise ValueError("at first")
"""
DIES = "import os\ndef test_dies(): os._exit(3)\ndef test_behind(): pass\n"


@pytest.mark.parametrize(
    ("files", "code", "says", "sessions"),
    [
        ([PASSES, PASSES], 0, "2 passed", 1),
        ([PASSES, FAILS_ONCE], 0, "Failed at first, passed at last:\n  test_1.py::test_fails", 2),
        ([PASSES, FAILS], 1, "Once more, in a session of their own: test_1.py", 2),
        ([FAILS] * 4, 1, "4 failed", 1),
        ([PASSES, DIES], 2, "crashed while running", 1),
        (["import nothing_of_this_name\n"], 2, "nothing_of_this_name", 1),
    ],
    ids=["passes", "fails once", "fails", "many fail", "a worker dies", "cannot be read"],
)
def test_sessions(tmp_path: Path, files: list[str], code: int, says: str, sessions: int) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "run_tests.py", tmp_path / "scripts")
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    for number, text in enumerate(files):
        (tmp_path / f"test_{number}.py").write_text(text, "utf-8")
    command = [sys.executable, tmp_path / "scripts" / "run_tests.py"]
    distribution = ["-n", "1", "--dist", "loadfile", "--max-worker-restart", "0"]
    done = subprocess.run([*command, *distribution], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert says in done.stdout
    assert done.stdout.count("test session starts") == sessions
