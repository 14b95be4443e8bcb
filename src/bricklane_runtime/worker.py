"""One task run: from its specification to ``result.json``.

``python -m bricklane_runtime.worker SPEC`` runs a task in a fresh interpreter; the zygote calls
:func:`supervise` in a fork instead.
"""

from __future__ import annotations

import argparse
import atexit
import os
import signal
import sys
from pathlib import Path
from typing import Never

from bricklane_runtime.limits import limit_cores, limit_memory
from bricklane_runtime.results import APART, CELLS, LOG, RESULT, Outcome, write_json
from bricklane_runtime.specification import Specification, take
from bricklane_runtime.supervisor import Logs, SecretChannel, run_supervised

CANCELLED = 128 + signal.SIGTERM


def supervise(path: Path, life: int | None = None) -> Never:
    """Run the task of a specification file and end this process as the task ends.

    Args:
        path: the specification; removed once read.
        life: a pipe that closes when the task shall be abandoned.
    """
    specification = take(path)
    folder = Path(specification.run_directory)
    for name in (RESULT, CELLS, *APART):
        # Of an earlier attempt in this folder; they must not pass for this one's.
        (folder / name).unlink(missing_ok=True)
    stdout, stderr = (folder / name for name in APART)
    apart = (stdout, stderr) if specification.streams_apart else None
    logs = Logs(folder / LOG, apart)
    secrets = (specification.token, specification.spark.token)
    run_supervised(lambda channel: run_task(specification, channel), logs, secrets, life)


def run_task(specification: Specification, channel: SecretChannel) -> int:
    """Run a task in this process and write its result.

    Returns:
        The exit code: 0 on success, 1 on failure, 143 when it was cancelled by SIGTERM, in which
        case there is no ``result.json``.
    """
    # After this line a library folder may replace what is imported below.
    from bricklane_runtime.task import Cancelled, Task

    signal.signal(signal.SIGTERM, _cancel)
    limit_cores(specification.cores)
    # The bound itself comes once it is settled whether there is a Java virtual machine of its own.
    limit_memory(0)
    task = Task(specification, channel)
    try:
        outcome = task.run()
    except Cancelled:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        task.interrupt()
        return CANCELLED
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _finish(task.redacted(outcome), Path(specification.run_directory))
    task.close()
    return 1 if outcome.failure else 0


def _cancel(*_: object) -> None:
    from bricklane_runtime.task import Cancelled

    raise Cancelled


def _finish(outcome: Outcome, directory: Path) -> None:
    atexit._run_exitfuncs()  # what a normal end of the interpreter would run
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    write_json(directory / RESULT, outcome.document())


def main(arguments: list[str]) -> Never:
    """Run the task that the command line names."""
    parser = argparse.ArgumentParser(prog="bricklane_runtime.worker")
    parser.add_argument("specification", type=Path)
    parser.add_argument("--life", type=int)
    options = parser.parse_args(arguments)
    os.environ.pop("PYTHONSAFEPATH", None)
    supervise(options.specification, options.life)


if __name__ == "__main__":
    main(sys.argv[1:])
