"""The operating system's side of running a task: sessions, parent death, what a child inherits."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Container
from pathlib import Path

# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_PDEATHSIG = 1
# https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
PR_SET_CHILD_SUBREAPER = 36


def begin_session() -> None:
    """Make this process the leader of a session and a process group of its own."""
    with contextlib.suppress(PermissionError):  # it is one already
        os.setsid()


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` dies; Linux only.

    Elsewhere the supervisor's life pipe does it, which a killed supervisor cannot act on.
    """
    _control(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call above
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies; Linux only.

    So a task's processes can be found after it, even those that began a session of their own.
    """
    _control(PR_SET_CHILD_SUBREAPER, 1)


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def end_children(known: Container[int] = ()) -> None:
    """Kill and reap all children of this process, and the orphans that this leaves, and so on.

    Args:
        known: children to leave alone.
    """
    while found := [child for child in _children() if child not in known]:
        for child in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)


def end_tree(process: int) -> None:
    """Kill a child of this process and, on Linux, what it started."""
    for child in _children(process):
        end_tree(child)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _children(process: int | None = None) -> list[int]:
    parent = process or os.getpid()
    try:
        text = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    except FileNotFoundError:  # not Linux, or a kernel without it
        return []
    return [int(word) for word in text.split()]


def kill_group(group: int, number: int) -> None:
    """Send a signal to every process of a group; none left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def reset_signals() -> None:
    """Give a forked child the signal handling of a fresh Python process."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def end_like(status: int) -> None:
    """End this process the way a waited-for child ended: same exit code, or same signal.

    Args:
        status: from :func:`os.waitpid`.
    """
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        # The child's core dump, if any, was written already.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(OSError, ValueError):  # SIGKILL has no handler to reset
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 1)
