from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import FakeWorkspace, Tasks


def test_cells_share_names_and_show_what_they_print_and_their_last_value(tasks: Tasks) -> None:
    ran = tasks.notebook("x = 20\nprint('hi')\nx + 1", "x * 2;", "x * 2", "_ + 1")
    assert ran.result["state"] == "SUCCESS", ran.log
    assert [cell["state"] for cell in ran.cells] == ["SUCCESS"] * 4
    assert ran.cells[0]["outputs"] == [
        {"type": "text", "stream": "stdout", "text": "hi\n"},
        {"type": "text", "stream": "result", "text": "21\n"},
    ]
    assert [ran.text(index) for index in (1, 2, 3)] == ["", "40\n", "41\n"]
    assert ran.log == "hi\n"


def test_a_failing_cell_names_itself_and_skips_the_rest(tasks: Tasks) -> None:
    ran = tasks.notebook("def f():\n    raise ValueError('bad')", "x = 1\nf()", "print('never')")
    assert [cell["state"] for cell in ran.cells] == ["SUCCESS", "FAILED", "SKIPPED"]
    traceback = (
        "Traceback (most recent call last):\n"
        '  File "<cell 2>", line 2, in <module>\n    f()\n'
        '  File "<cell 1>", line 2, in f\n'
        "    raise ValueError('bad')\nValueError: bad"
    )
    assert ran.error == {
        "type": "ValueError",
        "message": "bad",
        "traceback": traceback,
        "cell_index": 1,
        "cell_source": "x = 1\nf()",
        "line": 2,
    }
    (shown,) = ran.outputs(1, "error")
    assert shown == {
        "type": "error",
        "name": "ValueError",
        "message": "bad",
        "traceback": ran.result["error"]["traceback"],
        "line": 2,
    }
    assert ran.exit["exit_code"] == 1
    assert "never" not in ran.log


def test_a_syntax_error_names_cell_and_line(tasks: Tasks) -> None:
    ran = tasks.notebook("x = 1", "y = 2\nif x\n    y")
    assert ran.error["message"] == "expected ':' (<cell 2>, line 2)"
    assert (ran.error["cell_index"], ran.error["line"]) == (1, 2)


def test_blank_lines_before_code_count(tasks: Tasks) -> None:
    ran = tasks.notebook("%python\n\nx = 1\nraise ValueError(x)")
    assert ran.error["line"] == 4
    assert 'File "<cell 1>", line 4, in <module>\n    raise ValueError(x)' in ran.error["traceback"]


def test_leaving_with_a_value_succeeds_and_skips_the_rest(tasks: Tasks) -> None:
    ran = tasks.notebook("dbutils.notebook.exit({'a': 1})", "print('never')")
    assert ran.result == {"state": "SUCCESS", "exit_value": "{'a': 1}", "error": None}
    assert [cell["state"] for cell in ran.cells] == ["SUCCESS", "SKIPPED"]


def test_an_exit_value_has_a_limit(tasks: Tasks) -> None:
    ran = tasks.notebook("dbutils.notebook.exit('x' * (5 * 1024 * 1024 + 1))")
    assert ran.error["message"] == (
        "The exit value has 5242881 bytes; dbutils.notebook.exit takes up to 5242880"
    )


def test_sys_exit_fails_and_says_how_to_leave(tasks: Tasks) -> None:
    ran = tasks.notebook("import sys\nsys.exit(0)")
    assert ran.error["message"] == (
        "sys.exit(0) was called: leave with dbutils.notebook.exit(value)"
    )
    assert ran.error["line"] == 2


def test_await_works_at_the_top_of_a_cell(tasks: Tasks) -> None:
    ran = tasks.notebook("import asyncio\nawait asyncio.sleep(0, 'slept')")
    assert ran.text(0) == "'slept'\n"


def test_magics_of_ipython_work(tasks: Tasks) -> None:
    ran = tasks.notebook(
        "%load_ext autoreload\n%autoreload 2\n%config IPCompleter.use_jedi = False",
        "%%capture out\nprint('kept')",
        "print(out.stdout.upper())\nx = 1\n%who_ls int",
    )
    assert ran.result["state"] == "SUCCESS", ran.log
    assert "KEPT" in ran.text(2)


def test_shell_cells_show_their_output_and_their_status(tasks: Tasks) -> None:
    (tasks.folder / "Volumes").mkdir()
    (tasks.folder / "Volumes/a.txt").write_text("inside\n")
    ran = tasks.notebook("# MAGIC %sh cat /Volumes/a.txt\n# MAGIC echo error >&2; exit 3", "1")
    assert ran.text(0) == "inside\nerror\n[exit status 3]\n"
    assert ran.result["state"] == "SUCCESS"


