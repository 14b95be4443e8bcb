"""Runs tasks as the local cloud does: through a zygote, on specifications."""

from __future__ import annotations

import configparser
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

import bricklane_runtime

TOKEN = "dapi-run-token"


@dataclass(frozen=True)
class Ran:
    """What a task left.

    Args:
        exit: the zygote's event.
        directory: the run directory.
    """

    exit: dict[str, Any]
    directory: Path

    @property
    def log(self) -> str:
        return (self.directory / "stdout.log").read_text()

    @property
    def result(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.directory / "result.json").read_text())
        return document

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.result["error"]
        assert found is not None, self.log
        return {**found, "traceback": without_marks(found["traceback"])}

    @property
    def cells(self) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = json.loads((self.directory / "cells.json").read_text())
        return cells

    def text(self, index: int) -> str:
        """All text of a cell."""
        outputs = self.cells[index]["outputs"]
        return "".join(output["text"] for output in outputs if output["type"] == "text")

    def outputs(self, index: int, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.cells[index]["outputs"] if item["type"] == kind]


def without_marks(traceback: str) -> str:
    """Return a traceback without the marks below lines, of which newer Pythons make more."""
    return re.sub(r"\n\s+[~^]+(?=\n)", "", traceback)


class Zygote:
    """A zygote in this environment, and its client."""

    def __init__(self, log: Path) -> None:
        ours, theirs = socket.socketpair()
        parent = Path(bricklane_runtime.__file__).parent.parent
        self._log = log.open("wb")
        with theirs:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "bricklane_runtime.zygote"),
                    *("--descriptor", str(theirs.fileno())),
                ],
                pass_fds=(theirs.fileno(),),
                env={**os.environ, "PYTHONPATH": str(parent)},
                stdout=self._log,
                stderr=self._log,
            )
        self._connection = ours
        self._stream = ours.makefile("r", encoding="utf-8")
        self._numbers = itertools.count()
        assert self.event() == {"event": "ready"}

    def event(self) -> dict[str, Any]:
        line = self._stream.readline()
        event: dict[str, Any] = json.loads(line)
        return event

    def send(self, **message: Any) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def start(self, specification: dict[str, Any], *, cold: bool = False) -> str:
        directory = Path(specification["run_directory"])
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "task.json"
        path.write_text(json.dumps(specification))
        identity = str(next(self._numbers))
        self.send(op="start", id=identity, spec=str(path), cold=cold)
        started = self.event()
        assert started["event"] == "started", started
        return identity

    def run(self, specification: dict[str, Any], *, cold: bool = False) -> Ran:
        self.start(specification, cold=cold)
        event = self.event()
        assert event["event"] == "exited", event
        return Ran(event, Path(specification["run_directory"]))

    def close(self) -> int:
        self._stream.close()
        self._connection.close()
        status = self.process.wait(20)
        self._log.close()
        return status


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    zygote = Zygote(tmp_path_factory.mktemp("zygote") / "log")
    yield zygote
    assert zygote.close() == 0


