"""A server that answers as it was told, and a GitHub adapter that asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bricklane.forge.github.adapter import GitHub
from bricklane.forge.github.api import Api
from bricklane.forge.github.patience import Patience

REPOSITORY = "acme/flights"
TOKEN = "ghp_thisisnotatoken"
QUICK = Patience(attempts=3, connections=2, backoff=0.01, longest=1.5, timeout=5)


@dataclass(frozen=True)
class Answer:
    """What the server says; with ``lost`` it says nothing and hangs up."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


@dataclass(frozen=True)
class Asked:
    """What the server was asked."""

    verb: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


Rule = Answer | Callable[[Asked], Answer]


@dataclass
class Script:
    """Answers by verb and path; the last of a list stays. What no rule covers is a 404."""

    url: str = ""
    rules: dict[tuple[str, str], list[Rule]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def on(self, verb: str, path: str, *answers: Rule) -> None:
        """Answer ``verb`` on ``path`` (below the repository, or with a slash) in this order."""
        whole = path if path.startswith("/") else f"/repos/{REPOSITORY}/{path}".rstrip("/")
        self.rules[verb, whole] = list(answers)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        rules = self.rules.get((asked.verb, asked.path))
        if rules is None:
            return Answer(404, {"message": "Not Found"})
        rule = rules.pop(0) if len(rules) > 1 else rules[0]
        return rule if isinstance(rule, Answer) else rule(asked)

    def count(self, verb: str, end: str = "") -> int:
        return sum(asked.verb == verb and asked.path.endswith(end) for asked in self.asked)


@pytest.fixture
def script() -> Iterator[Script]:
    """Yield a server that knows only the repository itself."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(where.query).items()}
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, where.path.removeprefix("/api/v3"), query, headers, raw)
            answer = script.answer(asked)
            if answer.lost:
                self.close_connection = True
                return
            body = answer.body
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            if body is None:
                content = b""
            self.send_response(answer.status)
            own = {"Content-Type": "application/json", "Content-Length": str(len(content))}
            for name, value in {**own, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = answer.headers.get("Connection") == "close"

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  (the library's names)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # A client that hangs up in between is part of the play.

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/api/v3"
    script.on("GET", "", Answer(body={"full_name": REPOSITORY}))
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def forge(script: Script) -> Iterator[GitHub]:
    forge = GitHub(Api(script.url, REPOSITORY, TOKEN, patience=QUICK))
    yield forge
    forge.api.close()
