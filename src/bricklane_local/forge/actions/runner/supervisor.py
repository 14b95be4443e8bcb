"""Runs one program and ends everything it started, whatever happens.

Steps run in sessions of their own and may leave processes behind. This program adopts them, or
where it cannot, knows them by the variable ``RUNNER_TRACKING_ID``. It ends them all when the
program is done, when it is told to, and when its parent, the server, is gone: standard input closes
then. Unless it had to end the program by force, it leaves what has put that variable away and is of
the runner's own folder (``BRICKLANE_RUNNER_DIR``): that serves the next job.

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
FOLDER = "BRICKLANE_RUNNER_DIR"
ADOPT = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
ITSELF, ASKED, FORCED = "by itself", "as it was asked", "by force"


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


def lasts(process: psutil.Process) -> bool:
    """Say whether a process is there for the next job, too."""
    try:
        has = process.environ()
    except psutil.Error:
        return False
    folder = os.environ.get(FOLDER)
    return folder is not None and has.get(FOLDER) == folder and MARK not in has


def kill_descendants(*, all_of_them: bool) -> None:
    """End every process below this one, those that start meanwhile included.

    Args:
        all_of_them: those that last as well.
    """
    for _ in range(100):
        alive = False
        for process in remaining():
            try:
                if not all_of_them and lasts(process):
                    continue
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


def wait(program: subprocess.Popen[bytes]) -> str:
    """Wait for the program, and say whether it ended by itself, was asked to, or has to be made."""
    deadline = None
    pending = b""
    watched = [sys.stdin.buffer.fileno()]
    while program.poll() is None:
        if deadline is not None and time.monotonic() > deadline:
            return FORCED
        ready, _, _ = select.select(watched, [], [], 0.05)
        if not ready:
            continue
        piece = os.read(watched[0], 1024)
        pending += piece
        if not piece or b"kill\n" in pending:
            return FORCED
        if b"end\n" in pending and deadline is None:
            deadline = time.monotonic() + GRACE_SECONDS
            program.send_signal(signal.SIGINT)
    return ITSELF if deadline is None else ASKED


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
    how = FORCED
    try:
        how = wait(program)
    finally:
        kill_descendants(all_of_them=how == FORCED)
    code = program.poll()
    return 130 if how != ITSELF or code is None else code if code >= 0 else 128 - code


def default_signals() -> None:
    """Let the program be interrupted again."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
