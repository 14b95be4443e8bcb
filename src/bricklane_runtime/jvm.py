"""Runs programs of the Java virtual machine, each in a process of its own.

Source: https://docs.databricks.com/en/jobs/jar.html. The program's output is the worker's. What it
leaves to say how it ended is written by the classes that start it, of the Spark plugin.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_runtime.results import Failure, Outcome, write_json

if TYPE_CHECKING:
    from bricklane_runtime.task import Task

REPORT = "program.json"
SETTINGS = "spark.properties"
ARGUMENTS = "arguments.json"
# By the first Spark's builder would look for a server, by the others find other classes.
REMOVED = ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "SPARK_HOME", "SPARK_CONF_DIR")
JAR_LAUNCHER = "bricklane.spark.JarProgram"
SUBMIT_LAUNCHER = "bricklane.spark.SubmitProgram"
# Exit code of Java when memory is used up, which its options here make it end on.
OUT_OF_MEMORY = 3
HINT = ", as Java does when its memory is used up"


def run_jar(task: Task) -> Outcome:
    """Run the main method that a JAR task names; it has to return."""
    code, ended = _run(task, JAR_LAUNCHER)
    return ended or Outcome(Failure("ProgramExit", _exit_message(code), ""))


def run_submit(task: Task) -> Outcome:
    """Run what a Spark submit task gives ``spark-submit``, which may exit with code 0."""
    code, ended = _run(task, SUBMIT_LAUNCHER)
    if ended is not None:
        return ended
    if code == 0:
        return Outcome()
    return Outcome(Failure("ProgramExit", f"The program ended with {_described(code)}", ""))


def _run(task: Task, launcher: str) -> tuple[int, Outcome | None]:
    given = task.specification.jvm
    if given is None:
        raise ValueError(f"The task has kind {task.specification.kind}, but no jvm")
    folder = Path(task.specification.run_directory)
    report = folder / REPORT
    report.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in REMOVED}
    # In a file, because paths in arguments of processes are mapped to where their files are.
    arguments = folder / ARGUMENTS
    write_json(arguments, given.arguments)
    files = [str(folder / SETTINGS), str(report), str(arguments)]
    with subprocess.Popen([*given.command, launcher, *files], env=environment) as program:
        # A run that is cancelled ends this process's group with SIGTERM, the program too, and
        # leaving the block waits for what it does in its shutdown hooks.
        code = program.wait()
    return code, _outcome(report)


def _outcome(report: Path) -> Outcome | None:
    """Return how a program ended by its own report, None when it left none."""
    try:
        document = json.loads(report.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Outcome(Failure(**document) if document else None)


def _exit_message(code: int) -> str:
    if code == 0:
        return (
            "The program called System.exit(0), which ends the driver of a cluster and so fails "
            "the run; main has to return"
        )
    return f"The program did not return from main, but ended with {_described(code)}"


def _described(code: int) -> str:
    if code < 0:
        return f"signal {-code}"
    return f"exit code {code}" + (HINT if code == OUT_OF_MEMORY else "")
