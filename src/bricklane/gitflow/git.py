"""The repository as git knows it: what is asked of git, and how git is started.

Every path is asked of git, so subfolders and linked worktrees work. Nothing here touches the user's
working tree or index.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.people import BOT, person_of_run
from bricklane.process import Command, Result, run

# `git merge-tree --write-tree` came with it (https://git-scm.com/docs/git-merge-tree).
OLDEST = (2, 38)

# Set inside hooks and aliases; they would turn our commands to another repository or index.
INHERITED = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    }
)
# Hooks are for people's own commits and pushes, not for commits that are built beside their work.
NO_HOOKS = ("-c", "core.hooksPath=/dev/null")

LOCAL = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
OK = frozenset({0})
YES_OR_NO = frozenset({0, 1})


@dataclass(frozen=True, slots=True)
class Git:
    """One clone.

    Args:
        top: the top of the working tree.
        remote: the name of the remote that is the forge.
        environment: given to every command; holds the token for the remote.
        secrets: of the environment, kept out of all output.
        complete: whether it is known to have all of its history.
    """

    top: Path
    remote: str = "origin"
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    complete: bool = False

    @classmethod
    def open(
        cls,
        directory: Path,
        remote: str,
        environment: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> Git:
        """Return the clone that ``directory`` is in.

        Raises:
            BricklaneError: when git is missing or too old, or ``directory`` is in no working tree.
        """
        here = cls(directory, remote, dict(environment or {}), tuple(secrets))
        _check_installed(os.environ.get("PATH", ""))
        found = here.run(
            "rev-parse", "--is-shallow-repository", "--show-toplevel", allowed=frozenset({0, 128})
        )
        if found.code != 0:
            said = found.error.strip().removeprefix("fatal: ")
            raise BricklaneError(
                f"{directory} is in no git working tree: {said}",
                hint="run the command inside a clone of the project",
                exit_code=ExitCode.USAGE,
            )
        shallow, _, top = found.output.removesuffix("\n").partition("\n")
        return replace(here, top=Path(top), complete=shallow == "false")

    def command(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002  (as Command has it)
        environment: Mapping[str, str] | None = None,
    ) -> Command:
        """Return the command that runs git with ``arguments`` in this clone."""
        return Command(
            ("git", *arguments),
            self.top,
            {**LOCAL, **self.environment, **(environment or {})},
            remove=INHERITED,
            secrets=self.secrets,
            input=input,
        )

    def run(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002
        environment: Mapping[str, str] | None = None,
        allowed: frozenset[int] = OK,
    ) -> Result:
        """Run git with ``arguments``; the parameters are those of :func:`bricklane.process.run`."""
        return run(self.command(*arguments, input=input, environment=environment), allowed=allowed)

    def text(self, *arguments: str) -> str:
        """Return what git prints, without white space around it."""
        return self.run(*arguments).output.strip()

    def lines(self, *arguments: str) -> list[str]:
        """Return the lines that git prints."""
        return self.run(*arguments).output.splitlines()

    def names(self, *arguments: str) -> list[str]:
        """Return what git prints under ``-z``: names that may hold any character."""
        return [name for name in self.run(*arguments).output.split("\0") if name]

    def commit(self, revision: str) -> str | None:
        """Return the SHA of the commit that ``revision`` names; none when it is not here."""
        found = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
            allowed=frozenset({0, 1, 128}),
        )  # fmt: skip
        return found.output.strip() if found.code == 0 else None

    def tree(self, commit: str) -> str:
        """Return the SHA of the commit's tree."""
        return self.text("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")

    def trees(self, commits: Iterable[str]) -> dict[str, str]:
        """Return the SHA of each commit → that of its tree; commits that are not here are left out.

        One process answers for all.
        """
        asked = list(dict.fromkeys(commits))
        if not asked:
            return {}
        lines = "".join(f"{commit}^{{tree}}\n" for commit in asked)
        answers = self.run("cat-file", "--batch-check=%(objectname)", input=lines).output
        found = zip(asked, answers.splitlines(), strict=True)
        return {commit: tree for commit, tree in found if not tree.endswith(" missing")}

    def parents(self, commit: str) -> list[str]:
        """Return the SHAs of the commit's parents."""
        return self.text("rev-list", "--parents", "--max-count=1", commit).split()[1:]

    def contains(self, descendant: str, ancestor: str) -> bool:
        """Return whether ``ancestor`` is in the history of ``descendant``; both are commits."""
        answer = self.run("merge-base", "--is-ancestor", ancestor, descendant, allowed=YES_OR_NO)
        return answer.code == 0

    def current_branch(self) -> str | None:
        """Return the branch that is checked out; none when HEAD is detached."""
        found = self.run("symbolic-ref", "--quiet", "--short", "HEAD", allowed=YES_OR_NO)
        return found.output.strip() if found.code == 0 else None

    def is_shallow(self) -> bool:
        """Return whether the clone lacks a part of the history."""
        return not self.complete and self.text("rev-parse", "--is-shallow-repository") == "true"

    def local_tags(self) -> list[str]:
        """Return the names of the tags that the clone has."""
        return self.lines("for-each-ref", "--format=%(refname:strip=2)", "refs/tags")

    def local_branches(self) -> list[str]:
        """Return the names of the branches that the clone has."""
        return self.lines("for-each-ref", "--format=%(refname:strip=2)", "refs/heads")

    def setting(self, name: str, *, kind: str = "") -> str | None:
        """Return the value of git's setting ``name``; none when it is not set.

        Args:
            name: such as ``user.email``.
            kind: ``bool`` or ``int`` to have it normalised.
        """
        typed = (f"--type={kind}",) if kind else ()
        found = self.run("config", *typed, "--get", name, allowed=YES_OR_NO)
        return found.output.removesuffix("\n") if found.code == 0 else None

    def identity(self) -> Mapping[str, str]:
        """Return what commits need in their environment so that somebody is their author.

        In a workflow where nobody has told git a name, that is who started it; its bot commits.

        Raises:
            BricklaneError: when git knows no name and this is no workflow's job.
        """
        told = all(
            os.environ.get(f"GIT_{role}_{part.upper()}") or self.setting(f"user.{part}")
            for role in ("AUTHOR", "COMMITTER")
            for part in ("name", "email")
        )
        if told:
            return {}
        if not os.environ.get("CI"):
            raise BricklaneError(
                "git does not know who commits: user.name and user.email are not set",
                hint='git config --global user.name "Your Name"\n'
                "git config --global user.email you@example.com",
                exit_code=ExitCode.CONFIG,
            )
        return {
            f"GIT_{role}_{part}": value
            for role, person in (("AUTHOR", person_of_run(os.environ)), ("COMMITTER", BOT))
            for part, value in zip(("NAME", "EMAIL"), person, strict=True)
        }

    def write_commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        *,
        author: Mapping[str, str] | None = None,
    ) -> str:
        """Write a commit object and return its SHA; no branch moves.

        Signed when the user's settings ask for it.

        Args:
            tree: the SHA of its tree.
            parents: the SHAs of its parents.
            message: whole.
            author: git's variables for another author than who commits.
        """
        signed = ("-S",) if self.setting("commit.gpgSign", kind="bool") == "true" else ()
        return self._commit_tree(
            *signed, tree, *_parents(parents), message=message, environment=author or {}
        )

    def write_passing_commit(self, tree: str, parents: Sequence[str]) -> str:
        """Write a commit that only a computation needs and nobody signs; return its SHA."""
        return self._commit_tree(tree, *_parents(parents), message="passing\n", environment={})

    def _commit_tree(self, *arguments: str, message: str, environment: Mapping[str, str]) -> str:
        written = self.run(
            "commit-tree", *arguments, "-F", "-",
            input=message, environment={**self.identity(), **environment},
        )  # fmt: skip
        return written.output.strip()

    def merge_trees(self, ours: str, theirs: str) -> Merge:
        """Merge two commits without touching anything.

        Source: https://git-scm.com/docs/git-merge-tree (exit status 1 means conflicts).

        Raises:
            CommandFailed: when they have no common history, or git failed.
        """
        merged = self.run(
            "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs,
            allowed=YES_OR_NO,
        )  # fmt: skip
        tree, *conflicts = merged.output.split("\0")
        return Merge(tree, tuple(sorted({name for name in conflicts if name})))


