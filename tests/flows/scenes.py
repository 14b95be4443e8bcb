"""The project that the flows are played with, and clones of it at several moments."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bricklane.delivery import records
from bricklane.forge.model import DeploymentState, EnvironmentRules, MergeMethod
from tests.flows.cloud import PERSON, REVIEWER
from tests.flows.harness import Scene, Stage, World

BUNDLE = """\
bundle:
  name: flights
targets:
  dev:
    mode: development
    default: true
  staging:
    mode: production
    workspace: {root_path: /Workspace/Shared/flights/staging}
  prod:
    mode: production
    workspace: {root_path: /Workspace/Shared/flights/prod}
resources:
  jobs:
    greet:
      name: greet
      tasks:
        - task_key: hello
          notebook_task: {notebook_path: ./hello.py}
"""
# What is killed here is delivery; the bundle is as small as can be.
POLICY = """\
[policy]
run-as = "off"
permissions = "off"
alerts = "off"
timeout = "off"
tags = "off"
"""
FILES = {
    "databricks.yml": BUNDLE,
    "bricklane.toml": POLICY,
    "hello.py": "# Databricks notebook source\nprint('hello')\n",
    "pyproject.toml": '[project]\nname = "flights"\nversion = "0.1.0"\n',
    "CHANGELOG.md": "# Changelog\n",
    ".gitignore": ".databricks/\n",
}
# What a draft starts when it is made with a workflow's own token; nothing else starts it here.
STARTED = """\
on: workflow_dispatch
permissions: {}
jobs:
  only:
    runs-on: ubuntu-latest
    environment: staging
    steps:
      - run: echo started
"""
NOTHING: tuple[str, ...] = ()


@dataclass(frozen=True)
class Builder:
    """Makes a clone by plain git, with no forge yet."""

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> Builder:
        """Return the builder of a new clone."""
        folder.mkdir(parents=True)
        builder = cls(folder)
        builder.git("init", "--quiet", "--initial-branch", "main")
        builder.git("remote", "add", "origin", "http://127.0.0.1:9/nobody/nothing.git")
        return builder

    @classmethod
    def of(cls, folder: str | Path) -> Builder:
        """Return the builder that goes on with a clone."""
        return cls(Path(folder))

    def git(self, *arguments: str) -> str:
        """Run git and return its output."""
        environment = {**os.environ, **PERSON}
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, check=True, timeout=60,
            capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def commit(self, message: str, files: dict[str, str]) -> None:
        """Write files and commit them."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def publish(self, *branches: str) -> None:
        """Mark branches as those that the forge gets."""
        for branch in branches:
            self.git("update-ref", f"refs/remotes/origin/{branch}", branch)


def plain(folder: Path) -> Path:
    """Return a clone with 0.1.0 in production, two commits more on develop, and an urgent fix."""
    builder = Builder.new(folder / "plain")
    builder.commit("chore: begin", FILES)
    builder.git("tag", "--annotate", "0.1.0", "--message", "Release 0.1.0")
    builder.git("checkout", "--quiet", "-b", "fix/urgent")
    builder.commit("fix: greet politely", {"hello.py": FILES["hello.py"].replace("'h", "'H")})
    builder.git("checkout", "--quiet", "-b", "develop", "main")
    builder.commit("feat: count the flights", {"count.py": "COUNT = 1\n"})
    builder.commit("fix: count them all", {"count.py": "COUNT = 2\n"})
    builder.publish("main", "develop", "fix/urgent")
    return builder.folder


def with_workflows(template: Path, folder: Path) -> Path:
    """Return a clone whose branches have the workflows that a draft starts."""
    builder = Builder.of(shutil.copytree(template, folder / "workflows"))
    files = {
        f".github/workflows/{name}.yml": STARTED for name in ("deploy-staging", "pull-request")
    }
    builder.git("checkout", "--quiet", "main")
    builder.commit("ci: workflows", files)
    builder.git("checkout", "--quiet", "develop")
    builder.git("merge", "--quiet", "--no-edit", "main")
    builder.publish("main", "develop")
    return builder.folder


def hotfix_and_release(template: Path, folder: Path) -> Path:
    """Return a clone with a hotfix beside an open release; ``template`` has the release."""
    builder = Builder.of(shutil.copytree(template, folder / "both"))
    builder.git("checkout", "--quiet", "-b", "hotfix/0.1.1", "origin/main")
    builder.commit("fix: greet politely", {"hello.py": FILES["hello.py"].replace("'h", "'H")})
    builder.publish("hotfix/0.1.1")
    return builder.folder


def with_late_fix(template: Path, folder: Path) -> Path:
    """Return a clone with a fix on the release branch, made after the draft in ``template``."""
    builder = Builder.of(shutil.copytree(template, folder / "late"))
    builder.git("checkout", "--quiet", "-b", "release/0.2.0", "origin/release/0.2.0")
    builder.commit("fix: count from one", {"count.py": "COUNT = 3\n"})
    builder.publish("release/0.2.0")
    return builder.folder


def on_feature(template: Path, folder: Path) -> Path:
    """Return a clone in which a feature is checked out that nobody else has seen."""
    builder = Builder.of(shutil.copytree(template, folder / "feature"))
    builder.git("checkout", "--quiet", "-b", "feature/delays", "develop")
    builder.commit("feat: delays", {"delays.py": "DELAYS = ()\n"})
    return builder.folder


def after(stage: Stage, template: Path, name: str, *words: str) -> Path:
    """Return a clone as it is after a command line was run in one of ``template``."""
    with stage.world(Scene(template, words, NOTHING)) as world:
        world.succeed(*words)
        world.clone.git("fetch", "--quiet", "--tags", "origin")
        return Path(shutil.copytree(world.clone.folder, stage.folder / name, symlinks=True))


def with_pull_request(head: str, base: str, title: str) -> Callable[[World], None]:
    """Return what opens a pull request, whose number the world remembers as ``number``."""

    def arrange(world: World) -> None:
        made = world.forge.create_pull_request(head=head, base=base, title=title, body="Please.")
        world.memory["number"] = made.number
        world.memory["head"] = made.head_commit
        world.memory["branch"] = head

    return arrange


def tested(world: World) -> None:
    """Write down that staging tested the head of the pull request green."""
    commit, branch = world.memory["head"], world.memory["branch"]
    content = records.Content(branch.partition("/")[2], world.forge.tree(commit), {})
    newest = next(records.records(world.forge, "staging"), None)
    number = records.begin(world.forge, "staging", commit, branch, content, newest)
    state = DeploymentState.SUCCESS
    records.mark(world.forge, number, "staging", commit, state, "tested", content)


def reviewed(world: World) -> None:
    """Let runs wait before they enter staging, so that none is over before it is looked at."""
    world.forge.save_environment("staging", EnvironmentRules(reviewers=(REVIEWER,)))


def merged(world: World) -> None:
    """Merge the pull request and check its merge commit out, as a workflow does."""
    number, head = world.memory["number"], world.memory["head"]
    commit = world.forge.merge_pull_request(number, method=MergeMethod.MERGE, head_commit=head)
    world.memory["merge"] = commit
    world.clone.git("fetch", "--quiet", "origin")
    world.clone.git("checkout", "--quiet", "--detach", commit)


def in_order(*parts: Callable[[World], None]) -> Callable[[World], None]:
    """Return what arranges one thing after the other."""

    def arrange(world: World) -> None:
        for part in parts:
            part(world)

    return arrange
