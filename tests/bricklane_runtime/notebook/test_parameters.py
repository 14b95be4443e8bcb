import pytest

from bricklane_runtime.dbutils.widgets import InputWidgetNotDefined, Widgets
from bricklane_runtime.notebook.parameters import run_widget_statement


@pytest.mark.parametrize(
    ("statement", "name", "value"),
    [
        ("CREATE WIDGET TEXT day DEFAULT '2024-01-02'", "day", "2024-01-02"),
        ('create widget text y DEFAULT "a \\"b\\""', "y", 'a "b"'),
        (
            "CREATE WIDGET DROPDOWN `a b` DEFAULT 'x' CHOICES SELECT * FROM (VALUES ('x'))",
            "a b",
            "x",
        ),
        ("-- which day\nCREATE WIDGET TEXT day DEFAULT 'x' /* x */", "day", "x"),
        ("CREATE WIDGET MULTISELECT m DEFAULT ''", "m", ""),
    ],
)
def test_creates_widgets(statement: str, name: str, value: str) -> None:
    widgets = Widgets()
    assert run_widget_statement(statement, widgets)
    assert widgets.getAll() == {name: value}


def test_a_parameter_wins_over_the_default() -> None:
    widgets = Widgets({"day": "given"})
    assert run_widget_statement("CREATE WIDGET TEXT day DEFAULT 'x'", widgets)
    assert widgets.get("day") == "given"


def test_removes_widgets() -> None:
    widgets = Widgets({"day": "given"})
    assert run_widget_statement("REMOVE WIDGET day", widgets)
    with pytest.raises(InputWidgetNotDefined, match="No input widget named day is defined"):
        run_widget_statement("remove widget day", widgets)


@pytest.mark.parametrize("statement", ["select 1", "CREATE TABLE widget (a int)", "REMOVE x"])
def test_leaves_other_statements_to_spark(statement: str) -> None:
    assert not run_widget_statement(statement, Widgets())
