"""A server that webhooks are sent to."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass
class Receiver:
    """A server that notes what is sent to it, and refuses the first ``failures``."""

    url: str = ""
    failures: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self) -> list[str]:
        return [headers["X-GitHub-Event"] for headers, _ in self.got]

    def payload(self, number: int) -> dict[str, Any]:
        body: dict[str, Any] = orjson.loads(self.got[number][1])
        return body


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port as long as the block lasts."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((dict(self.headers), body))
            self.send_response(500 if len(found.got) <= found.failures else 200)
            self.end_headers()
            self.wfile.write(b"thanks")

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook?x=1"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wait(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "nothing came in 30 s"
        time.sleep(0.02)