def test_a_shell_cell_with_e_fails_the_notebook(tasks: Tasks) -> None:
    ran = tasks.notebook("# MAGIC %sh -e\n# MAGIC false\n# MAGIC echo never")
    assert ran.error["message"] == "The shell command ended with exit status 1"
    assert ran.text(0) == ""


def test_exclamation_marks_run_commands(tasks: Tasks) -> None:
    ran = tasks.notebook("name = 'you'\n!echo hello {name}\nlines = !printf 'a\\nb'\nprint(lines)")
    assert ran.text(0) == "hello you\n['a', 'b']\n"


def test_markdown_and_html_are_shown(tasks: Tasks) -> None:
    ran = tasks.notebook(
        "# MAGIC %md\n# MAGIC # Title\n# MAGIC text",
        "displayHTML('<b>x</b>')",
        "from IPython.display import HTML, Markdown, display as show\n"
        "show(Markdown('*m*'))\nHTML('<i>')",
    )
    assert ran.cells[0]["outputs"] == [{"type": "markdown", "text": "# Title\ntext"}]
    assert ran.cells[1]["outputs"] == [{"type": "html", "html": "<b>x</b>"}]
    assert ran.cells[2]["outputs"] == [
        {"type": "markdown", "text": "*m*"},
        {"type": "html", "html": "<i>"},
    ]


def test_pandas_frames_and_records_are_tables(tasks: Tasks) -> None:
    ran = tasks.notebook(
        "import pandas as pd\nframe = pd.DataFrame({'a': [1]})\ndisplay(frame)\nframe",
        "display([{'a': 1}, {'a': 2}]); display(frame['a']); display('text')",
    )
    tables = ran.outputs(0, "table")
    assert len(tables) == 2
    assert tables[0] == {
        "type": "table",
        "columns": [{"name": "a", "type": "int64"}],
        "rows": [[1]],
        "truncated": False,
    }
    assert [table["rows"] for table in ran.outputs(1, "table")] == [[[1], [2]], [[1]]]
    assert ran.text(1) == "'text'\n"


@pytest.mark.parametrize(("magic", "name"), [("%scala", "Scala"), ("%r", "R")])
def test_cells_of_other_languages_are_refused_by_name(tasks: Tasks, magic: str, name: str) -> None:
    ran = tasks.notebook(f"# MAGIC {magic}\n# MAGIC val x = 1")
    assert ran.error["message"].startswith(f"{name} cells ({magic}) cannot run")


def test_notebooks_of_other_languages_are_refused_by_name(tasks: Tasks) -> None:
    ran = tasks.notebook_source("// Databricks notebook source", language="SCALA")
    assert ran.error["message"] == ("Notebooks in Scala cannot run here; Python and SQL can")


def test_jupyter_notebooks_run(tasks: Tasks) -> None:
    document = {"cells": [{"cell_type": "code", "source": ["print(", "1)"], "metadata": {}}]}
    ran = tasks.notebook_source(json.dumps(document), form="JUPYTER")
    assert ran.text(0) == "1\n"


def test_modules_beside_the_notebook_are_imported(tasks: Tasks) -> None:
    folder = tasks.folder / "Workspace/Users/someone"
    folder.mkdir(parents=True)
    (folder / "helpers.py").write_text("VALUE = 5")
    ran = tasks.notebook("import helpers, os\nprint(helpers.VALUE, os.getcwd())",
        working_directory="/Workspace/Users/someone")  # fmt: skip
    assert ran.text(0) == "5 /Workspace/Users/someone\n"


def test_restarting_python_clears_names_and_modules_but_not_widgets(tasks: Tasks) -> None:
    folder = tasks.folder / "Workspace"
    folder.mkdir()
    module = folder / "changing.py"
    module.write_text("VALUE = 1")
    ran = tasks.notebook(
        "import changing, time\nx = changing.VALUE\ndbutils.widgets.text('w', 'kept')\n"
        f"open({str(module)!r}, 'w').write('VALUE = 22')",
        "dbutils.library.restartPython()\nprint('never')",
        "import changing\nprint('x' in globals(), changing.VALUE, dbutils.widgets.get('w'))",
        working_directory=str(folder),
    )
    assert ran.result["state"] == "SUCCESS", ran.log
    assert ran.text(1) == ""
    assert ran.text(2) == "False 22 kept\n"


