"""Connections between two processes are closed and silenced from outside of them."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from benchmarks.endurance.network import Link, Outage, ends

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands out sockets")
ECHO = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
while received := connection.recv(1):
    connection.sendall(received)
print("closed", flush=True)
"""


@pytest.fixture
def echo() -> Iterator[tuple[socket.socket, Link, subprocess.Popen[str]]]:
    """A connection to a process that sends back what it gets."""
    with subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            yield connection, Link(_this, lambda: [psutil.Process(child.pid)]), child
        child.wait()


def _this() -> list[psutil.Process]:
    return [psutil.Process()]


def _answer(connection: socket.socket) -> bytes:
    connection.sendall(b"x")
    return connection.recv(1)


def test_both_ends_of_a_connection_are_found(
    echo: tuple[socket.socket, Link, subprocess.Popen[str]],
) -> None:
    connection, link, child = echo
    assert _answer(connection) == b"x"
    own, other = connection.getsockname()[1], connection.getpeername()[1]
    found = {(end.process, end.port, end.other) for end in ends(link)}
    assert found == {(psutil.Process().pid, own, other), (child.pid, other, own)}


def test_a_closed_connection_ends_for_both(
    echo: tuple[socket.socket, Link, subprocess.Popen[str]],
) -> None:
    connection, link, child = echo
    assert _answer(connection) == b"x"
    outage = Outage(link, deaf=False, seconds=0.1)
    outage.happen()
    assert outage.reached
    assert connection.recv(1) == b""
    assert child.stdout is not None
    assert child.stdout.readline() == "closed\n"


def test_a_silent_connection_goes_on_where_it_was(
    echo: tuple[socket.socket, Link, subprocess.Popen[str]],
) -> None:
    connection, link, _ = echo
    assert _answer(connection) == b"x"
    outage = Outage(link, deaf=True, seconds=5.0)
    happening = threading.Thread(target=outage.happen)
    happening.start()
    while len(outage.reached) < 2:
        time.sleep(0.01)
    connection.sendall(b"y")
    connection.settimeout(0.5)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    assert happening.is_alive()
    happening.join()
    connection.settimeout(30)
    assert connection.recv(1) == b"y"
