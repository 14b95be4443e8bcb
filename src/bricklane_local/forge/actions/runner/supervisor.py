"""Runs one program and ends everything it started, whatever happens.

Steps run in sessions of their own and may leave processes behind. This program adopts them, or
where it cannot, knows them by the variable ``RUNNER_TRACKING_ID``. It ends them all when the
program is done, when it is told to, and when its parent, the server, is gone: standard input closes
then.

Lines on standard input: ``end`` asks the program to end (SIGINT), ``kill`` ends all at once. Usage:
``supervisor.py PROGRAM ARGUMENT…``. It exits as the program does, 130 after having ended it.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

import psutil

GRACE_SECONDS = 5.0
MARK = "RUNNER_TRACKING_ID"
ADOPT = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes that carry ``mark``, as GitHub's runner marks those of a job."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
        except psutil.Error:
            continue
    return found


def remaining() -> list[psutil.Process]:
    """Return what is left of the program's processes."""
    below = psutil.Process().children(recursive=True)
    mark = os.environ.get(MARK, "")
    return below if sys.platform == "linux" or not mark else [*below, *marked(mark)]


def kill_descendants() -> None:
    """End every process below this one, those that start meanwhile included."""
    for _ in range(100):
        alive = False
        for process in remaining():
            try:
                if process.status() != psutil.STATUS_ZOMBIE:
                    process.kill()
                    alive = True
            except psutil.NoSuchProcess:
                continue
        reap()
        if not alive:
            return
        time.sleep(0.01)


def reap() -> None:
    """Collect what has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def wait(program: subprocess.Popen[bytes]) -> bool:
    """Wait for the program; say whether it was made to end."""
    deadline = None
    pending = b""
    watched = [sys.stdin.buffer.fileno()]
    while program.poll() is None:
        if deadline is not None and time.monotonic() > deadline:
            return True
        ready, _, _ = select.select(watched, [], [], 0.05)
        if not ready:
            continue
        piece = os.read(watched[0], 1024)
        pending += piece
        if not piece or b"kill\n" in pending:
            return True
        if b"end\n" in pending and deadline is None:
            deadline = time.monotonic() + GRACE_SECONDS
            program.send_signal(signal.SIGINT)
    return deadline is not None


def main() -> int:
    """Run the program that the arguments name; return the exit status."""
    adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    program = subprocess.Popen(
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        restore_signals=True,
        preexec_fn=default_signals,  # noqa: PLW1509  (this program has one thread)
    )
    ended = True
    try:
        ended = wait(program)
    finally:
        kill_descendants()
    code = program.poll()
    return 130 if ended or code is None else code if code >= 0 else 128 - code


def default_signals() -> None:
    """Let the program be interrupted again."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