def _parents(commits: Sequence[str]) -> list[str]:
    return [word for commit in commits for word in ("-p", commit)]


@dataclass(frozen=True, slots=True)
class Merge:
    """What merging two commits gives.

    Args:
        tree: the SHA of the merged tree; with conflicts it holds their markers.
        conflicts: paths that need a person, sorted.
    """

    tree: str
    conflicts: tuple[str, ...]


@cache
def _check_installed(path: str) -> None:
    """Check the version of the git on ``path``, once."""
    del path
    check_version(Git(Path.cwd()).text("version"))


def check_version(text: str) -> None:
    """Check that ``text``, printed by ``git version``, names one that is new enough.

    Raises:
        BricklaneError: naming both versions.
    """
    found = re.search(r"(\d+)\.(\d+)", text)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise BricklaneError(
            f"git is too old: {text!r}, wanted {wanted} or newer",
            hint="install a newer git: https://git-scm.com/downloads",
            exit_code=ExitCode.TOOL,
        )


def said_by(result: Result) -> str:
    """Return what git and the remote said, without git's hints to itself."""
    lines = [
        line.removeprefix("remote:").strip()
        for line in (result.error or result.output).splitlines()
        if not line.startswith("hint:")
    ]
    return "\n".join(line for line in lines if line)
