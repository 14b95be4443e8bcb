"""What ``bricklane`` says before any command, and how soon it may."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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


# Loading any of these takes as long as all the rest of a command that asks git a question.
HEAVY = ("copier", "databricks", "github", "pydantic", "requests", "rich", "ssl")
LOADED = """
import sys
from bricklane.cli.main import main
try:
    main(sys.argv[2:])
finally:
    print("loaded:", *sorted(set(sys.argv[1].split()) & sys.modules.keys()), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["next-version"], "1.3.0\n"),
        (["deploy", "--target", "dev"], "databricks >=1.10,<2 was not found"),
    ],
)
def test_commands_load_what_they_need(words: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text(
        "bundle: {name: shop}\ntargets: {dev: {mode: development}}\n", "utf-8"
    )
    (tmp_path / "bricklane.toml").write_text('[gitflow]\nmain = "main"\n', "utf-8")
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(tmp_path))
    subprocess.run([*git, "init", "--quiet", "--initial-branch=develop"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=x"], check=True)
    subprocess.run([*git, "tag", "1.2.0"], check=True)
    programs, nothing = tmp_path / "programs", str(tmp_path / "nothing")
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git") or "")
    # As at a person's own machine, wherever the tests run: in CI a deployment asks the forge first.
    own = {name: value for name, value in os.environ.items() if name != "CI"}
    environment = {
        **own,
        "BRICKLANE_CACHE_DIR": nothing,
        "DATABRICKS_CLI_PATH": nothing,
        "PATH": str(programs),
    }
    done = subprocess.run(
        [sys.executable, "-c", LOADED, " ".join(HEAVY), *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == "loaded:"


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
