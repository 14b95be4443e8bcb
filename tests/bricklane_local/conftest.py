"""A local cloud for tests: its server in a process of its own, reached as clients reach it."""

from __future__ import annotations

import configparser
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from databricks.sdk import AccountClient, WorkspaceClient


@dataclass(frozen=True)
class Server:
    """A local cloud in a state folder of its own.

    Args:
        state: the folder.
    """

    state: Path

    def local(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``bricklane local`` with ``arguments`` on this cloud."""
        command = [
            sys.executable,
            "-m",
            "bricklane_local",
            arguments[0],
            "--state",
            str(self.state),
        ]
        return subprocess.run(
            [*command, *arguments[1:]], capture_output=True, text=True, check=check, timeout=300
        )

    def up(self, *arguments: str) -> Server:
        """Start the server on a free port."""
        self.local("up", "--port", "0", *arguments)
        return self

    @property
    def profile(self) -> configparser.SectionProxy:
        """The profile that clients use."""
        return self.profile_of("dev")

    def profile_of(self, workspace: str) -> configparser.SectionProxy:
        """The profile of a workspace."""
        config = configparser.ConfigParser(interpolation=None)
        config.read(self.state / "config")
        return config[workspace]

    @property
    def host(self) -> str:
        """The URL of the workspace."""
        return self.profile["host"]

    def client(self, workspace: str = "dev") -> WorkspaceClient:
        """Return the SDK's client of a workspace, for its administrator."""
        from databricks.sdk import WorkspaceClient
        from databricks.sdk.config import Config

        profile = self.profile_of(workspace)
        config = Config(
            host=profile["host"], token=profile["token"], auth_type="pat", rate_limit=1000
        )
        return WorkspaceClient(config=config)

    def machine(
        self, client_id: str, client_secret: str, workspace: str = "dev"
    ) -> WorkspaceClient:
        """Return the SDK's client of a workspace, for a service principal."""
        from databricks.sdk import WorkspaceClient
        from databricks.sdk.config import Config

        config = Config(
            host=self.profile_of(workspace)["host"],
            client_id=client_id,
            client_secret=client_secret,
            auth_type="oauth-m2m",
            rate_limit=1000,
        )
        return WorkspaceClient(config=config)

    def account(self, **credentials: str) -> AccountClient:
        """Return the SDK's client of the account, for its administrator or for ``credentials``."""
        from databricks.sdk import AccountClient
        from databricks.sdk.config import Config

        profile = self.profile_of("account")
        names = ("client_id", "client_secret")
        config = Config(
            host=profile["host"],
            account_id=profile["account_id"],
            auth_type="oauth-m2m",
            rate_limit=1000,
            **(credentials or {name: profile[name] for name in names}),
        )
        return AccountClient(config=config)

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Send one request as the administrator."""
        headers = {"Authorization": f"Bearer {self.profile['token']}"}
        headers |= arguments.pop("headers", {})
        return requests.request(method, self.host + path, headers=headers, timeout=60, **arguments)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running cloud without Spark, shared by the tests of a module."""
    found = Server(tmp_path_factory.mktemp("cloud") / "state").up()
    yield found
    found.local("down")


@pytest.fixture(scope="session")
def compute() -> list[str]:
    """The options that give a cloud its Spark, which ``make test`` has installed before."""
    options = []
    for tool in ("spark", "java"):
        command = [str(Path(sys.executable).with_name("bricklane")), "tools", "path", tool]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        options += [f"--{tool}", found.stdout.strip()]
    return options


@pytest.fixture(scope="session")
def start() -> Callable[..., Server]:
    """Start a cloud: ``start(state, *options)``."""
    return lambda state, *options: Server(state).up(*options)


@pytest.fixture(scope="session")
def cloud_in() -> Callable[[Path], Server]:
    """Name a cloud by its state folder, without starting it."""
    return Server


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """A cloud that has not been started yet, for tests that stop, kill or break it."""
    found = Server(tmp_path / "state")
    yield found
    found.local("down")


@pytest.fixture(scope="module")
def client(server: Server) -> WorkspaceClient:
    """The SDK's client of the shared cloud."""
    return server.client()


@pytest.fixture
def later(server: Server) -> Iterator[Callable[[int], None]]:
    """Move the cloud's clock so many milliseconds ahead: ``later(60_000)``."""
    ahead = 0

    def move(milliseconds: int) -> None:
        nonlocal ahead
        ahead += milliseconds
        body = {"milliseconds": milliseconds}
        server.request("POST", "/_bricklane/clock", json=body).raise_for_status()

    yield move
    server.request("POST", "/_bricklane/clock", json={"milliseconds": -ahead}).raise_for_status()
