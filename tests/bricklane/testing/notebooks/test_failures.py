"""What a test shows of a notebook that failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane.testing import NotebookFailure

if TYPE_CHECKING:
    from bricklane.testing.fixtures.notebook import NotebookCaller
    from tests.bricklane.testing.notebooks.conftest import Write


def shown(notebook: NotebookCaller, file: Path, **given: object) -> str:
    with pytest.raises(NotebookFailure) as caught:
        notebook(file, **given)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_cell_its_line_and_the_error_are_shown(notebook: NotebookCaller, write: Write) -> None:
    file = write("n/a.py", "x = 1", "# a comment\nprint('so far')\n\nraise ValueError('bad')", "2")
    assert shown(notebook, file) == (
        "n/a.py:9: cell 2: ValueError: bad\n"
        "\n"
        "   6 | # a comment\n"
        "   7 | print('so far')\n"
        "   8 |\n"
        ">  9 | raise ValueError('bad')\n"
        "\n"
        "printed by the cell:\n"
        "  so far"
    )


def test_an_error_in_a_function_of_an_earlier_cell_shows_the_way(
    notebook: NotebookCaller, write: Write
) -> None:
    file = write("a.py", "def f(x):\n    return 1 / x", "# DBTITLE 1,Divide\nf(0)")
    text = shown(notebook, file)
    assert text.startswith("a.py:8: cell 2 (Divide): ZeroDivisionError: division by zero\n")
    assert "> 8 | f(0)" in text
    assert 'File "a.py", line 8, in <module>\n    f(0)' in text
    assert 'File "a.py", line 3, in f\n    return 1 / x' in text
    assert "bricklane" not in text


def test_a_jupyter_notebook_shows_lines_of_its_file(notebook: NotebookCaller, write: Write) -> None:
    file = write("a.ipynb", "def f():\n    raise KeyError('k')", "x = 1\nf()")
    text = shown(notebook, file)
    line = int(text.split(":")[1])
    assert file.read_text().split("\n")[line - 1].strip() == '"f()"'
    assert "in f\n    raise KeyError('k')" in text


def test_an_error_in_an_included_notebook_names_both(
    notebook: NotebookCaller, write: Write
) -> None:
    write("lib.py", "x = 1", "y = x / 0")
    text = shown(notebook, write("a.py", "1", "%run ./lib"))
    assert text.startswith("lib.py:6: cell 2: ZeroDivisionError")
    assert "included by a.py: cell 2\n" in text


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("y = 2\nif x\n    y", "a.py:7: cell 2: SyntaxError: expected ':' ("),
        ("%run ./nowhere", "a.py:6: cell 2: InclusionError: Notebook not found: /nowhere "),
        ("%sh -e\nfalse", "a.py:6: cell 2: ShellError: The shell command ended with exit status 1"),
        ("import sys\nsys.exit(3)", "a.py:7: cell 2: SystemExit: sys.exit() was called: leave"),
        ("%scala\nprintln(1)", "a.py:6: cell 2: NotebookFormatError: Scala cells (%scala) cannot"),
        ("await nothing()", "a.py:6: cell 2: NameError: name 'nothing' is not defined"),
        ("raise KeyboardInterrupt", None),
    ],
)
def test_what_can_be_wrong_with_a_cell(
    notebook: NotebookCaller, write: Write, cell: str, first: str | None
) -> None:
    file = write("a.py", "x = 1", cell)
    if first is None:
        with pytest.raises(KeyboardInterrupt):
            notebook(file)
        return
    assert shown(notebook, file).startswith(first)


def test_a_missing_widget_names_itself_and_the_notebook(
    notebook: NotebookCaller, write: Write
) -> None:
    text = shown(notebook, write("n/a.py", "day = dbutils.widgets.get('day')"))
    assert "n/a.py:2: cell 1: InputWidgetNotDefined: No input widget named day is defined" in text
    assert text.endswith(
        "hint: n/a.py neither declares the widget day nor was it given a value: "
        'notebook("n/a.py", widgets={"day": "..."})'
    )


def test_what_only_classic_clusters_have_is_refused(notebook: NotebookCaller, write: Write) -> None:
    text = shown(notebook, write("a.py", "sc.parallelize([1])"))
    assert "NameError: name 'sc' is not defined" in text
    assert text.endswith(
        "hint: sc is on classic clusters only, and not with Spark Connect: use spark"
    )


def test_a_notebook_that_another_runs_shows_where_it_failed(
    notebook: NotebookCaller, write: Write
) -> None:
    write("child.py", "x = 1\nx.nothing")
    text = shown(notebook, write("a.py", "dbutils.notebook.run('child', 10)"))
    assert "a.py:2: cell 1: WorkflowException: Notebook /child ended FAILED: child.py:3: " in text
    assert "> 3 | x.nothing" in text


@pytest.mark.parametrize(
    "cell", ["while True:\n    pass", "1\nimport time; time.sleep(60)", "%sh\nsleep 60 & sleep 60"]
)
def test_an_endless_cell_ends(notebook: NotebookCaller, write: Write, cell: str) -> None:
    file = write("a.py", "print('begun')", cell, "'never'")
    with pytest.raises(NotebookFailure) as caught:
        notebook(file, timeout=0.5)
    result = caught.value.result
    assert result is not None
    assert ": cell 2: TimeLimit: still running after 0.5 seconds" in str(caught.value)
    assert [each.status for each in result.cells] == ["SUCCESS", "CANCELLED", "SKIPPED"]
    assert notebook(write("b.py", "x = 1")).namespace == {"x": 1}


def test_the_time_of_a_notebook_counts_for_those_that_it_runs(
    notebook: NotebookCaller, write: Write
) -> None:
    write("child.py", "while True:\n    pass")
    file = write("a.py", "dbutils.notebook.run('child', 60)")
    with pytest.raises(NotebookFailure, match=r"cell 1: TimeLimit: still running after 1 sec"):
        notebook(file, timeout=1)
    short = write("b.py", "dbutils.notebook.run('child', 1)")
    with pytest.raises(NotebookFailure, match=r"WorkflowException: Notebook /child ended FAILED"):
        notebook(short, timeout=60)


def test_much_output_is_kept_up_to_a_limit(
    notebook: NotebookCaller, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    result = notebook(write("a.py", "for _ in range(1000):\n    print('x' * 100_000)", "'end'"))
    assert len(result.stdout) <= 20 * 1024 * 1024
    assert "[output truncated: 20 MB are kept of a run.]" in result.cells[0].text
    printed = capsys.readouterr().out
    assert len(printed) < 200_000
    assert printed.endswith("[the notebook prints more than 100 KB; the rest is not shown]\n")


def test_binary_output_does_no_harm(notebook: NotebookCaller, write: Write) -> None:
    file = write(
        "a.py", "import sys\nsys.stdout.buffer.write(b'\\xff\\x00')\nprint('\\x00\\udcff')"
    )
    assert notebook(file).stdout == "\x00\udcff\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.ipynb", b"{", "a.ipynb: NotebookFormatError: The notebook is not valid nbformat 4"),
        ("a.py", b"# Databricks notebook source\n\xff", "a.py: is not UTF-8: invalid start byte"),
    ],
)
def test_a_notebook_that_cannot_be_read(
    notebook: NotebookCaller, root: Path, name: str, content: bytes, said: str
) -> None:
    (root / name).write_bytes(content)
    assert said in shown(notebook, root / name)


@pytest.mark.real
def test_pytest_shows_the_notebook_and_not_the_engine(write: Write, root: Path) -> None:
    write("n/a.py", "x = {}", "x['k']")
    (root / "test_it.py").write_text("def test_it(notebook):\n    notebook('n/a.py')\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "--tb=short",
            "-p",
            "no:cacheprovider",
            "-W",
            "error",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    between = done.stdout.partition("test_it ___")[2].partition("\n===")[0]
    assert between.strip("_\n ").split("\n") == [
        "test_it.py:2: in test_it",
        "    notebook('n/a.py')",
        "E   bricklane.testing.NotebookFailure: n/a.py:6: cell 2: KeyError: 'k'",
        "E   ",
        "E   > 6 | x['k']",
    ], done.stdout + done.stderr
