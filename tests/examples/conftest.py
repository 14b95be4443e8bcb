"""A local cloud for the acceptance tests, and a copy of one bundle folder deployed to it."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

BUNDLES = Path(__file__).parent / "bundles"
BIN = Path(sys.executable).parent
LOCAL = [sys.executable, "-m", "bricklane_local"]
COMMAND_SECONDS = 300


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Args:
        code: its exit code.
        stdout: what it wrote for the next program.
        stderr: what it wrote for people.
    """

    code: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.stdout}\n{self.stderr}"

    def expect(self, code: int = 0) -> Outcome:
        """Return itself, or fail the test with all that was printed."""
        assert self.code == code, str(self)
        return self


def _execute(
    arguments: list[str], environment: dict[str, str], folder: Path, text: str | None = None
) -> Outcome:
    done = subprocess.run(
        arguments,
        env=environment,
        cwd=folder,
        input=text,
        stdin=None if text is not None else subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=COMMAND_SECONDS,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class AcceptanceCloud:
    """A running cloud and the CLI that talks to it.

    Args:
        databricks: the real CLI.
        environment: for the CLI: the profile, and nothing of the caller's own configuration.
        client: of the same workspace.
        root: folder that holds the cloud's state.
    """

    databricks: Path
    # Left out of failure reports, which would show the caller's variables.
    environment: dict[str, str] = field(repr=False)
    client: WorkspaceClient = field(repr=False)
    root: Path

    def _profile(self, target: str) -> configparser.SectionProxy:
        config = configparser.ConfigParser()
        config.read(self.root / "state" / "config", encoding="utf-8")
        return config[target]

    def workspace(self, target: str) -> WorkspaceClient:
        """Return a client of one of the cloud's workspaces, as its developer."""
        from databricks.sdk import WorkspaceClient

        profile = self._profile(target)
        return WorkspaceClient(host=profile["host"], token=profile["token"], auth_type="pat")

    def signed_in(self, target: str, principal: str, secret: str) -> dict[str, str]:
        """Return the CLI's environment in which a service principal works in a workspace."""
        kept = {
            name: value
            for name, value in self.environment.items()
            if not name.startswith("DATABRICKS_CONFIG")
        }
        return kept | {
            "DATABRICKS_CONFIG_FILE": os.devnull,
            "DATABRICKS_HOST": self._profile(target)["host"],
            "DATABRICKS_CLIENT_ID": principal,
            "DATABRICKS_CLIENT_SECRET": secret,
            "BUNDLE_VAR_service_principal": principal,
        }

    def run(self, folder: Path, *arguments: str, text: str | None = None) -> Outcome:
        """Run the CLI in a folder, with ``text`` as its input."""
        return _execute([str(self.databricks), *arguments], self.environment, folder, text)

    def copy(self, source: Path, place: Path) -> Bundle:
        """Copy a bundle's folder, because tools write into it, and return the bundle."""
        shutil.copytree(source, place / source.name)
        return Bundle(self, place / source.name)

    def control(self, method: str, name: str, body: dict[str, Any] | None = None) -> None:
        """Use one of the cloud's test controls."""
        self.client.api_client.do(method, f"/_bricklane/{name}", body=body)

    def crash(self) -> None:
        """Kill the server as a power cut would, and start it again where it was."""
        record = json.loads((self.root / "state" / "server.json").read_text("utf-8"))
        server = psutil.Process(record["pid"])
        server.kill()
        # It is the child of a process that has ended, so nobody here can collect its exit code.
        psutil.wait_procs([server], timeout=10)
        state = str(self.root / "state")
        again = [*LOCAL, "up", "--state", state, "--port", "0"]
        _execute(again, dict(os.environ), self.root).expect()


@dataclass(frozen=True)
class Bundle:
    """A bundle in a folder of its own.

    Args:
        cloud: it is deployed to.
        folder: with its ``databricks.yml``.
    """

    cloud: AcceptanceCloud
    folder: Path

    def run(self, *arguments: str) -> Outcome:
        """Run ``databricks bundle …``."""
        return self.cloud.run(self.folder, "bundle", *arguments)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Begin ``databricks bundle …``, and wait for its end after the block."""
        with subprocess.Popen(
            [str(self.cloud.databricks), "bundle", *arguments],
            env=self.cloud.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            yield process

    def edit(self, old: str, new: str) -> None:
        """Replace a text that occurs once in ``databricks.yml``."""
        path = self.folder / "databricks.yml"
        content = path.read_text("utf-8")
        assert content.count(old) == 1, f"{path.name} has {content.count(old)} times: {old}"
        path.write_text(content.replace(old, new), "utf-8")

    def read(self, *arguments: str) -> Any:
        """Run ``databricks bundle …`` and return the JSON that it prints."""
        return json.loads(self.run(*arguments, "--output", "json").expect().stdout)


def copy(name: str, cloud: AcceptanceCloud, place: Path) -> Bundle:
    """Copy one of the bundle folders."""
    return cloud.copy(BUNDLES / name, place)


def _tool(name: str) -> str:
    return subprocess.run(
        [str(BIN / "bricklane"), "tools", "path", name],
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout.strip()


def _client_environment(config: Path, cache: Path) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABRICKS_", "BUNDLE_"))
    }
    return inherited | {
        "DATABRICKS_CONFIG_FILE": str(config),
        "DATABRICKS_CONFIG_PROFILE": "dev",
        "XDG_CACHE_HOME": str(cache),
        # With which jars are built.
        "JAVA_HOME": _tool("java"),
        # Where ``uv``, which builds the wheels, is installed beside pytest.
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }


@contextmanager
def running_cloud(root: Path, *options: str) -> Iterator[AcceptanceCloud]:
    """Start a cloud with its state in ``root / "state"``; stop it in the end."""
    from databricks.sdk import WorkspaceClient

    state = ["--state", str(root / "state")]
    started = [*LOCAL, "up", *state, *options]
    # The newest dbt-core downloads a part of itself while it is installed, which no index has.
    constraints = root / "constraints.txt"
    constraints.write_text("dbt-core<1.12\n", "utf-8")
    _execute(started, os.environ | {"UV_CONSTRAINT": str(constraints)}, root).expect()
    try:
        path = root / "state" / "config"
        config = configparser.ConfigParser()
        config.read(path, encoding="utf-8")
        host, token = config["dev"]["host"], config["dev"]["token"]
        # All three are named, or a variable of the caller would decide who the client is.
        client = WorkspaceClient(host=host, token=token, auth_type="pat")
        environment = _client_environment(path, root / "cache")
        yield AcceptanceCloud(Path(_tool("databricks")), environment, client, root)
    finally:
        _execute([*LOCAL, "down", *state], dict(os.environ), root).expect()


@pytest.fixture(scope="session")
def acceptance_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcceptanceCloud]:
    """Start a cloud with Spark; stop it when the last test is done."""
    tools = ("--spark", _tool("spark"), "--java", _tool("java"))
    with running_cloud(tmp_path_factory.mktemp("acceptance"), "--port", "0", *tools) as cloud:
        yield cloud


@pytest.fixture
def mortal_cloud(tmp_path: Path) -> Iterator[AcceptanceCloud]:
    """Start a cloud of the test's own, without Spark, that it may kill."""
    with running_cloud(tmp_path, "--port", "0") as cloud:
        yield cloud


@pytest.fixture
def bundle(
    request: pytest.FixtureRequest, acceptance_cloud: AcceptanceCloud, tmp_path: Path
) -> Bundle:
    """Copy the bundle folder that the test is parametrised with."""
    return copy(request.param, acceptance_cloud, tmp_path)


@pytest.fixture
def mortal_bundle(
    request: pytest.FixtureRequest, mortal_cloud: AcceptanceCloud, tmp_path: Path
) -> Bundle:
    """Copy the bundle folder that the test is parametrised with, for a cloud of its own."""
    return copy(request.param, mortal_cloud, tmp_path)
