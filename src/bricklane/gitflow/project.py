"""A project as the flows see it: its clone, its forge, and how it names branches and tags."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath

from bricklane.errors import BricklaneError, ExitCode
from bricklane.forge.protocol import Forge
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import Kind, Kinds, kinds_of
from bricklane.gitflow.people import BOT
from bricklane.gitflow.remote import RemoteRefs, refs
from bricklane.gitflow.versions import TagFormat
from bricklane.project.settings import Settings


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Project:
    """What every flow needs.

    Args:
        settings: of the project.
        git: the clone.
        connect: returns the repository on the forge; asked when it is needed, for it needs a token.
        kinds: of branches.
        tags: how tags write versions.
        now: the clock.
    """

    settings: Settings
    git: Git
    connect: Callable[[], Forge]
    kinds: Kinds
    tags: TagFormat
    now: Callable[[], datetime] = _now

    @classmethod
    def of(cls, settings: Settings, git: Git, forge: Forge) -> Project:
        """Return the project, its names checked.

        Raises:
            BricklaneError: when settings name branches or tags in a way that cannot work.
        """
        tags = TagFormat(settings.gitflow.tag)
        return cls(settings, git, lambda: forge, kinds_of(settings.gitflow), tags)

    @property
    def forge(self) -> Forge:
        """The repository on the forge.

        Raises:
            BricklaneError: when it is not known which one it is, or there is no token for it.
        """
        return self.connect()

    @property
    def folder(self) -> PurePosixPath:
        """The folder of the project, from the top of the repository."""
        inside = self.settings.root.resolve().relative_to(self.git.top.resolve())
        return PurePosixPath(inside.as_posix())

    def tracking(self, branch: str) -> str:
        """Return the reference that follows the forge's ``branch`` in this clone."""
        return f"refs/remotes/{self.git.remote}/{branch}"

    def observe(self, *needed: str) -> RemoteRefs:
        """Return the branches and tags of the remote.

        Args:
            needed: branches without which the flow cannot begin.

        Raises:
            BricklaneError: when the remote cannot be reached, or lacks one of them.
        """
        seen = refs(self.git)
        for branch in needed:
            if branch not in seen.branches:
                raise BricklaneError(
                    f"the remote {self.git.remote} has no branch {branch}",
                    hint=f"create it: git push {self.git.remote} HEAD:refs/heads/{branch}\n"
                    "or name the right one in bricklane.toml: [gitflow] main, develop",
                    exit_code=ExitCode.CONFIG,
                )
        return seen

    def kind_of_version_branch(self, branch: str) -> Kind:
        """Return the kind of a branch that becomes a version.

        Raises:
            BricklaneError: when ``branch`` is of no such kind.
        """
        kind = self.kinds.of_branch(branch)
        if kind is None or not kind.tag:
            prefixes = ", ".join(f"{kind.prefix}*" for kind in self.kinds.releasing())
            raise BricklaneError(
                f"{branch} does not become a version: it is none of {prefixes}",
                exit_code=ExitCode.USAGE,
            )
        return kind

    def acts_as_workflow(self) -> bool:
        """Return whether the forge's token is a workflow's own.

        What is done with such a token starts no workflows, except by dispatch:
        https://docs.github.com/actions/security-for-github-actions/security-guides/automatic-token-authentication
        """
        return bool(os.environ.get("CI")) and self.forge.login() == BOT[0]


def open_project(start: Path) -> Project:
    """Return the project that ``start`` is in.

    Raises:
        BricklaneError: when there is none, its settings are wrong, or git is too old.
    """
    from bricklane.forge.opening import git_environment, git_secrets, open_forge
    from bricklane.project.loading import load

    settings = load(start)
    environment = git_environment(settings)
    git = Git.open(settings.root, settings.gitflow.remote, environment, git_secrets(environment))
    connect = cache(lambda: open_forge(settings))
    tags = TagFormat(settings.gitflow.tag)
    return Project(settings, git, connect, kinds_of(settings.gitflow), tags)
