"""Runs a step's shell without a terminal, as GitHub's runner does.

act gives each step a terminal; programs would ask questions on it, page their output, draw bars.
Output that is there when the program ends is passed on; a process that it leaves behind does not
keep the step from ending. What the step has set for later ones by ``$GITHUB_ENV`` stays the text
that it is: act would evaluate expressions in it. Usage: ``step.py PROGRAM ARGUMENT…``.
"""

import os
import select
import subprocess
import sys
from pathlib import Path

PIECE = 65536
# An expression that comes to what it stands for.
BEGIN, GUARDED = b"${{", b"${{ '${{' }}"


def write(data: bytes) -> None:
    """Write all of ``data`` to standard output."""
    while data:
        data = data[os.write(1, data) :]


def guard(variable: str) -> None:
    """Keep act from evaluating what a file of the runner's holds."""
    name = os.environ.get(variable)
    if not name or not Path(name).is_file():
        return
    content = Path(name).read_bytes()
    if BEGIN in content:
        Path(name).write_bytes(content.replace(BEGIN, GUARDED))


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
    guard("GITHUB_ENV")
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
