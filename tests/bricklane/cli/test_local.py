from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from bricklane.cli.local import become, hand_over_tools, require_extra
from bricklane.errors import BricklaneError, ExitCode

MAIN = "from bricklane.cli.main import main; main()"


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """An environment whose cache is empty, where Java is found and the user named an act."""
    home = tmp_path / "jvm"
    for folder in ("bin", "lib"):
        (home / folder).mkdir(parents=True)
    (home / "lib" / "modules").touch()
    (home / "release").write_text('JAVA_VERSION="17.0.1"\n', "utf-8")
    (home / "bin" / "java").write_text("#!/bin/sh\n", "utf-8")
    (home / "bin" / "java").chmod(0o755)
    return {
        "PATH": str(tmp_path / "empty"),
        "JAVA_HOME": str(home),
        "BRICKLANE_CACHE_DIR": str(tmp_path / "cache"),
        "BRICKLANE_LOCAL_ACT": "/opt/act",
    }


@pytest.mark.parametrize("words", [["local", "--help"], ["local"]])
def test_help_is_that_of_the_local_cloud(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *words], capture_output=True, text=True, check=False
    )

    shown = done.stdout + done.stderr
    assert "Usage: bricklane local [OPTIONS] COMMAND [ARGS]..." in shown
    for name in ("up", "status", "logs", "reset", "down"):
        assert f"\n  {name} " in shown


def test_options_arguments_and_exit_code_pass_through(tmp_path: Path) -> None:
    state = tmp_path / "state"

    done = subprocess.run(
        [sys.executable, "-c", MAIN, "local", "status", "--state", str(state)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == (f"not running (state: {state})\n", 3)


def test_found_tools_are_handed_over_and_nothing_is_installed(tools: dict[str, str]) -> None:
    hand_over_tools(["status"], tools)

    assert tools["BRICKLANE_LOCAL_JAVA"] == tools["JAVA_HOME"]
    assert "BRICKLANE_LOCAL_SPARK" not in tools
    assert not Path(tools["BRICKLANE_CACHE_DIR"]).exists()


@pytest.mark.parametrize("name", ["up", "reset"])
def test_commands_that_compute_install_what_is_missing(
    tools: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)  # so that the installation begins, and ends early

    with pytest.raises(
        BricklaneError, match=r"^spark 4\.1\.1 could not be installed: .*uv"
    ) as caught:
        hand_over_tools([name], tools)

    assert "pip install 'bricklane[local]'" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "words",
    [
        ["up", "--spark", "/opt/spark"],
        ["up", "--spark=/opt/spark"],
        ["up", "--help"],
        ["reset", "-h"],
        [],
    ],
)
def test_nothing_is_installed_that_was_not_asked_for(
    tools: dict[str, str], words: list[str]
) -> None:
    hand_over_tools(words, tools)

    assert "BRICKLANE_LOCAL_SPARK" not in tools
    assert not Path(tools["BRICKLANE_CACHE_DIR"]).exists()


def test_what_the_user_set_stays(tools: dict[str, str]) -> None:
    tools |= {"BRICKLANE_LOCAL_SPARK": "/opt/spark", "BRICKLANE_LOCAL_JAVA": "/opt/jdk"}

    hand_over_tools(["up"], tools)

    assert tools["BRICKLANE_LOCAL_SPARK"] == "/opt/spark"
    assert tools["BRICKLANE_LOCAL_JAVA"] == "/opt/jdk"


def test_the_extra_is_installed_here() -> None:
    require_extra()


def test_without_the_extra_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = metadata.version

    def version(name: str) -> str:
        if name == "uvicorn":
            raise metadata.PackageNotFoundError(name)
        return "0.1" if name == "starlette" else versions(name)

    monkeypatch.setattr(metadata, "version", version)

    with pytest.raises(BricklaneError) as caught:
        require_extra()

    assert caught.value.message.startswith("the local cloud is not installed: starlette>=")
    assert caught.value.message.endswith(" (found 0.1), uvicorn missing")
    assert caught.value.hint == "pip install 'bricklane[local]'"
    assert caught.value.exit_code is ExitCode.LOCAL_CLOUD


def test_the_process_becomes_the_other_program() -> None:
    other = (
        "import os, signal; print(os.getpid(), os.environ['ONLY'], len(os.environ), flush=True);"
        "os.kill(os.getpid(), signal.SIGTERM)"
    )
    code = (
        "import os, sys; from bricklane.cli.local import become; print(os.getpid(), flush=True);"
        f"become([sys.executable, '-c', {other!r}], {{'ONLY': 'this', 'LC_ALL': 'C.UTF-8'}})"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    before, after = done.stdout.splitlines()
    assert after == f"{before} this 2"
    assert done.returncode == -signal.SIGTERM


def test_without_exec_the_exit_code_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")

    with pytest.raises(SystemExit) as caught:
        become([sys.executable, "-c", "raise SystemExit(7)"], dict(os.environ))

    assert caught.value.code == 7
