"""What ``bricklane`` says before any command, and how soon it may."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bricklane import __version__
from bricklane.cli.group import cli
from bricklane.cli.main import main, report
from bricklane.errors import BricklaneError


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_is_what_click_would_print(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    context = cli.make_context("bricklane", [], resilient_parsing=True, terminal_width=78)
    expected = cli.get_help(context)
    main([word])
    assert capsys.readouterr().out == expected + "\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--version"])
    assert capsys.readouterr().out == f"bricklane, version {__version__}\n"


def test_help_loads_no_parser() -> None:
    code = (
        "import sys; from bricklane.cli.main import main; main(['--help'])\n"
        "loaded = {'click', 'rich', 'requests', 'typing', 'inspect'} & sys.modules.keys()\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: bricklane [OPTIONS] COMMAND [ARGS]...\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["deliver"], "Error: No such command 'deliver'."),
        (["--verbose"], "Error: No such option '--verbose'."),
    ],
)
def test_usage_errors(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_no_words_print_help_and_fail(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "Commands:" in capsys.readouterr().err


def test_what_an_error_quotes_does_not_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report(BricklaneError("commit \x1b[31mx\x1b[0m \x1b]0;y\x07\nfailed", hint="see \x08 it"))
    assert capsys.readouterr().err == "error: commit x �]0;y�\nfailed\n  hint: see � it\n"
