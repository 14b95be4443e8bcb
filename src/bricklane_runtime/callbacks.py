"""The way back to the server, for a process that it goes on talking to."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bricklane_runtime.specification import Callback

if TYPE_CHECKING:
    from bricklane_runtime.task import Task


@contextmanager
def connected(task: Task, place: Callback | None) -> Iterator[socket.socket]:
    """Connect to the server and send the secret by which it knows this process.

    Args:
        task: that the process runs; its outputs never show the secret.
        place: where the server waits.

    Raises:
        ValueError: the specification of the task has no such place.
    """
    if place is None:
        kind = task.specification.kind
        raise ValueError(f"The task has kind {kind}, but no {kind}")
    task.vault.hide(place.secret)
    with socket.create_connection((place.host, place.port)) as connection:
        connection.sendall(place.secret.encode() + b"\n")
        yield connection
