"""One cloud without Spark for all flows of a module, and the clones they begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows import scenes
from tests.flows.harness import Stage, open_stage


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("flows")) as opened:
        yield opened


@pytest.fixture(scope="package")
def plain(stage: Stage) -> Path:
    """Return a clone with 0.1.0 in production and work on develop."""
    return scenes.plain(stage.folder / "templates")


@pytest.fixture(scope="package")
def automated(stage: Stage, plain: Path) -> Path:
    """Return a clone whose branches have the workflows that a draft starts."""
    return scenes.with_workflows(plain, stage.folder)


@pytest.fixture(scope="package")
def drafted(stage: Stage, plain: Path) -> Path:
    """Return a clone with release/0.2.0 drafted beside."""
    return scenes.after(stage, plain, "drafted", "release", "draft", "--minor")
