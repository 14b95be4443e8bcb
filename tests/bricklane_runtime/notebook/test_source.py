import json

import pytest

from bricklane_runtime.notebook.source import Cell, NotebookFormatError, parse

SOURCE = """# Databricks notebook source
# DBTITLE 1,Load, then look
x = 1

# COMMAND ----------

# MAGIC %sql
# MAGIC select 1
# MAGIC
# MAGIC from t

# COMMAND ----------

# MAGIC %md
# MAGIC # Title

# COMMAND ----------

# MAGIC %pip install a
# MAGIC %pip install b

# COMMAND ----------

# MAGIC %sh ls
# MAGIC pwd
# COMMAND ----------

"""


def test_parses_python_source() -> None:
    assert parse(SOURCE.encode(), "PYTHON", "SOURCE") == [
        Cell("python", "x = 1", "x = 1", "Load, then look", 3),
        Cell("sql", "%sql\nselect 1\n\nfrom t", "\nselect 1\n\nfrom t", "", 7),
        Cell("md", "%md\n# Title", "\n# Title", "", 14),
        Cell("python", "%pip install a\n%pip install b", "%pip install a\n%pip install b", "", 19),
        Cell("sh", "%sh ls\npwd", "ls\npwd", "", 24),
        Cell("python", "", ""),
    ]


def test_parses_sql_source() -> None:
    text = (
        "-- Databricks notebook source\nselect 1\r\n\r\n-- COMMAND ----------\n\n"
        "-- MAGIC %python\n-- MAGIC print(1)\n\n-- COMMAND ----------\n-- MAGIC %pip install a"
    )
    assert [(cell.kind, cell.body) for cell in parse(text.encode(), "SQL", "SOURCE")] == [
        ("sql", "select 1"),
        ("python", "\nprint(1)"),
        ("python", "%pip install a"),
    ]


def test_a_magic_on_the_line_of_code_keeps_its_rest() -> None:
    (cell,) = parse(b"# Databricks notebook source\n# MAGIC %run ./x $a=1", "PYTHON", "SOURCE")
    assert (cell.kind, cell.body) == ("run", "./x $a=1")


@pytest.mark.parametrize("magic", ["%timeit f()", "%load_ext autoreload", "%%time\nf()", "%who"])
def test_magics_of_ipython_stay_in_python_cells(magic: str) -> None:
    (cell,) = parse(f"# Databricks notebook source\n{magic}".encode(), "PYTHON", "SOURCE")
    assert (cell.kind, cell.body) == ("python", magic)


def test_parses_jupyter() -> None:
    document = {
        "cells": [
            {
                "cell_type": "code",
                "source": ["x = 1\n", "y = 2"],
                "metadata": {"application/vnd.databricks.v1+cell": {"title": "Begin"}},
            },
            {"cell_type": "code", "source": "%sql\nselect 1", "metadata": {}},
            {"cell_type": "markdown", "source": "# Title"},
            {"cell_type": "raw", "source": "left out"},
        ]
    }
    assert parse(json.dumps(document).encode(), "PYTHON", "JUPYTER") == [
        Cell("python", "x = 1\ny = 2", "x = 1\ny = 2", "Begin"),
        Cell("sql", "%sql\nselect 1", "\nselect 1"),
        Cell("md", "# Title", "# Title"),
    ]


def test_lines_of_jupyter_cells_are_lines_of_the_file() -> None:
    outputs = [{"output_type": "stream", "text": ["y = 2"]}]
    cells = [
        {"cell_type": "code", "source": ["x = 1\n", "z = x"], "outputs": outputs, "metadata": {}},
        {"cell_type": "code", "source": [], "metadata": {}},
        {"cell_type": "code", "source": ["\n", "y = 2"], "metadata": {}},
    ]
    text = json.dumps({"cells": cells, "nbformat": 4}, indent=1)
    first, empty, last = parse(text.encode(), "PYTHON", "JUPYTER")
    lines = text.split("\n")
    assert [lines[cell.line - 1].strip() for cell in (first, last)] == ['"x = 1\\n",', '"y = 2"']
    assert empty.line == 0


@pytest.mark.parametrize(("language", "name"), [("SCALA", "Scala"), ("R", "R")])
def test_refuses_notebooks_in_other_languages_by_name(language: str, name: str) -> None:
    with pytest.raises(NotebookFormatError, match=f"Notebooks in {name} cannot run"):
        parse(b"", language, "SOURCE")


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}"])
def test_refuses_broken_jupyter(content: bytes) -> None:
    with pytest.raises(NotebookFormatError, match="not valid nbformat 4 JSON"):
        parse(content, "PYTHON", "JUPYTER")
