"""Runs a step's shell without a terminal, as GitHub's runner does.

act gives each step a terminal; programs would ask questions on it, page their output, draw bars.
Output that is there when the program ends is passed on; a process that it leaves behind does not
keep the step from ending. Usage: ``step.py PROGRAM ARGUMENT…``.
"""

import os
import select
import subprocess
import sys

PIECE = 65536


def write(data: bytes) -> None:
    """Write all of ``data`` to standard output."""
    while data:
        data = data[os.write(1, data) :]


def main() -> int:
    """Run the program that the arguments name; return its exit status."""
    program = subprocess.Popen(
        sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert program.stdout is not None  # noqa: S101  (it is a pipe)
    source = program.stdout.fileno()
    poll = select.poll()
    poll.register(source, select.POLLIN | select.POLLHUP)
    while True:
        # Asked before looking for output, so that what is there at the end is not lost.
        ended = program.poll() is not None
        if poll.poll(0 if ended else 50):
            piece = os.read(source, PIECE)
            if not piece:
                break
            write(piece)
        elif ended:
            break
    code = program.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
