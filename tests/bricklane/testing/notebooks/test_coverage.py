"""Which lines of notebooks coverage.py counts, measured by pytest-cov in a project."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.bricklane.testing.notebooks.conftest import Write

pytestmark = pytest.mark.real

BRANCH = "def f(x):\n    if x:\n        return 1\n    return 2\nf(True)"


@pytest.fixture
def project(write: Write, root: Path) -> Path:
    write("n/a.py", "%md\n# Title", "%run ./lib", BRANCH, "# DBTITLE 1,End\ny = (\n    1,\n)")
    write("n/lib.py", "x = 1")
    write("n/b.ipynb", "%md\nnothing", f"%timeit -n 1 -r 1 1\n{BRANCH}")
    write("n/c.sql", 'CREATE WIDGET TEXT w DEFAULT "1"', f"%python\n{BRANCH}")
    write("n/never.ipynb", "x = 1")
    calls = "".join(f"    notebook('n/{name}')\n" for name in ("a", "b", "c"))
    (root / "test_it.py").write_text(f"def test_it(notebook):\n{calls}")
    return root


def measure(project: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "-q"),
            *("--cov=n", "--cov-report=json", *words),
        ],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    files: dict[str, Any] = json.loads((project / "coverage.json").read_text())["files"]
    return files


def missing(project: Path, files: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: [
            (project / name).read_text().split("\n")[line - 1].strip()
            for line in found["missing_lines"]
        ]
        for name, found in files.items()
    }


def test_cells_count_on_their_lines_of_the_file(project: Path) -> None:
    (project / ".coveragerc").write_text("[run]\nplugins = bricklane.testing.coverage\n")
    files = measure(project, "--cov-report=html", "--cov-report=xml")
    assert missing(project, files) == {
        "n/a.py": ["return 2"],
        "n/lib.py": [],
        "n/b.ipynb": ['"    return 2\\n",'],
        "n/c.sql": ["-- MAGIC     return 2"],
        "n/never.ipynb": ['"x = 1"'],
    }
    assert {name: len(found["executed_lines"]) for name, found in files.items()} == {
        "n/a.py": 5,
        "n/lib.py": 1,
        "n/b.ipynb": 5,
        "n/c.sql": 4,
        "n/never.ipynb": 0,
    }
    page = next((project / "htmlcov").glob("*b_ipynb.html")).read_text()
    assert "return 2" in page


def test_branches_in_functions_count(project: Path) -> None:
    (project / ".coveragerc").write_text("[run]\nplugins = bricklane.testing.coverage\n")
    files = measure(project, "--cov-branch")
    for name in ("n/a.py", "n/b.ipynb", "n/c.sql"):
        ((begin, end),) = files[name]["missing_branches"]
        assert end == begin + 2


def test_without_the_plugin_only_python_files_count(project: Path) -> None:
    assert missing(project, measure(project)) == {"n/a.py": ["return 2"], "n/lib.py": []}
