from __future__ import annotations

import json
from pathlib import Path

import pytest

from bricklane.errors import BricklaneError
from bricklane.testing.reports import files, html, markdown
from bricklane.testing.reports.comparisons import of_values
from bricklane.testing.reports.model import (
    Base,
    Comparison,
    Coverage,
    Failure,
    Level,
    Report,
    Test,
)
from tests.bricklane.testing.levels.conftest import Run

UNIT = """
import pytest
from shop.prices import net

def test_net():
    assert net(12) == pytest.approx(10)

def test_rows():
    actual = [{"id": 1, "city": "Ulm"}, {"id": 2, "city": "<b>Rom</b>"}, {"id": 3, "city": "Bonn"}]
    assert actual == [{"id": 1, "city": "Ulm"}, {"id": 2, "city": "Paris"}]

def test_raises():
    net(-1)

@pytest.fixture
def broken():
    raise RuntimeError("no warehouse")

def test_broken(broken):
    pass

@pytest.mark.skip(reason="later")
def test_later():
    pass

@pytest.mark.xfail(reason="bug 7")
def test_known():
    raise AssertionError
"""

FLAKY = """
from pathlib import Path
from shop.prices import net

def test_sometimes(tmp_path_factory):
    mark = Path(__file__).with_name("ran")
    if not mark.exists():
        mark.touch()
        raise ConnectionError("the warehouse is starting")

def test_negative():
    try:
        net(-1)
    except ValueError:
        pass
"""


def test_levels_are_recorded_measured_and_merged(project: Path, run: Run) -> None:
    for level, text in {"unit": UNIT, "integration": FLAKY}.items():
        (project / "tests" / level).mkdir(parents=True)
        (project / "tests" / level / f"test_{level}.py").write_text(text)
    report = run("unit", "integration")
    unit, integration = report.levels
    assert (unit.code, integration.code) == (1, 0)
    found = {test.id.split("::")[1]: test for test in unit.tests}
    assert {name: test.outcome for name, test in found.items()} == {
        "test_net": "passed",
        "test_rows": "failed",
        "test_raises": "failed",
        "test_broken": "error",
        "test_later": "skipped",
        "test_known": "skipped",
    }
    assert found["test_raises"].failures[0].place == "src/shop/prices.py:3"
    assert found["test_raises"].failures[0].message == "ValueError: -1"
    assert found["test_later"].reason == "later"
    rows = found["test_rows"].failures[0].comparison
    assert rows is not None
    assert [row.kind for row in rows.rows] == ["same", "changed", "extra"]
    (flaky,) = report.flaky()
    assert flaky[1].failures[0].message == "ConnectionError: the warehouse is starting"
    # The last line but one ran only in the second level.
    assert report.coverage == Coverage(
        4, 4, {"src/shop/__init__.py": (0, 0), "src/shop/prices.py": (4, 4)}
    )
    folder = project / "reports"
    assert '<testsuite name="pytest"' in (folder / "unit.xml").read_text("utf-8")
    page = (folder / "report.html").read_text("utf-8")
    assert "&lt;b&gt;Rom&lt;/b&gt;" in page
    assert "<b>Rom" not in page
    text = (folder / "report.md").read_text("utf-8")
    assert text.index("## 3 failed") < text.index("## 1 flaky") < text.index("| level |")
    assert "| integration | ✅ passed | 2 | 0 | 1 | 0 |" in text
    assert json.loads((folder / "report.json").read_text("utf-8"))["passed"] is False


def test_workers_of_xdist_are_recorded_too(project: Path, run: Run) -> None:
    (project / "tests/unit").mkdir(parents=True)
    (project / "tests/unit/test_unit.py").write_text(UNIT)
    report = run("unit", more=("-n", "2"))
    assert len(report.levels[0].tests) == 6
    assert any(failure.comparison for _, test in report.red() for failure in test.failures)
    assert report.coverage is not None
    assert report.coverage.files["src/shop/prices.py"] == (4, 4)


def test_a_file_that_cannot_be_read_is_a_failure(project: Path, run: Run) -> None:
    (project / "tests/unit").mkdir(parents=True)
    (project / "tests/unit/test_unit.py").write_text("import nowhere_to_be_found\n")
    report = run("unit")
    ((_, test),) = report.red()
    assert (test.id, test.outcome) == ("tests/unit/test_unit.py", "error")
    assert "No module named 'nowhere_to_be_found'" in test.failures[0].message


def test_what_the_command_line_says_wins_over_the_levels_policy(project: Path, run: Run) -> None:
    (project / "tests/e2e").mkdir(parents=True)
    (project / "tests/e2e/test_e2e.py").write_text(FLAKY)
    report = run("e2e", reruns={"e2e": 3}, more=("--reruns", "0"))
    assert not report.passed
    assert report.flaky() == []


def test_without_the_plugin_junit_tells_what_it_can(tmp_path: Path) -> None:
    (tmp_path / "unit.xml").write_text(
        '<testsuites><testsuite><testcase classname="t.x" name="a" time="0.5"/>'
        '<testcase classname="t.x" name="b"><failure message="m">long</failure></testcase>'
        '<testcase classname="t.x" name="c"><skipped message="why"/></testcase>'
        "</testsuite></testsuites>"
    )
    level = files.read_level(tmp_path, "unit", 1, 2.0)
    assert [(test.id, test.outcome) for test in level.tests] == [
        ("t.x::a", "passed"),
        ("t.x::b", "failed"),
        ("t.x::c", "skipped"),
    ]
    assert level.notes == (files.UNRECORDED,)


