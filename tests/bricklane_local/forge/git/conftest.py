"""A git server of its own for tests: the real HTTP stack and real git, with rules made up here."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop

from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.http import GitHttp, Opened
from bricklane_local.forge.git.model import Actor, Push, Refusal
from bricklane_local.forge.git.service import Git
from bricklane_local.store.database import Database

REPOSITORIES = {"acme/flights": 1, "acme/open": 2}


@dataclass
class Rulebook:
    """Refuses what a test tells it to, and notes what happened."""

    refuse_if: Callable[[Push], Sequence[Refusal]] = lambda _: ()
    pushes: list[Push] = field(default_factory=list)
    settled: list[Push] = field(default_factory=list)

    async def refuse(self, push: Push, _: Bare) -> Sequence[Refusal]:
        return self.refuse_if(push)

    def refs_changed(self, push: Push) -> None:
        self.pushes.append(push)

    async def refs_settled(self, push: Push) -> None:
        self.settled.append(push)


class Doors:
    """Lets ``secret`` in to write, ``reader`` to read, and strangers to ``acme/open``."""

    def open(self, owner: str, name: str, authorization: str | None, *, write: bool) -> Opened:
        repository = REPOSITORIES.get(f"{owner}/{name}")
        if authorization is None:
            if write or f"{owner}/{name}" != "acme/open":
                raise ForgeApiError(401, "Requires authentication")
            return Opened(REPOSITORIES["acme/open"], None)
        user, _, token = base64.b64decode(authorization.split()[1]).decode().partition(":")
        if token not in ("secret", "reader"):
            raise ForgeApiError(401, "Bad credentials")
        if write and token != "secret":
            raise ForgeApiError(403, "Write access to repository not granted.")
        if repository is None:
            raise ForgeApiError(404, "Repository not found.")
        return Opened(repository, Actor(user))


class Served:
    """A git server on a thread of its own, as the cloud's is on its event loop.

    Args:
        folder: of the repositories and the database.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.rules = Rulebook()
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.url = self.run(self._start())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    async def _start(self) -> str:
        self.database = Database(self.folder / "db.sqlite")
        self.git = Git(self.folder / "git", self.database, self.rules, self.rules)
        await self.git.start()
        for number in REPOSITORIES.values():
            await self.git.create(number, "main")
        config = uvicorn.Config(
            GitHttp(self.git.backend, Doors()),
            port=0,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=2,
        )
        self.server = uvicorn.Server(config)
        self.server.config.load()
        self.server.lifespan = config.lifespan_class(config)
        await self.server.startup()
        (listener,) = self.server.servers
        return f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.run(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        # Warnings are errors here, and uvloop's closing waits for ever after one of its own.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            self.loop.close()

    async def _stop(self) -> None:
        await self.git.stop()
        await self.server.shutdown()
        # As asyncio.Runner does for the cloud: what uvicorn gave up on comes to its end.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self.database.close()

    def remote(self, name: str = "acme/flights", *, login: str = "ann:secret") -> str:
        return f"{self.url.replace('://', f'://{login}@')}/{name}.git"

    @property
    def bare(self) -> Bare:
        return self.git.repository(1)


def git(folder: Path, *arguments: str, check: bool = True, **extra: str) -> str:
    """Run git as somebody on their own machine and return all that it printed."""
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.com",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.com",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment | extra,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stdout}")
    return done.stdout


@dataclass
class Clone:
    """A working copy.

    Args:
        folder: where it is.
    """

    folder: Path

    def git(self, *arguments: str, check: bool = True, **extra: str) -> str:
        return git(self.folder, *arguments, check=check, **extra)

    def commit(self, message: str, **files: str) -> str:
        for name, content in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path / "server")
    yield server
    server.stop()


@pytest.fixture
def clone(served: Served, tmp_path: Path) -> Clone:
    """A working copy of ``acme/flights`` with one commit, pushed."""
    return cloned(served.remote(), tmp_path / "clone", first=True)


def cloned(remote: str, folder: Path, *, first: bool = False) -> Clone:
    git(folder.parent, "clone", "--quiet", remote, str(folder))
    copy = Clone(folder)
    if first:
        copy.git("switch", "--quiet", "-c", "main", check=False)
        copy.commit("first", README="hello\n")
        copy.git("push", "--quiet", "origin", "main")
    return copy


@pytest.fixture
def copy_of() -> Callable[[str, Path], Clone]:
    """Clone a remote into a folder."""
    return cloned


@pytest.fixture
def served_class() -> type[Served]:
    """Starts servers, for tests that need several on the same folder."""
    return Served
