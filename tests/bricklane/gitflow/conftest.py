from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bricklane.forge.model import MergeMethod, PullRequest
from bricklane.gitflow.flows import drafting, publishing
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import HOTFIX, RELEASE, Bump
from bricklane.gitflow.project import Project
from bricklane.project.settings import GitFlowSettings, Settings
from tests.bricklane.gitflow.flowing import Log, walk
from tests.bricklane.gitflow.forge import MemoryForge

PYPROJECT = """[project]
name = "flights"
version = "0.0.0"  # raised by releases
dependencies = ["rich"]

[tool.other]
version = "9.9.9"
"""
LOCK = """version = 1

[[package]]
name = "flights"
version = "0.0.0"
source = { editable = "." }

[[package]]
name = "rich"
version = "14.0.0"
source = { registry = "https://pypi.org/simple" }
"""


def git(folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def _own_git_config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Git reads no settings of this machine's user."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\nname = Dev\nemail = dev@example.com\n[init]\ndefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_ACTOR", "GITHUB_ACTOR_ID", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Team:
    """A repository on a forge, a clone of it, and what people do there."""

    folder: Path
    forge: MemoryForge
    settings: GitFlowSettings = field(default_factory=GitFlowSettings)
    inside: str = ""
    clone: Path = Path()

    def __post_init__(self) -> None:
        self.clone = self.folder / "clone"

    def project(self, clone: Path | None = None) -> Project:
        top = clone or self.clone
        settings = Settings(root=top / self.inside, bundle="flights", gitflow=self.settings)
        return Project.of(settings, Git.open(top / self.inside, "origin"), self.forge)

    def second_clone(self, name: str = "other", *options: str) -> Path:
        git(self.folder, "clone", "-q", *options, self.forge.bare.as_uri(), name)
        return self.folder / name

    def merge(self, pull_request: PullRequest, method: MergeMethod = MergeMethod.MERGE) -> str:
        now = self.forge.pull_request(pull_request.number)
        assert now is not None
        return self.forge.merge_pull_request(now.number, method=method, head_commit=now.head_commit)

    def push_change(
        self, branch: str, file: str, text: str, message: str, start: str = "develop"
    ) -> str:
        """Commit a file to a branch on the forge from a clone of somebody else's."""
        other = self.folder / "colleague"
        if not other.exists():
            self.second_clone("colleague")
        git(other, "fetch", "-q", "--prune")
        exists = self.forge.branch(branch) is not None
        git(other, "switch", "-q", "-C", branch, f"origin/{branch if exists else start}")
        (other / file).parent.mkdir(parents=True, exist_ok=True)
        (other / file).write_text(text)
        git(other, "add", "--all")
        git(other, "commit", "-q", "-m", message)
        git(other, "push", "-q", "origin", branch)
        return git(other, "rev-parse", "HEAD")

    def pull(
        self, branch: str, file: str, text: str, message: str, base: str = "develop"
    ) -> PullRequest:
        self.push_change(branch, file, text, message, start=base)
        return self.forge.create_pull_request(
            head=branch, base=base, title=message.partition("\n")[0], body=""
        )

    def feature(self, name: str, message: str = "") -> None:
        """Merge a feature into develop."""
        self.merge(
            self.pull(f"feature/{name}", f"{name}.txt", f"{name}\n", message or f"feat: {name}")
        )

    def draft(self, bump: Bump = Bump.MINOR, clone: Path | None = None) -> drafting.DraftWorld:
        project = self.project(clone)
        world = drafting.prepare_release(project, project.kinds.named(RELEASE), bump)
        walk(drafting.steps_of(world), world)
        return world

    def hotfix(self, number: int | None = None) -> tuple[drafting.DraftWorld, Log]:
        project = self.project()
        kind = project.kinds.named(HOTFIX)
        world = drafting.prepare_hotfix(project, kind, Bump.PATCH, number)
        return world, walk(drafting.steps_of(world), world)

    def publish(self, pull_request: PullRequest) -> publishing.PublishWorld:
        """Merge as the gate would, and do what follows the deployment."""
        self.merge(pull_request)
        world = publishing.prepare_merged(self.project(), pull_request.number)
        walk(publishing.finish_of(world.project), world)
        return world

    def release(self, bump: Bump = Bump.MINOR) -> publishing.PublishWorld:
        """Draft and publish, and merge the back-merge."""
        drafted = self.draft(bump).pull_request()
        assert drafted is not None
        world = self.publish(drafted)
        for found in list(self.forge.pull_requests(head=f"back-merge/{world.version}")):
            self.merge(found)
        return world

    def show(self, revision: str) -> str:
        return self.forge.git("show", revision)


@pytest.fixture(scope="session")
def _seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seed")
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "Dev"), ("EMAIL", "dev@example.com"))
    }
    git(folder, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(folder, "init", "-q", "-b", "main", "first")
    first = folder / "first"
    (first / "pyproject.toml").write_text(PYPROJECT)
    (first / "uv.lock").write_text(LOCK)
    git(first, "add", ".")
    git(first, "commit", "-q", "-m", "chore: begin", **who)
    for branch in ("main", "develop"):
        git(first, "push", "-q", "../origin.git", f"HEAD:refs/heads/{branch}")
    return folder / "origin.git"


@pytest.fixture
def team(_seed: Path, tmp_path: Path, _own_git_config: None) -> Team:
    bare = tmp_path / "origin.git"
    shutil.copytree(_seed, bare)
    forge = MemoryForge(bare)
    forge.protect()
    git(tmp_path, "clone", "-q", bare.as_uri(), "clone")
    return Team(tmp_path, forge)
