"""Projects made without a network, and the commits of someone."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bricklane.project import scaffold

Git = Callable[..., str]


@pytest.fixture(scope="module", autouse=True)
def identity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make commits as a team member, whatever the machine's own settings are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path_factory.getbasetemp() / "no-gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Team Member")
            patch.setenv(f"GIT_{role}_EMAIL", "member@example.com")
        yield


@pytest.fixture(scope="module", autouse=True)
def unlocked() -> Iterator[None]:
    """Leave ``uv lock`` out, which needs a package index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaffold, "_lock", lambda _: "there is no network")
        yield


@pytest.fixture
def git() -> Git:
    """Return a function that runs git in a folder and returns what it prints."""

    def run(folder: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run
