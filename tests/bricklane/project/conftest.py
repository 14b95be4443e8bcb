"""Projects made without a network, and the commits of someone."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bricklane.project import scaffold

Git = Callable[..., str]


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make commits as a team member, whatever the machine's own settings are."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Team Member")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "member@example.com")


@pytest.fixture(autouse=True)
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave ``uv lock`` out, which needs a package index."""
    monkeypatch.setattr(scaffold, "_lock", lambda _: "there is no network")


@pytest.fixture
def git() -> Git:
    """Return a function that runs git in a folder and returns what it prints."""

    def run(folder: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run