@dataclass
class Tasks:
    """Makes specifications in a folder and runs them.

    Args:
        zygote: runs them.
        folder: for everything.
        defaults: parts of every specification.
    """

    zygote: Zygote
    folder: Path
    defaults: dict[str, Any] = field(default_factory=dict)

    def specification(self, **parts: Any) -> dict[str, Any]:
        roots = {f"/{name}": str(self.folder / name) for name in ("Workspace", "Volumes", "dbfs")}
        for folder in roots.values():
            Path(folder).mkdir(exist_ok=True)
        return {
            "run_directory": str(self.folder / "run"),
            "host": "http://127.0.0.1:9",
            "token": TOKEN,
            "workspace": "dev",
            "user": "someone@example.com",
            "roots": roots,
            "context": {"job_id": 11, "run_id": 22, "job_run_id": 33, "task_key": "main"},
            **self.defaults,
            **parts,
        }

    def file(self, source: str, *parameters: str, cold: bool = False, **parts: Any) -> Ran:
        path = self.folder / "program.py"
        path.write_text(source)
        task = {"path": "program.py", "file": str(path), "parameters": parameters}
        specification = self.specification(kind="spark_python", python_file=task, **parts)
        return self.zygote.run(specification, cold=cold)

    def notebook(self, *cells: str, parameters: dict[str, str] | None = None, **parts: Any) -> Ran:
        source = "# Databricks notebook source\n" + "\n\n# COMMAND ----------\n\n".join(cells)
        return self.notebook_source(source, parameters=parameters, **parts)

    def notebook_source(
        self,
        source: str,
        *,
        language: str = "PYTHON",
        form: str = "SOURCE",
        parameters: dict[str, str] | None = None,
        **parts: Any,
    ) -> Ran:
        content = self.folder / "notebook.source"
        content.write_text(source)
        notebook = {
            "path": "/Users/someone/main",
            "language": language,
            "format": form,
            "content_file": str(content),
            "parameters": parameters or {},
        }
        return self.zygote.run(self.specification(kind="notebook", notebook=notebook, **parts))


@pytest.fixture
def tasks(zygote: Zygote, tmp_path: Path) -> Tasks:
    return Tasks(zygote, tmp_path)


Handler = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]


class FakeWorkspace:
    """The few REST routes that a test needs; anything else answers 404.

    Attributes:
        routes: method and path to a function of query or body that returns status and answer.
        calls: what was asked.
    """

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], Handler] = {}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.host = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, path: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.calls.append((method, path, given))
        handler = self.routes.get((method, path))
        if handler is None:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"no {path}"}
        return handler(given)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(workspace: FakeWorkspace) -> type[BaseHTTPRequestHandler]:
    class RequestHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            self._reply(address.path, dict(parse_qsl(address.query)))

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            self._reply(self.path, json.loads(self.rfile.read(size)))

        def _reply(self, path: str, given: dict[str, Any]) -> None:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, document = 401, {"error_code": "UNAUTHENTICATED", "message": "who?"}
            else:
                status, document = workspace.answer(self.command, path, given)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Keep quiet."""

    return RequestHandler


@pytest.fixture
def fake_workspace() -> Iterator[FakeWorkspace]:
    workspace = FakeWorkspace()
    yield workspace
    workspace.close()


@dataclass(frozen=True)
class LocalWorkspace:
    """The workspace of a running local cloud.

    Args:
        host: its URL.
        token: of its administrator.
    """

    host: str
    token: str

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, self.host + path, headers=headers, timeout=30, **options)
        assert answer.status_code < 300, answer.text
        return answer


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkspace]:
    """A local cloud without Spark."""
    state = tmp_path_factory.mktemp("cloud") / "state"
    command = [sys.executable, "-m", "bricklane_local"]
    up = [*command, "up", "--state", str(state), "--port", "0"]
    subprocess.run(up, check=True, capture_output=True, timeout=120)
    config = configparser.ConfigParser()
    config.read(state / "config")
    yield LocalWorkspace(config["dev"]["host"], config["dev"]["token"])
    down = [*command, "down", "--state", str(state)]
    subprocess.run(down, check=True, capture_output=True, timeout=120)


SPARK_TOKEN = "spark-token"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A Spark Connect server, as the ``spark`` part of a specification."""
    folder = tmp_path_factory.mktemp("spark")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "spark.ui.enabled": "false",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": port,
        "spark.connect.authenticate.token": SPARK_TOKEN,
        "spark.sql.shuffle.partitions": 2,
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": folder / "warehouse",
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    command = [str(Path(sys.executable).parent / "spark-submit"), "--master", "local[2]"]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options, "--driver-memory", "1g", "--class", server, "spark-internal"],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "PYSPARK_PYTHON": sys.executable},
        )
    try:
        _wait_for_port(port, process)
        yield {"remote": f"sc://127.0.0.1:{port}", "token": SPARK_TOKEN}
    finally:
        process.terminate()
        process.wait(30)


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "Spark ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("Spark never listened")
