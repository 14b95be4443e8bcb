from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from bricklane.cli.history import command
from bricklane.errors import BricklaneError, ExitCode


def test_a_target_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "databricks.yml").write_text("bundle: {name: s}\ntargets: {dev: {}, prod: {}}\n")
    monkeypatch.chdir(tmp_path)
    error = CliRunner().invoke(command, ["--target", "staging"]).exception
    assert isinstance(error, BricklaneError)
    assert error.message == "there is no target 'staging'"
    assert (error.hint, error.exit_code) == ("targets: dev, prod", ExitCode.USAGE)
