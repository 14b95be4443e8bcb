"""A local cloud with its forge, in a process of its own; repositories on it, clones of them.

Everything is reached as users reach it: the cloud by its program, the forge by HTTP and git.
"""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

from bricklane.forge.github.adapter import GitHub
from bricklane.forge.github.api import Api
from bricklane.forge.github.patience import Patience
from bricklane.forge.opening import git_environment
from bricklane.project.settings import Settings

DEVELOPER = "developer"
REVIEWER = "release-manager"
BOT = "github-actions[bot]"
QUICK = Patience(attempts=4, connections=2, backoff=0.05, longest=5.0, timeout=30)
# Git of the tests knows nothing of the machine's user.
PERSON = {
    "GIT_AUTHOR_NAME": "Dana Developer",
    "GIT_AUTHOR_EMAIL": "dana@example.com",
    "GIT_COMMITTER_NAME": "Dana Developer",
    "GIT_COMMITTER_EMAIL": "dana@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def tool(name: str) -> str:
    """Return the path of a program that ``make test`` has installed before."""
    command = [str(Path(sys.executable).with_name("bricklane")), "tools", "path", name]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=600
    ).stdout.strip()


@dataclass(frozen=True)
class LocalCloud:
    """A local cloud in a state folder of its own.

    Args:
        state: the folder.
    """

    state: Path

    def local(self, *arguments: str) -> str:
        """Run the cloud's program and return its output."""
        command = [sys.executable, "-m", "bricklane_local", arguments[0], "--state", self.state]
        done = subprocess.run(
            [*command, *arguments[1:]], check=False, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def up(self, *options: str) -> LocalCloud:
        """Start it on free ports, or where it was before."""
        self.local("up", "--port", "0", *options)
        return self

    def down(self) -> None:
        """Stop it."""
        self.local("down")

    @property
    def access(self) -> Mapping[str, Any]:
        """What ``local up`` wrote of the forge: its URL, its API, the tokens of its users."""
        found: dict[str, Any] = json.loads((self.state / "forge.json").read_text("utf-8"))
        return found

    def token(self, login: str = DEVELOPER) -> str:
        """Return the token of a user of the forge."""
        return str(self.access["users"][login])

    def ask(
        self, method: str, path: str, body: object = None, login: str = DEVELOPER
    ) -> requests.Response:
        """Send one request to the forge's API, bricklane's client left out."""
        answer = requests.request(
            method,
            self.access["api"] + path,
            json=body,
            headers={"Authorization": f"Bearer {self.token(login)}"},
            timeout=60,
        )
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def control(self, method: str, what: str, body: object = None) -> None:
        """Use one of the cloud's test controls, which its workspaces offer."""
        config = configparser.ConfigParser()
        config.read(self.state / "config")
        answer = requests.request(
            method,
            f"{config['dev']['host']}/_bricklane/{what}",
            json=body,
            headers={"Authorization": f"Bearer {config['dev']['token']}"},
            timeout=60,
        )
        assert answer.status_code < 400, f"{method} {what}: {answer.status_code} {answer.text}"

    def create(self, name: str) -> str:
        """Make an empty repository and return its ``owner/name``."""
        made = self.ask("POST", "/user/repos", {"name": name, "private": True}).json()
        for login in (REVIEWER, BOT):
            path = f"/repos/{made['full_name']}/collaborators/{login}"
            self.ask("PUT", path, {"permission": "push"})
        return str(made["full_name"])

    def issue_token(self, login: str, **settings: object) -> str:
        """Return a new token of a user; settings are ``permissions`` and ``expires_in`` seconds."""
        path = f"/admin/users/{login}/authorizations"
        return str(self.ask("POST", path, {"note": "test", **settings}).json()["token"])

    def remote(self, repository: str) -> str:
        """Return what git clones, without credentials."""
        return f"{self.access['url']}/{repository}.git"

    def forge(self, repository: str, login: str = DEVELOPER) -> GitHub:
        """Return bricklane's client of the repository, acting as a user."""
        return GitHub(Api(self.access["api"], repository, self.token(login), patience=QUICK))


@dataclass(frozen=True)
class Clone:
    """A clone, with a token for its remote.

    Args:
        folder: the working tree.
        token: of whom git acts as.
    """

    folder: Path
    token: str

    @cached_property
    def authentication(self) -> Mapping[str, str]:
        """What lets git in."""
        return git_environment(Settings(root=self.folder, bundle=""), self.token)

    def git(self, *arguments: str, check: bool = True, **environment: str) -> str:
        """Run git and return its output without the last line's end."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            check=False,
            env={**os.environ, **PERSON, **self.authentication, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert not check or done.returncode == 0, f"git {arguments}: {done.stdout}{done.stderr}"
        return done.stdout.rstrip("\n")

    def commit(self, message: str, files: Mapping[str, str] | None = None) -> str:
        """Write files, path → text, commit them and return the SHA."""
        for name, text in (files or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


def new_clone(cloud: LocalCloud, repository: str, folder: Path, login: str = DEVELOPER) -> Clone:
    """Return an empty working tree whose remote is ``repository``."""
    folder.mkdir(parents=True)
    fresh = Clone(folder, "")
    fresh.git("init", "--quiet", "--initial-branch", "main")
    fresh.git("remote", "add", "origin", cloud.remote(repository))
    return Clone(folder, cloud.token(login))