def test_a_cancelled_notebook_keeps_what_its_cells_showed(tasks: Tasks) -> None:
    content = tasks.folder / "nb"
    content.write_text(
        "# Databricks notebook source\nprint('one')\n# COMMAND ----------\nprint('two')\n"
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)"
    )
    notebook = {"path": "/nb", "content_file": str(content)}
    ran = tasks.zygote.run(tasks.specification(kind="notebook", notebook=notebook))
    assert ran.exit["exit_code"] == 143
    assert [cell["state"] for cell in ran.cells] == ["SUCCESS", "CANCELLED"]
    assert ran.text(1) == "two\n"
    assert not (ran.directory / "result.json").exists()


def test_printing_a_hundred_megabytes_is_cut(tasks: Tasks) -> None:
    ran = tasks.notebook(
        "line = 'x' * (1024 * 1024 - 1)\nfor _ in range(100): print(line)", "print('later')\n1/0"
    )
    assert (ran.directory / "cells.json").stat().st_size < 21 * 1024 * 1024
    assert ran.text(0).endswith("[output truncated: 20 MB are kept of a run.]")
    assert ran.error["type"] == "ZeroDivisionError"
    assert ran.outputs(1, "error")


def exported(source: str, language: str = "PYTHON") -> dict[str, Any]:
    return {"content": base64.b64encode(source.encode()).decode(), "language": language}


def share(workspace: FakeWorkspace, notebooks: dict[str, str]) -> None:
    def status(query: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if query["path"] not in notebooks:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"}
        return 200, {"object_type": "NOTEBOOK", "language": "PYTHON", "path": query["path"]}

    workspace.routes["GET", "/api/2.0/workspace/get-status"] = status
    workspace.routes["GET", "/api/2.0/workspace/export"] = lambda query: (
        200,
        exported("# Databricks notebook source\n" + notebooks[query["path"]]),
    )


def test_included_notebooks_run_in_the_same_names(
    tasks: Tasks, fake_workspace: FakeWorkspace
) -> None:
    inner = "print('inner', dbutils.widgets.get('who'))\ny = 2\n# COMMAND ----------\n%run ../deep"
    share(fake_workspace, {"/Users/shared/setup": inner, "/Users/deep": "z = 3"})
    ran = tasks.notebook(
        '# MAGIC %run ../shared/setup $who="you and me"',
        "print(y, z, dbutils.widgets.get('who'))",
        host=fake_workspace.host,
    )
    assert ran.text(0) == "inner you and me\n"
    assert ran.text(1) == "2 3 you and me\n"


def test_an_error_in_an_included_notebook_says_where_it_is(
    tasks: Tasks, fake_workspace: FakeWorkspace
) -> None:
    share(fake_workspace, {"/Users/someone/setup": "x = 1\n1 / 0"})
    ran = tasks.notebook("%run ./setup", host=fake_workspace.host)
    assert 'File "<setup cell 1>", line 2' in ran.error["traceback"]
    assert ran.error["cell_index"] == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%run ./none", "Notebook not found: /Users/someone/none"),
        ("%run ./self", "includes itself"),
        ("%run ./self x=1", "cannot read 'x=1'; write $name=\"value\""),
        ("%run ./self\nprint(1)", "alone in its cell"),
    ],
)
def test_bad_inclusions_say_what_is_wrong(
    tasks: Tasks, fake_workspace: FakeWorkspace, line: str, message: str
) -> None:
    share(fake_workspace, {"/Users/someone/self": "%run ./self"})
    ran = tasks.notebook(line, host=fake_workspace.host)
    assert message in ran.error["message"]


def test_names_of_classic_spark_say_that_there_is_none(tasks: Tasks) -> None:
    spark = {"remote": "sc://127.0.0.1:15002", "token": "x"}
    ran = tasks.notebook("assert not hasattr(sqlContext, 'x')\nsc.parallelize([1])", spark=spark)
    assert ran.error["message"].startswith("sc.parallelize is not available here: notebooks and")
    assert ran.error["message"].endswith("Use `spark` and DataFrames")


@pytest.mark.real
@pytest.mark.parametrize(
    "asked",
    [
        "sc.parallelize([1])",
        "spark.sparkContext",
        "spark.range(1).rdd",
        "from pyspark import SparkContext; SparkContext.getOrCreate()",
    ],
)
def test_whatever_asks_for_classic_spark_is_told_what_to_do(
    tasks: Tasks, spark: dict[str, str], asked: str
) -> None:
    classic = {"when": "never", "advice": "it is off. Turn it on"}
    ran = tasks.notebook(asked, spark=spark, classic=classic)
    assert ran.error["message"].endswith("is not available here: it is off. Turn it on")
