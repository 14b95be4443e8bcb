"""Static validation: what each rule finds, where, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bricklane.cli.lint import command
from bricklane.errors import BricklaneError
from bricklane.testing.validation.sqlcode import problem_of

REPOSITORY = Path(__file__).parents[4]
BUNDLE = """
bundle: {name: shop}
include: [resources/*.yml]
targets:
  dev: {mode: development, variables: {catalog: dev}}
  prod: {mode: production, variables: {catalog: shop_prod}}
"""
JOB = """
resources:
  jobs:
    daily:
      parameters: [{name: day, default: today}]
      tasks:
        - task_key: load
          notebook_task: {notebook_path: ../n.py, base_parameters: {source: raw}}
"""
TOKEN = "dapi" + "0123456789abcdef" * 2


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "databricks.yml").write_text(BUNDLE)
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "daily.yml").write_text(JOB)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def notebook(file: Path, *cells: str) -> None:
    comment = "--" if file.suffix == ".sql" else "#"
    shown = (
        "\n".join(f"{comment} MAGIC {line}" for line in cell.split("\n"))
        if cell.startswith("%")
        else cell
        for cell in cells
    )
    separator = f"\n{comment} COMMAND ----------\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{comment} Databricks notebook source\n" + separator.join(shown))


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), standalone_mode=False)


def found(*words: str) -> list[tuple[str, int | None, str, str]]:
    result = run("--json", *words)
    assert result.exception is None, result.output
    findings = json.loads(result.stdout)
    assert (result.return_value == 1) is bool(findings)
    return [(each["file"], each["line"], each["code"], each["message"]) for each in findings]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("x = 1\nif x\n    y",), (3, "BL101", "expected ':'")),
        (("return 1",), (2, "BL101", "'return' outside function")),
        (("x = (\n",), (2, "BL101", "'(' was never closed")),
        (
            ("1", "def f():\n    return y"),
            (5, "BL102", "`y` is not defined in this cell or one be"),
        ),
        (("print(x)", "x = 1"), (2, "BL102", "`x` is not defined in this cell or one before it")),
        (("await fetch()",), (2, "BL102", "`fetch` is not defined in this cell or one before it")),
        (("%sql\nSELECT a FROM t;\n\nSELEC b",), (5, "BL201", "`SELEC` begins no statement")),
        (("%sql\nSELECT a\nFROM t WHERE",), (4, "BL201", "something is missing at `WHERE`")),
        (("%sql\nSELECT (a FROM t",), (3, "BL201", "expected ) at `FROM`")),
        (('1\nspark.sql("SELECT FROM WHERE")',), (3, "BL201", "expected table name but got WHERE")),
        (("1", "%run ./gone"), (4, "BL301", "%run of `./gone`: there is no such notebook")),
        (("dbutils.notebook.run('x/y', 60)",), (2, "BL301", "dbutils.notebook.run of `x/y`: ther")),
        (("dbutils.widgets.get('w')",), (2, "BL302", "the widget `w` is read; it is not declared")),
        (("%sql\nSELECT 1,\n  :w",), (4, "BL302", "the widget `w` is read; it is not declared, ")),
        (("%sql\nSELECT ${w}",), (3, "BL302", "the widget `w` is read; it is not declared, and ")),
        (
            ("u = 'https://adb-12345.6.azuredatabricks.net/?o=1'",),
            (2, "BL401", "the address of a workspace, `adb-12345.6.azuredatabricks.net`"),
        ),
        (
            ("%md\nuse dbc-a1.cloud.databricks.com", f"# {TOKEN}"),
            (5, "BL402", "a Databricks token"),
        ),
        (("%sql\nSELECT * FROM dev.shop.t",), (3, "BL403", "the catalog `dev` of the target dev ")),
        (
            ("%sql\nUSE CATALOG shop_prod",),
            (3, "BL403", "the catalog `shop_prod` of the target pr"),
        ),
        (
            ("s = 'a'\nspark.table(f'dev.{s}.t')",),
            (3, "BL403", "the catalog `dev` of the target d"),
        ),
    ],
)
def test_what_is_wrong_is_found_with_its_line(
    project: Path, cells: tuple[str, ...], expected: tuple[int, str, str]
) -> None:
    notebook(project / "n.py", *cells)
    ((file, line, code, message),) = found()
    assert (file, line, code) == ("n.py", *expected[:2])
    assert message.startswith(expected[2])
    assert TOKEN not in message


@pytest.mark.parametrize(
    "cells",
    [
        (
            "%pip install a",
            "x = !ls\n!pwd\n%timeit x\nx?\nfiles = %sx ls",
            "%%time\nx",
            "%%bash\nif x",
        ),
        ("from lib import *\ny", "z"),
        ("spark, sc, dbutils, display, displayHTML, table, sql, udf, _sqldf, getArgument, _",),
        ("globals()['made'] = 1\nmade",),
        ("%run ./lib", "%run ./lib $given='1'", "helper(1), dbutils.widgets.get('given')"),
        ("%run /Shared/elsewhere", "unknown()"),
        ("await asyncio.sleep(1)\nasync with x as y:\n    pass  # bricklane: ignore[BL102]",),
        ("unknown_a  # bricklane: ignore[undefined-name]\nunknown_b",),
        ("%sql\n-- bricklane: ignore\nSELEC 1",),
        ("dbutils.widgets.text('w', '')", "dbutils.widgets.get('w')", "%sql\nSELECT :w, ${w}"),
        ("dbutils.widgets.get('day')\ndbutils.widgets.get('source')",),
        ("for n in 'ab':\n    dbutils.widgets.text(n, '')", "dbutils.widgets.get('a')"),
        ("getArgument('w', 'default')",),
        ("dbutils.notebook.run(path, 60)\npath = ''  # bricklane: ignore[BL102]",),
        ("u = 'https://docs.databricks.com', 'https://accounts.cloud.databricks.com'",),
        ("u = 'dev.example', 'a.dev.b.c', '/dev/x', 'dev.txt', 'someone@dev.shop.com'",),
        ("%sql\n-- dev.shop.t\nSELECT dev.a FROM x AS dev",),
        ('"""Reads dev.shop.t."""',),
        ("%scala\nval x = 1", "%r\nx <- 1", "%fs ls /", "%sh\nif", "%md\n%run gone"),
    ],
)
def test_what_is_right_is_left_alone(project: Path, cells: tuple[str, ...]) -> None:
    notebook(project / "lib.py", "dbutils.widgets.text('given', '')", "def helper(x): return x")
    notebook(project / "n.py", *cells)
    assert found("n.py") == []


def test_names_of_included_notebooks_are_followed(project: Path) -> None:
    notebook(project / "a" / "main.py", "%run ../b/lib", "known, other, unknown")
    notebook(project / "b" / "lib.py", "%run ./deep", "known = 1\nwrong")
    notebook(project / "b" / "deep.py", "other = 1")
    assert found() == [
        ("a/main.py", 4, "BL102", "`unknown` is not defined in this cell or one before it"),
        ("b/lib.py", 5, "BL102", "`wrong` is not defined in this cell or one before it"),
    ]


def test_widgets_come_from_those_who_include_or_run_a_notebook(project: Path) -> None:
    notebook(project / "lib.py", "dbutils.widgets.get('mine') + dbutils.widgets.get('whose')")
    notebook(project / "child.py", "dbutils.widgets.get('x') + dbutils.widgets.get('y')")
    notebook(project / "main.py", "dbutils.widgets.text('mine', '')", "%run ./lib")
    notebook(project / "run.py", "dbutils.notebook.run('child', 60, {'x': 1})")
    assert [(file, message.split("`")[1]) for file, _, _, message in found()] == [
        ("child.py", "y"),
        ("lib.py", "whose"),
    ]
    assert len(found("lib.py")) == 1


def test_lines_of_jupyter_notebooks_are_lines_of_the_file(project: Path) -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": source.splitlines(True)}
        for source in ("x = 1", "%sql\nSELECT 1;\nSELEC 2", "print(x)\ny")
    ]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=1)
    (project / "n.ipynb").write_text(text)
    lines = text.split("\n")
    findings = found()
    assert [lines[(line or 0) - 1].strip() for _, line, _, _ in findings] == ['"SELEC 2"', '"y"']


def test_scripts_and_sql_files(project: Path) -> None:
    (project / "job.py").write_text("import os\nprint(os.name, nothing)\n")
    (project / "one.sql").write_text("SELECT :a, {{ b }}, ${c};\n\nSELECT a\nFROM t WHERE;\n")
    (project / "two.sql").write_text("{% if a %} SELECT {% endif %}")
    (project / "three.sql").write_text("{{ config(materialized='table') }}\nSELECT 1")
    (project / "__init__.py").write_text(
        "__path__ = __import__('pkgutil').extend_path(__path__, 1)"
    )
    (project / "scala.ipynb").write_text(
        '{"cells": [], "metadata": {"language_info": {"name": "scala"}}}'
    )
    assert found() == [
        ("job.py", 2, "BL102", "`nothing` is not defined in this file"),
        ("one.sql", 4, "BL201", "something is missing at `WHERE`"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("n.ipynb", b"{", "The notebook is not valid nbformat 4 JSON: "),
        ("n.py", b"# Databricks notebook source\n\xff", "is not UTF-8: invalid start byte"),
        ("s.py", b"\xff", "is not UTF-8: invalid start byte"),
        ("s.py", b"x = 'a\x00b'", "source code string cannot contain null bytes"),
    ],
)
def test_files_that_cannot_be_read(project: Path, name: str, content: bytes, message: str) -> None:
    (project / name).write_bytes(content)
    ((file, _, code, said),) = found()
    assert (file, code) == (name, "BL001" if "null" not in message else "BL101")
    assert said.startswith(message)


def test_rules_are_switched_off_in_bricklane_toml(project: Path) -> None:
    notebook(project / "old" / "n.py", "unknown", "%sql\nSELEC 1")
    notebook(project / "out" / "n.py", "unknown")
    notebook(project / "n.py", "unknown", "%run ./gone")
    (project / "bricklane.toml").write_text(
        '[lint]\nignore = ["BL301"]\nexclude = ["out/*"]\n'
        '[lint.per_file]\n"old/*" = ["undefined-name"]\n'
    )
    assert [(file, code) for file, _, code, _ in found()] == [("old/n.py", "BL201")]
    (project / "bricklane.toml").write_text('[lint]\nignore = ["BL999"]\n')
    with pytest.raises(BricklaneError, match="there is no rule BL999") as caught:
        raise run().exception or AssertionError
    assert "BL102 (undefined-name)" in str(caught.value.hint)


def test_files_as_pre_commit_gives_them(project: Path) -> None:
    notebook(project / "n.py", "unknown")
    (project / "notes.txt").write_text("if x")
    notebook(project / "other.py", "unknown")
    assert [file for file, *_ in found("n.py", "notes.txt")] == ["n.py"]


def test_what_a_person_sees(project: Path) -> None:
    notebook(project / "n.py", "1", "unknown")
    result = run()
    assert result.stdout.split("\n")[:2] == [
        "n.py:4: BL102 `unknown` is not defined in this cell or one before it (cell 2, line 1)",
        "  hint: define or import it; a name that is made at run time: # bricklane: ignore[BL102]",
    ]
    assert result.stderr == "1 finding in 1 file\n"
    assert "BL403" in run("--rules").stdout


def test_a_folder_without_a_bundle_has_the_rules_that_need_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook(tmp_path / "n.py", "dbutils.widgets.get('who knows')", "unknown")
    assert [code for _, _, code, _ in found()] == ["BL102"]


STATEMENTS = """
CREATE OR REFRESH STREAMING TABLE x (CONSTRAINT c EXPECT (a > 1) ON VIOLATION DROP ROW) AS SELECT 1
CREATE LIVE TABLE x AS SELECT 1
APPLY CHANGES INTO LIVE.x FROM STREAM(LIVE.y) KEYS (id) SEQUENCE BY ts STORED AS SCD TYPE 2
MERGE WITH SCHEMA EVOLUTION INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET *
SELECT window(ts, '1 hour').start FROM t GROUP BY window(ts, '1 hour')
SELECT a:b.c::int, a:b[0] FROM t TIMESTAMP AS OF '2024-01-01'
SELECT * EXCEPT (a) FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY b) = 1
SELECT transform(arr, x -> x + 1) FROM read_files('/Volumes/x', format => 'csv')
CREATE TABLE t (a INT GENERATED ALWAYS AS IDENTITY, s STRUCT<x: INT>) CLUSTER BY AUTO
CREATE FUNCTION f(s STRING) RETURNS STRING LANGUAGE PYTHON AS $$ return s.upper() $$
FROM t |> WHERE a > 1 |> SELECT b
SELECT * FROM IDENTIFIER(:a || '.b') WHERE x = :x
CREATE SCHEMA IF NOT EXISTS a MANAGED LOCATION 's3://x'
GRANT SELECT ON TABLE t TO `account users`
""".strip().split("\n")


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statements_of_databricks_are_no_findings(statement: str) -> None:
    assert problem_of(statement) is None


@pytest.mark.parametrize(
    "folder",
    ["examples/flights", *sorted(map(str, (REPOSITORY / "tests/examples/bundles").iterdir()))],
)
def test_bundles_that_run_have_no_findings(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY / folder)
    assert found() == []
