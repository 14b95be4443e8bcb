"""``pytest --notebooks``, as a project runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane.testing.notebooks.smoke import named_by_tests

if TYPE_CHECKING:
    from tests.bricklane.testing.notebooks.conftest import Write

pytestmark = pytest.mark.real

SETTINGS = """
[notebooks.skip]
"n/skipped.py" = "reads a volume"
[notebooks.widgets]
"n/given*" = { day = "2026" }
"""


@pytest.fixture
def project(write: Write, root: Path) -> Path:
    write("n/bad.py", "1", "# DBTITLE 1,Divide\n1 / 0")
    write("n/given.ipynb", "day = dbutils.widgets.get('day')")
    write("n/good.py", "dbutils.widgets.text('day', '1')", "dbutils.widgets.get('day')")
    write("n/missing.py", "dbutils.widgets.get('day')\ndbutils.widgets.get('hour')")
    write("n/skipped.py", "1 / 0")
    write("n/tested.py", "1 / 0")
    (root / "bricklane.toml").write_text(SETTINGS)
    (root / "tests").mkdir()
    (root / "tests" / "test_it.py").write_text("def test_it():\n    assert 'n/tested.py'\n")
    return root


def run(project: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_notebooks_without_a_test_are_run(project: Path) -> None:
    text = run(project, "--notebooks", "-v")
    outcomes = [line.split("[")[0].split() for line in text.split("\n") if "%]" in line]
    assert [(name, outcome[0]) for name, *outcome in outcomes] == [
        ("n/bad.py::smoke", "FAILED"),
        ("n/given.ipynb::smoke", "PASSED"),
        ("n/good.py::smoke", "PASSED"),
        ("n/missing.py::smoke", "FAILED"),
        ("n/skipped.py::smoke", "SKIPPED"),
        ("tests/test_it.py::test_it", "PASSED"),
    ], text
    assert "(reads a volume)" in text
    assert (
        "\nn/bad.py:7: cell 2 (Divide): ZeroDivisionError: division by zero\n\n> 7 | 1 / 0" in text
    )
    assert (
        "\nn/missing.py cannot run without values of: day, hour\n"
        "hint: write a test of it, or in bricklane.toml:\n"
        '[notebooks.widgets]\n"n/missing.py" = { day = "...", hour = "..." }\n'
    ) in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--notebooks=n/g*",), ["n/given.ipynb", "n/good.py", "tests/test_it.py"]),
        (("--notebooks", "-k", "good"), ["n/good.py"]),
        (("--notebooks=*", "n/good.py::smoke"), ["n/good.py"]),
        ((), ["tests/test_it.py"]),
    ],
)
def test_what_is_collected(project: Path, words: tuple[str, ...], expected: list[str]) -> None:
    text = run(project, "--collect-only", "-q", *words)
    assert [line.split("::")[0] for line in text.split("\n") if "::" in line] == expected, text


def test_broken_settings_are_told_without_a_traceback(project: Path) -> None:
    (project / "bricklane.toml").write_text("[notebooks]\nskip = 1\n")
    text = run(project, "--notebooks")
    assert "bricklane.toml:2: notebooks/skip: expected a table" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("n/bad.py", True),
        ("../n/bad", True),
        ("bad.py", True),
        ("x/bad.py", False),
        ("bad", False),
        ("see n/bad.py", False),
    ],
)
def test_what_names_a_notebook(project: Path, text: str, named: bool) -> None:
    (project / "tests" / "test_it.py").write_text(f"x = {text!r}\n")
    assert (project / "n" / "bad.py" in set(named_by_tests(project))) is named


NUTTER = """
class Orders(NutterFixture):
    def before_all(self):
        made = dbutils.notebook.run("orders", 60)
        self.total = sum(map(int, made.split()))

    def assertion_sum(self):
        assert self.total == 3

    def assertion_broken(self):
        assert self.total == 4, "it is not 4"
"""


def test_a_notebook_with_tests_for_nutter_fails_when_they_do(root: Path, write: Write) -> None:
    write("n/orders.py", "dbutils.notebook.exit('1 2')")
    end = "result = Orders().execute_tests()\nprint(result.to_string())\nresult.exit(dbutils)"
    write("n/test_orders.py", "from runtime.nutterfixture import NutterFixture", NUTTER, end)
    text = run(root, "--notebooks=n/test_orders.py", "-p", "no:warnings", ".")
    assert "n/test_orders.py: 1 of its tests failed" in text
    assert "broken: AssertionError: it is not 4" in text
    assert "1 failed in" in text
    write(
        "n/test_orders.py",
        "from runtime.nutterfixture import NutterFixture",
        NUTTER.replace("== 4", "== 3"),
        end,
    )
    assert "1 passed in" in run(root, "--notebooks=n/test_orders.py", "-p", "no:warnings", ".")
