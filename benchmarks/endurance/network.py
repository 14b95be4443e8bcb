"""Cuts of the network between the processes of a cloud, with no rights but those of its user.

The kernel hands out copies of the sockets of processes that one may debug (``pidfd_getfd``): what
is done with a copy is done to the connection. So a connection can be closed under both of its ends,
and a filter that lets nothing pass makes both deaf until it is taken off, while the kernel sends
again what was lost, as it does after an outage of a real network.

Sources: https://man7.org/linux/man-pages/man2/pidfd_getfd.2.html and
https://man7.org/linux/man-pages/man7/socket.7.html (``SO_ATTACH_FILTER``).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import psutil

from benchmarks.measurement import UnavailableError

# The number is the same for all processors since Linux 5.6; Python has no name for it.
PIDFD_GETFD = 438
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
# One instruction of the classic filter language, "return 0": of each packet, keep nothing.
KEEP_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)
# Between two looks for connections that were made meanwhile.
LOOK_SECONDS = 0.02

# What connects a cloud and its clients, and who connects to whom there.
LINKS = {
    "client to server": ("client", "server"),
    "worker to server": ("worker", "server"),
    "worker to Spark": ("worker", "Spark"),
    "Spark to server": ("Spark", "server"),
}

Processes = Callable[[], list[psutil.Process]]
_CALLS = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Link:
    """What connects two kinds of processes.

    Args:
        callers: the processes that connect.
        called: the processes that listen.
    """

    callers: Processes
    called: Processes


@dataclass(frozen=True, slots=True)
class End:
    """One end of a connection: a descriptor of a process, and the ports of both sides."""

    process: int
    descriptor: int
    port: int
    other: int

    def copied(self) -> socket.socket | None:
        """Return a copy of the socket, None when the process has closed it meanwhile."""
        try:
            holder = os.pidfd_open(self.process)
        except ProcessLookupError:
            return None
        try:
            copy = _CALLS.syscall(PIDFD_GETFD, holder, self.descriptor, 0)
        finally:
            os.close(holder)
        if copy < 0:
            _refuse(ctypes.get_errno())
            return None
        try:
            found = socket.socket(fileno=copy)
        except OSError:
            os.close(copy)  # the descriptor is that of another file by now
            return None
        try:
            if (found.getsockname()[1], found.getpeername()[1]) == (self.port, self.other):
                return found
        except OSError:
            pass  # it is not connected any more
        found.close()
        return None


def _refuse(number: int) -> None:
    if number in (errno.EPERM, errno.ENOSYS):
        raise UnavailableError(f"sockets of other processes cannot be had: {os.strerror(number)}")


def permitted(process: psutil.Process) -> bool:
    """Say whether the system hands out the sockets of a process, which has some."""
    if sys.platform != "linux":
        return False
    try:
        for end in _connections(process):
            with contextlib.closing(end.copied() or socket.socket()):
                return True
    except UnavailableError:
        return False
    return True


def ends(link: Link) -> Iterator[End]:
    """Yield both ends of each connection of a link that is open now."""
    called = [end for process in link.called() for end in _connections(process)]
    ports = {end.port for end in called if not end.other}
    made = [end for process in link.callers() for end in _connections(process)]
    made = [end for end in made if end.other in ports]
    theirs = {end.port for end in made}
    yield from made
    yield from (end for end in called if end.other in theirs)


def _connections(process: psutil.Process) -> list[End]:
    """Return what a process has open; what only listens has no other side."""
    try:
        found = process.net_connections("tcp")
    except psutil.Error:
        return []  # it ended meanwhile
    others = {psutil.CONN_ESTABLISHED: lambda item: item.raddr.port, psutil.CONN_LISTEN: _nobody}
    return [
        End(process.pid, item.fd, item.laddr.port, others[item.status](item))
        for item in found
        if item.status in others and item.fd >= 0
    ]


def _nobody(_item: object) -> int:
    return 0


@dataclass(slots=True)
class Outage:
    """A time in which a link does not work.

    Args:
        link: which.
        deaf: whether its connections are silent until the end of it, instead of being closed.
        seconds: how long.
        reached: ends of connections that it has met.
    """

    link: Link
    deaf: bool
    seconds: float
    reached: set[End] = field(default_factory=set)
    _copies: list[socket.socket] = field(default_factory=list)

    def happen(self) -> None:
        """Let it happen: to what is connected now, and to what connects until it is over.

        Raises:
            UnavailableError: where the system does not hand sockets out.
        """
        if sys.platform != "linux":
            raise UnavailableError("only Linux hands out sockets of other processes")
        over = time.monotonic() + self.seconds
        try:
            while time.monotonic() < over:
                self._meet()
                time.sleep(LOOK_SECONDS)
        finally:
            for copy in self._copies:
                with copy:
                    _heal(copy)

    def _meet(self) -> None:
        for end in ends(self.link):
            if end in self.reached or (copy := end.copied()) is None:
                continue
            self.reached.add(end)
            if self.deaf:
                self._copies.append(copy)
                _deafen(copy)
            else:
                with copy:
                    _close(copy)


def _deafen(copy: socket.socket) -> None:
    code = ctypes.create_string_buffer(KEEP_NOTHING)
    copy.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(code))
    )


def _heal(copy: socket.socket) -> None:
    try:
        copy.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
    except OSError as error:
        if error.errno != errno.ENOENT:  # another outage that met it has ended before
            raise


def _close(copy: socket.socket) -> None:
    try:
        copy.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:  # its other end was closed first
            raise


def links(processes: Mapping[str, Processes]) -> dict[str, Link]:
    """Return the links of :data:`LINKS` by name.

    Args:
        processes: ``client``, ``server``, ``Spark`` and ``worker`` → those processes now.
    """
    return {
        name: Link(processes[caller], processes[called]) for name, (caller, called) in LINKS.items()
    }
