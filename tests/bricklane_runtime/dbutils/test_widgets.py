import pytest

from bricklane_runtime.dbutils.widgets import InputWidgetNotDefined, Widgets


def test_parameters_win_over_defaults_and_need_no_widget() -> None:
    widgets = Widgets({"day": "2024-01-02", "only": "given"})
    widgets.text("day", "today", "Day")
    widgets.text("other", "default")
    assert widgets.get("day") == "2024-01-02"
    assert widgets.getAll() == {"day": "2024-01-02", "only": "given", "other": "default"}


@pytest.mark.parametrize("kind", ["dropdown", "combobox", "multiselect"])
def test_choices_have_a_default(kind: str) -> None:
    widgets = Widgets()
    getattr(widgets, kind)("x", "b", ["a", "b"], "Label")
    assert widgets.get("x") == "b"


@pytest.mark.parametrize("kind", ["dropdown", "multiselect"])
def test_the_default_must_be_a_choice(kind: str) -> None:
    with pytest.raises(ValueError, match="The default 'c' of widget x is not one of its choices"):
        getattr(Widgets(), kind)("x", "c", ["a", "b"])


def test_a_combobox_takes_any_default() -> None:
    widgets = Widgets()
    widgets.combobox("x", "c", ["a"])
    assert widgets.get("x") == "c"


def test_a_missing_widget_is_named() -> None:
    with pytest.raises(InputWidgetNotDefined, match="No input widget named x is defined"):
        Widgets().get("x")
    with pytest.raises(InputWidgetNotDefined, match="No input widget named y is defined"):
        Widgets().remove("y")


def test_arguments_have_a_default() -> None:
    widgets = Widgets({"a": "1"})
    assert (widgets.getArgument("a", "2"), widgets.getArgument("b", "2")) == ("1", "2")
    with pytest.raises(InputWidgetNotDefined):
        widgets.getArgument("b")


def test_removed_widgets_are_gone_until_they_are_made_again() -> None:
    widgets = Widgets({"a": "given"})
    widgets.removeAll()
    with pytest.raises(InputWidgetNotDefined):
        widgets.get("a")
    widgets.text("a", "default")
    assert widgets.get("a") == "given"
    widgets.remove("a")
    assert widgets.getAll() == {}


def test_making_a_widget_again_keeps_its_value() -> None:
    widgets = Widgets()
    widgets.text("a", "1")
    widgets.text("a", "2")
    assert widgets.get("a") == "1"


def test_a_default_must_be_text() -> None:
    with pytest.raises(TypeError, match="The default of widget a must be text, got int"):
        Widgets().text("a", 1)  # type: ignore[arg-type]


def test_help_lists_the_functions(capsys: pytest.CaptureFixture[str]) -> None:
    Widgets().help()
    text = capsys.readouterr().out
    assert "multiselect(name, defaultValue, choices, label=None)" in text
    Widgets().help("text")
    assert "Create a text input widget." in capsys.readouterr().out
    with pytest.raises(ValueError, match="No function 'none' in Widgets"):
        Widgets().help("none")
