"""Tables on terminals of any width, and for programs that read lines."""

from __future__ import annotations

import pytest

from bricklane.cli.tables import print_line, print_table, printable

COLUMNS = ("NAME", "STATE", "BY")
ROWS = [("one", "success", "developer", "https://host/1"), ("two", "-", "-", "")]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            "24",
            [
                "NAME  STATE    BY",
                "one   success  developer",
                "  https://host/1",
                "two   -        -",
            ],
        ),
        (
            "23",
            ["NAME  STATE", "one   success", "  by developer", "  https://host/1", "two   -"],
        ),
        (
            "3",
            ["NAME", "one", "  state success, by developer", "  https://host/1", "two"],
        ),
    ],
)
def test_what_does_not_fit_goes_below_its_row(
    width: str,
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    print_table(COLUMNS, ROWS, below="LOG")
    assert capsys.readouterr().out.splitlines() == expected


def test_a_program_gets_a_line_for_each_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_table(COLUMNS, ROWS, below="LOG")
    assert capsys.readouterr().out.splitlines() == [
        "NAME  STATE    BY         LOG",
        "one   success  developer  https://host/1",
        "two   -        -",
    ]


def test_wide_letters_take_two_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_table(("A", "B"), [("版本", "x"), ("abc", "y")])
    assert capsys.readouterr().out.splitlines() == ["A     B", "版本  x", "abc   y"]


@pytest.mark.parametrize(
    ("width", "expected"),
    [("30", ["open: #1 t https://host/1"]), ("20", ["open: #1 t", "  https://host/1"])],
)
def test_a_url_is_not_broken(
    width: str,
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    print_line("open: #1 t", "https://host/1")
    assert capsys.readouterr().out.splitlines() == expected


def test_nothing_steers_the_terminal() -> None:
    assert printable("fix: \x1b[2J\x1b]0;owned\x07 a\nb\u202e") == "fix: �[2J�]0;owned� a�b�"
    assert printable("Größe 版本 ✓") == "Größe 版本 ✓"