def test_a_folder_of_other_things_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BricklaneError, match=r"has letter\.txt, which is none of the reports"):
        files.prepare(tmp_path)
    (tmp_path / ".gitignore").write_text("dist/\n")
    with pytest.raises(BricklaneError, match=r"none of the reports"):
        files.prepare(tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "dear"
    files.prepare(tmp_path / "new")
    (tmp_path / "new/unit.json").write_text("{}")
    files.prepare(tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == [".gitignore"]


def rows(actual: object, expected: object) -> Comparison:
    found = of_values(actual, expected)
    assert found is not None
    return found


def test_rows_are_aligned_and_close_numbers_are_equal() -> None:
    found = rows(
        [{"a": 1, "b": 0.1 + 0.2}, {"a": 2, "b": None}],
        [{"a": 1, "b": 0.3}, {"a": 2, "b": ""}, {"a": 3, "b": 1.0}],
    )
    assert [row.kind for row in found.rows] == ["same", "changed", "missing"]
    assert (found.rows[1].actual, found.rows[1].expected) == (("2", "None"), ("2", "''"))
    assert (found.differing, found.total) == (2, 3)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [(1, 2), ("ab", "ac"), ([1], [2]), ([], []), ([{"a": 1}], [{"a": 1}]), (None, [{"a": 1}])],
)
def test_what_are_no_rows_that_differ_is_no_comparison(actual: object, expected: object) -> None:
    assert of_values(actual, expected) is None


def test_long_tables_show_what_differs_and_a_little_around() -> None:
    left = [{"n": n} for n in range(1000)]
    right = [{"n": n} for n in range(1000) if n != 500]
    found = rows(left, right)
    assert [row.actual[0] for row in found.rows] == ["498", "499", "500", "501", "502"]
    assert (found.differing, found.total) == (1, 1000)


REPORT = Report(
    "shop",
    (
        Level(
            "unit", 1, 1.5,
            (
                Test("t.py::a|b", "failed", 1.0, (Failure("<x> `y`\nmore", "t.py:3"),)),
                Test("t.py::c", "passed", 0.5),
            ),
        ),
    ),
    coverage=Coverage(3, 4, {"src/a.py": (3, 4)}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (None, "Coverage: 75.0 % of 4 lines"),
        (Base(70.0, "against develop"), "Coverage: 75.0 % of 4 lines, \\+5.0 against develop"),
        (Base(75.01, "against develop"), "±0.0 against develop"),
        (Base(None, "no figure of develop yet"), "75.0 % of 4 lines; no figure of develop yet"),
    ],
)
def test_the_short_form_has_failures_first_and_the_change_of_coverage(
    base: Base | None, said: str
) -> None:
    text = markdown.short(Report("shop", REPORT.levels, "", REPORT.coverage, base))
    assert text.startswith("## 1 failed\n\n**`t.py::a\\|b`** (unit) at `t.py:3`")
    assert said in text


def test_a_report_survives_its_files(tmp_path: Path) -> None:
    (level,) = REPORT.levels
    files.write_level(tmp_path, "unit", level.tests, ("note",), 1)
    read = files.read_level(tmp_path, "unit", 1, 1.5)
    assert read.tests == level.tests
    assert read.notes == ("note",)


def test_the_page_escapes_all_that_comes_from_tests() -> None:
    evil = "<script>alert(1)</script>"
    comparison = rows([{evil: evil}], [{evil: "x"}])
    failure = Failure(evil, evil, evil, comparison)
    test = Test(evil, "failed", 1.0, (failure,), evil)
    level = Level(evil, 1, 1.0, (test,), (evil,))
    page = html.page(Report(evil, (level,), evil, Coverage(0, 1, {evil: (0, 1)}), Base(None, evil)))
    assert evil not in page
    assert page.count("&lt;script&gt;") > 8


ASSERTS = """
import pandas
from chispa.rows_comparer import assert_basic_rows_equality
from pyspark.sql import Row
from pyspark.testing import assertDataFrameEqual

ACTUAL = [Row(id=2, city="Rom"), Row(id=1, city="Ulm")]
EXPECTED = [Row(id=1, city="Ulm"), Row(id=2, city="Paris"), Row(id=3, city="Bonn")]

def test_pyspark():
    assertDataFrameEqual(ACTUAL, EXPECTED)

def test_chispa():
    assert_basic_rows_equality(sorted(ACTUAL), EXPECTED)

def test_pandas():
    frame = lambda rows: pandas.DataFrame([row.asDict() for row in rows])
    left, right = frame(sorted(ACTUAL)), frame(EXPECTED[:2])
    pandas.testing.assert_frame_equal(left, right)

def test_plain():
    assert sorted(ACTUAL) == EXPECTED
"""


def test_asserts_of_dataframes_show_their_rows_as_they_compared_them(
    project: Path, run: Run
) -> None:
    (project / "tests/unit").mkdir(parents=True)
    (project / "tests/unit/test_unit.py").write_text(ASSERTS)
    (level,) = run("unit", more=("-W", "ignore")).levels
    kinds = {}
    for test in level.tests:
        comparison = test.failures[0].comparison
        assert comparison is not None, test
        assert comparison.columns == ("id", "city")
        kinds[test.id.split("::")[1]] = [row.kind for row in comparison.rows]
    assert kinds == {
        "test_pyspark": ["same", "changed", "missing"],
        "test_chispa": ["same", "changed", "missing"],
        "test_pandas": ["same", "changed"],
        "test_plain": ["same", "changed", "missing"],
    }
