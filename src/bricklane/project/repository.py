"""The few things that making and updating a project ask of git, as commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bricklane.errors import BricklaneError
from bricklane.process import Command, CommandFailed, Result, run


def git(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
    allowed: frozenset[int] = frozenset({0}),
) -> Result:
    """Run git in ``folder``.

    Args:
        folder: a working tree, or where one is to be.
        arguments: of git.
        environment: added to that of this process.
        text: for its standard input.
        allowed: exit statuses that are no failure.

    Raises:
        CommandFailed: for any other exit status.
    """
    command = Command(("git", *arguments), folder, environment=environment or {}, input=text)
    return run(command, allowed=allowed)


def ensure_identity(folder: Path) -> None:
    """Check that git knows whose commits these will be.

    Raises:
        BricklaneError: with the two commands that tell it.
    """
    try:
        git(folder, "var", "GIT_AUTHOR_IDENT")
        git(folder, "var", "GIT_COMMITTER_IDENT")
    except CommandFailed:
        raise BricklaneError(
            "git does not know who you are, so it cannot make the first commit",
            hint=(
                'git config --global user.name "Your Name"\n'
                "git config --global user.email you@example.com"
            ),
        ) from None


def commit_all(folder: Path, message: str, main: str, develop: str) -> None:
    """Make a repository of ``folder``: everything in one commit, on two branches.

    Args:
        folder: what is in it is committed.
        message: of the commit.
        main: the branch of production.
        develop: the branch of what comes next; it is checked out.

    Raises:
        CommandFailed: when git refuses.
    """
    git(folder, "init", "--quiet", f"--initial-branch={main}")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", f"--message={message}")
    git(folder, "switch", "--quiet", "--create", develop)
