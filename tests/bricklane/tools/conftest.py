"""A cache of its own for every test, made-up rows, and a file server that can misbehave."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bricklane.tools.discovery import InVariable, OnPath, ask, match
from bricklane.tools.model import Activity, Copy, Job, Tool, Way


@dataclass
class Record:
    """A reporter that keeps what it was told."""

    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    received: int = 0

    def say(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def activity(self, title: str) -> Iterator[Activity]:
        self.lines.append(title)
        yield self

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, amount: int, total: int | None) -> None:  # noqa: ARG002
        self.received += amount


@dataclass
class Script:
    """A way that writes a shell script which prints a version."""

    version: str = "2.5.0"
    label: str = "script"
    runs: int = 0

    def provide(self, job: Job) -> dict[str, Any]:
        self.runs += 1
        write_script(job.folder / "hammer", self.version)
        return {"made_up": True}


def write_script(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho 'hammer version {version}'\n", "utf-8")
    path.chmod(0o755)
    return path


def inspect_hammer(executable: Path) -> Copy:
    return Copy(executable, match(r"hammer version (\S+)", ask(executable, "--version")))


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def script_maker() -> Callable[[Path, str], Path]:
    return write_script


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty cache, and none of the machine's tools on PATH."""
    empty = tmp_path / "bin"
    empty.mkdir()
    home = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    return {**home, "PATH": str(empty), "BRICKLANE_CACHE_DIR": str(tmp_path / "cache")}


@pytest.fixture
def hammer() -> Callable[..., Tool]:
    """Make a row that is not in the table."""

    def make(*ways: Way, **changes: Any) -> Tool:
        row: dict[str, Any] = {
            "name": "hammer",
            "wanted": ">=2,<3",
            "version": "2.5.0",
            "places": (InVariable("HAMMER_PATH"), OnPath("hammer")),
            "inspect": inspect_hammer,
            "ways": ways,
            "executable": "hammer",
            "home": "hammer",
            "advice": "put hammer 2 on PATH",
        }
        return Tool(**{**row, **changes})

    return make


@pytest.fixture
def job(
    tmp_path: Path, hammer: Callable[..., Tool], record: Record, environment: dict[str, str]
) -> Job:
    """A job with an empty folder, as ways get it."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    return Job(hammer(), folder, tmp_path / "install.log", environment, record, {})


@dataclass
class FileServer:
    """Files by path, and answers that are not files."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def file_server() -> Iterator[FileServer]:
    """Serve files on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.requests.append(self.path)
            content = files.files.get(self.path)
            status = files.statuses.get(self.path, 404 if content is None else 200)
            self.send_response(status)
            body = content or b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if self.path in files.cut else body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    files = FileServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield files
    server.shutdown()
    server.server_close()
    thread.join()
