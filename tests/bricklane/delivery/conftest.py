from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bricklane.delivery.clone import commit
from bricklane.delivery.world import Deployment, Options
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import kinds_of
from bricklane.project.bundlefile import Artifact, Bundle, BundleTarget
from bricklane.project.settings import Settings, TargetSettings
from tests.bricklane.delivery.memory import DeliveryForge
from tests.bricklane.gitflow.conftest import git

FROM_OUTSIDE = (
    "CI",
    "DATABRICKS_AUTH_TYPE",
    "DATABRICKS_CLIENT_ID",
    "DATABRICKS_CLIENT_SECRET",
    "DATABRICKS_CONFIG_FILE",
    "DATABRICKS_CONFIG_PROFILE",
    "DATABRICKS_HOST",
    "DATABRICKS_TOKEN",
)


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither git nor the CLI reads settings of this machine's user, and this is no workflow."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\nname = Dev\nemail = dev@example.com\n[init]\ndefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    import os

    for name in os.environ:
        if name in FROM_OUTSIDE or name.startswith("GITHUB_"):
            monkeypatch.delenv(name)


@pytest.fixture
def clone(tmp_path: Path) -> Git:
    """A clone with one commit on ``main``, and its remote."""
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "file.txt").write_text("one\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1.2.0"\n')
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(tmp_path, "clone", "-q", "--bare", str(folder), "bare.git")
    git(folder, "remote", "add", "origin", str(tmp_path / "bare.git"))
    git(folder, "fetch", "-q", "origin")
    return Git.open(folder, "origin")


@pytest.fixture
def forge(tmp_path: Path, clone: Git) -> DeliveryForge:
    return DeliveryForge(tmp_path / "bare.git")


TARGETS = {
    "dev": BundleTarget("dev", mode="development", default=True),
    "staging": BundleTarget("staging", mode="production"),
    "prod": BundleTarget("prod", mode="production"),
}
LEVELS = {
    "dev": TargetSettings(),
    "staging": TargetSettings(tests=("e2e",)),
    "prod": TargetSettings(),
}

Make = Callable[..., Deployment]


@pytest.fixture
def make(clone: Git, forge: DeliveryForge) -> Make:
    def build(target: str = "staging", branch: str = "release/1.0.0", **more: Any) -> Deployment:
        settings = Settings(root=clone.top, bundle="shop", targets=LEVELS, tests={"e2e": "true"})
        file = Bundle(
            clone.top / "databricks.yml", "shop", TARGETS, {"shop": Artifact("shop", "whl")}
        )
        values: dict[str, Any] = {
            "settings": settings,
            "file": file,
            "target": TARGETS[target],
            "git": clone,
            "kinds": kinds_of(settings.gitflow),
            "source": commit(clone),
            "branch": branch,
            "options": Options(),
            "environment": {},
            "forge": forge,
            "ci": None,
            "say": lambda _: None,
            "stack": ExitStack(),
        }
        return Deployment(**{**values, **more})

    return build
