"""``%sh`` cells: real shell commands."""

from __future__ import annotations

import codecs
import os
import shlex
import shutil
import subprocess
import sys

from bricklane_runtime.processes import end_tree


class ShellError(Exception):
    """A ``%sh -e`` cell failed."""


def run_shell_cell(body: str) -> None:
    """Run the script of a ``%sh`` cell.

    A script that fails shows its exit status and does not fail the notebook, unless the cell
    begins with ``%sh -e`` (https://docs.databricks.com/en/notebooks/notebooks-code.html).

    Raises:
        ShellError: with ``-e``, when a command fails.
    """
    first, newline, rest = body.partition("\n")
    options = shlex.split(first) if first.strip() == "-e" else []
    stop = options == ["-e"]
    script = rest if stop and newline else body
    status = run_command(script, stop)
    if status and stop:
        raise ShellError(f"The shell command ended with exit status {status}")
    if status:
        print(f"[exit status {status}]", file=sys.stderr)  # noqa: T201 - shown in the cell


def run_command(script: str, stop: bool = False) -> int:
    """Run a script and print what it prints, as it comes.

    Args:
        script: for bash, or for the machine's ``sh`` when there is none.
        stop: end at the first command that fails.

    Returns:
        The exit status; negative for a signal.
    """
    program = shutil.which("bash") or "sh"
    arguments = [program, *(["-e"] if stop else []), "-c", script]
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            while piece := os.read(process.stdout.fileno(), 1 << 16):
                sys.stdout.write(decoder.decode(piece))
        except BaseException:
            end_tree(process.pid)
            raise
        sys.stdout.write(decoder.decode(b"", final=True))
    return process.returncode
