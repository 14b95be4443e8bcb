"""Access to a running forge for tests, and what they do over and over."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import requests
from github import Auth, Github, GithubException

if TYPE_CHECKING:
    from pathlib import Path

    from github.Repository import Repository

    from conftest import Server

COUNTER = itertools.count(1)


@dataclass(frozen=True)
class Desk:
    """Access to a running forge.

    Args:
        url: of the forge.
        tokens: login → token.
        state: the cloud's state folder.
    """

    url: str
    tokens: dict[str, str]
    state: Path

    @classmethod
    def of(cls, server: Server) -> Desk:
        """Return access to the forge of a running cloud."""
        body = orjson.loads((server.state / "forge.json").read_bytes())
        return cls(body["url"], body["users"], server.state)

    @property
    def api(self) -> str:
        """The URL of the REST API."""
        return f"{self.url}/api/v3"

    def client(self, login: str = "developer", token: str = "") -> Github:
        """Return PyGithub as its users make it, but for its pauses and retries."""
        return Github(
            base_url=self.api,
            auth=Auth.Token(token or self.tokens[login]),
            seconds_between_requests=0,
            seconds_between_writes=0,
            retry=None,
        )

    def ask(
        self, method: str, path: str, *, login: str = "developer", token: str = "", **more: Any
    ) -> requests.Response:
        """Send one request to the API; ``path`` starts below it, or is a whole URL."""
        headers = {"Authorization": f"Bearer {token or self.tokens[login]}"}
        headers |= more.pop("headers", {})
        url = path if path.startswith("http") else self.api + path
        return requests.request(method, url, headers=headers, timeout=60, **more)

    def repository(self, *, private: bool = True, **settings: Any) -> Repository:
        """Make a repository with one commit on main, on which the reviewer may act."""
        name = f"flights-{next(COUNTER)}"
        made = (
            self.client().get_user().create_repo(name, private=private, auto_init=True, **settings)
        )
        made.add_to_collaborators("release-manager", "maintain")
        return made

    def token(self, login: str, **body: Any) -> str:
        """Make a further token of an account."""
        answer = self.ask("POST", f"/admin/users/{login}/authorizations", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])


def branch(
    repository: Repository, name: str, path: str = "a.txt", content: str = "a\n", base: str = ""
) -> str:
    """Make a branch with one commit on top of ``base`` or the default branch; return its head."""
    head = repository.get_branch(base or repository.default_branch).commit.sha
    repository.create_git_ref(f"refs/heads/{name}", head)
    made = repository.create_file(path, f"feat: {path}", content, branch=name)
    return str(made["commit"].sha)


def refusal(status: int, message: str = "") -> pytest.RaisesExc[GithubException]:
    """Expect a refusal with a status, and words in its body."""
    return pytest.raises(
        GithubException,
        check=lambda error: error.status == status and message in str(error.data),
    )
