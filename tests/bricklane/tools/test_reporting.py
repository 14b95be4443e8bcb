from __future__ import annotations

import io
import sys

import pytest

from bricklane.tools.reporting import BarReporter, LineReporter, terminal_reporter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_each_activity_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = terminal_reporter()
    assert isinstance(reporter, LineReporter)

    with reporter.activity("spark: installing") as activity:
        activity.note("a line of output")
        activity.advance(10, 20)
    reporter.say("spark: done")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "spark: installing\nspark: done\n"


def test_on_a_terminal_a_bar_and_the_latest_line_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    reporter = terminal_reporter()
    assert isinstance(reporter, BarReporter)

    with reporter.activity("spark: [installing]") as activity:
        activity.note("Downloading [bold]pyspark")
        activity.advance(10, 20)

    shown = terminal.getvalue()
    assert "spark: [installing]" in shown
    assert "Downloading [bold]pyspark" in shown
    assert shown.endswith("spark: [installing]\n")
    assert capsys.readouterr().out == ""
