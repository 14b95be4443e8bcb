"""A repository on a real forge, with history, for the tests of the forge protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bricklane.forge.github.adapter import GitHub
from tests.flows.cloud import REVIEWER, Clone, LocalCloud, new_clone, tool

WORKFLOW = """\
name: greet
on:
  workflow_dispatch:
    inputs:
      who: {type: string, default: nobody}
permissions: {}
jobs:
  first:
    runs-on: ubuntu-latest
    steps:
      - run: echo "hello $WHO"
        env: {WHO: "${{ inputs.who }}"}
  second:
    needs: first
    environment: guarded
    runs-on: ubuntu-latest
    steps:
      - run: echo "let in"
"""


@dataclass(frozen=True)
class World:
    """A repository with history: main, and develop one commit ahead."""

    cloud: LocalCloud
    name: str
    clone: Clone
    forge: GitHub
    reviewer: GitHub

    def branch(self, name: str, start: str, files: Mapping[str, str]) -> str:
        """Push a branch of one commit on ``start`` and return its head."""
        self.clone.git("checkout", "--quiet", "-B", name, start)
        sha = self.clone.commit(f"feat: {name}", files)
        self.clone.git("push", "--quiet", "origin", name)
        return sha


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    """Start a cloud with its forge, and make a repository; both end with the block."""
    cloud = LocalCloud(folder / "state").up("--act", tool("act"))
    try:
        name = cloud.create("flights")
        clone = new_clone(cloud, name, folder / "clone")
        clone.commit(
            "chore: begin", {"README.md": "hello\n", ".github/workflows/greet.yml": WORKFLOW}
        )
        clone.git("push", "--quiet", "origin", "main")
        clone.git("checkout", "--quiet", "-b", "develop")
        clone.commit("feat: more", {"more.txt": "more\n"})
        clone.git("push", "--quiet", "origin", "develop")
        forges = cloud.forge(name), cloud.forge(name, REVIEWER)
        yield World(cloud, name, clone, *forges)
        for forge in forges:
            forge.api.close()
    finally:
        cloud.down()
