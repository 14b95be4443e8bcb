"""Where the token comes from: the environment, else the tools in which the user is signed in."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bricklane.errors import BricklaneError
from bricklane.process import Command, Result, run

# Asking for a password would wait for somebody who is not there.
SILENT = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never"}
ASKERS = frozenset({"GIT_ASKPASS", "SSH_ASKPASS"})
SECONDS = 10.0


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A token and where it came from; shows as the latter only.

    Args:
        value: the secret.
        source: for messages, such as ``the environment variable GITHUB_TOKEN``.
    """

    value: str
    source: str

    def __repr__(self) -> str:
        return f"Token(source={self.source!r})"


def find_token(variable: str, origin: str, directory: Path) -> Token | None:
    """Return the token for the web server at ``origin``, or None.

    Args:
        variable: name of the environment variable that holds it.
        origin: root of the web server, such as ``https://github.com/``.
        directory: where git's settings are read.
    """
    value = os.environ.get(variable, "").strip()
    if value:
        return Token(value, f"the environment variable {variable}")
    return _of_gh(origin, directory) or _of_git(origin, directory)


def _of_gh(origin: str, directory: Path) -> Token | None:
    """Return what GitHub's command line is signed in with.

    https://cli.github.com/manual/gh_auth_token
    """
    if shutil.which("gh") is None:
        return None
    host = origin.partition("://")[2].rstrip("/")
    command = Command(("gh", "auth", "token", "--hostname", host), directory, timeout=SECONDS)
    value = _asked(command).output.strip()
    return Token(value, f"`gh auth token --hostname {host}`") if value else None


def _of_git(origin: str, directory: Path) -> Token | None:
    """Return the password that git's credential helpers have for ``origin``.

    https://git-scm.com/docs/git-credential
    """
    command = Command(
        ("git", "-c", "credential.interactive=false", "credential", "fill"),
        directory,
        environment=SILENT,
        remove=ASKERS,
        input=f"url={origin}\n\n",
        timeout=SECONDS,
    )
    lines = _asked(command).output.splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    value = fields.get("password", "")
    return Token(value, f"git's credential helper for {origin}") if value else None


def _asked(command: Command) -> Result:
    """Run a program that may know nothing; that it does not is no error, and is shown nowhere."""
    try:
        return run(command, allowed=frozenset(range(-64, 256)))
    except BricklaneError:  # It cannot be started, or waits for somebody.
        return Result(1, "", "")
