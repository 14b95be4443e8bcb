"""Runs bricklane's command line in forked processes that can be killed at any external effect.

A program of its own: it imports bricklane once, then reads one JSON object per line from standard
input, forks, runs the command line in the child, and answers with one JSON object per line. The
product knows nothing of it: what changes the world outside (git, other programs, HTTP) passes two
functions, and these are wrapped here before anything else is imported.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import requests

import bricklane
import bricklane.process
from bricklane.process import Command, Result

# Commands of git after which something is different; the rest reads, or writes objects that nobody
# refers to.
CHANGING = frozenset(
    {"push", "branch", "switch", "checkout", "merge", "update-ref", "tag", "worktree", "commit"}
)
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Effects:
    """Counts what changes the world and ends this process before or after one of them."""

    def __init__(self) -> None:
        self.count = 0
        self.at = 0
        self.when = ""
        self.log: Path | None = None

    def begin(self, name: str) -> None:
        """Say that an effect is about to happen."""
        self.count += 1
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")
        self._die("before")

    def end(self) -> None:
        """Say that it has happened."""
        self._die("after")

    def _die(self, when: str) -> None:
        if (self.count, when) == (self.at, self.when):
            os.kill(os.getpid(), signal.SIGKILL)


EFFECTS = Effects()


def effect_of(command: Command) -> str | None:
    """Return how the log names what ``command`` changes; None when it changes nothing."""
    program = Path(command.arguments[0]).name
    words = [word for word in command.arguments[1:] if not word.startswith("-")]
    if program == "git":
        verb = next((word for word in words if word in CHANGING), None)
        reads = {"--list", "--show-current", "list", "--contains", "--merged", "prune"}
        if verb is None or reads & set(command.arguments) or not in_clone(command):
            return None
        return f"git {verb}"
    if program.startswith("databricks") and {"bundle", "deploy"} <= set(words):
        return "databricks bundle deploy"
    return None


def in_clone(command: Command) -> bool:
    """Return whether git works in the user's clone; what is elsewhere is temporary."""
    return command.directory.resolve().is_relative_to(Path.cwd().resolve())


def wrap() -> None:
    """Put the counting around the runner of programs and around HTTP."""
    plain_run, plain_send = bricklane.process.run, requests.Session.send

    def run(command: Command, **arguments: Any) -> Result:
        name = effect_of(command)
        if name is None:
            return plain_run(command, **arguments)
        EFFECTS.begin(name)
        result = plain_run(command, **arguments)
        EFFECTS.end()
        return result

    def send(
        session: requests.Session, request: requests.PreparedRequest, **arguments: Any
    ) -> requests.Response:
        if request.method in READING:
            return plain_send(session, request, **arguments)
        EFFECTS.begin(f"{request.method} {request.path_url}")
        answer = plain_send(session, request, **arguments)
        EFFECTS.end()
        return answer

    bricklane.process.run = run
    requests.Session.send = send  # type: ignore[method-assign]


def warm() -> None:
    """Import all of bricklane, and let nobody wait long for a broken forge."""
    for module in pkgutil.walk_packages(bricklane.__path__, "bricklane."):
        importlib.import_module(module.name)
    from bricklane.forge.github import api
    from bricklane.gitflow import remote

    api.Patience = partial(  # type: ignore[misc,assignment]
        api.Patience, attempts=3, connections=1, backoff=0.02, longest=3.0
    )
    remote.PAUSES = (0.05, 0.05)
    gc.freeze()  # What is here stays shared with the children.


def child(order: dict[str, Any]) -> None:
    """Become the command line; does not return."""
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, name in ((1, "output"), (2, "error")):
        file = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    EFFECTS.at, EFFECTS.when = order["at"], order["when"]
    EFFECTS.log = Path(order["log"]) if order["log"] else None
    from bricklane.cli.main import main

    code = 0
    try:
        main(order["words"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def wait(process: int, seconds: float) -> int:
    """Return the exit status of ``process``; after ``seconds`` it and its children are killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def serve() -> None:
    """Answer orders until standard input ends."""
    wrap()
    warm()
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        process = os.fork()
        if process == 0:
            child(order)
        code = wait(process, order["seconds"])
        sys.stdout.write(json.dumps({"code": code}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
