"""The one runner of external programs: git, the Databricks CLI, builds and tests.

Commands are built apart from being run: functions elsewhere return a :class:`Command`, tests
compare it, and :func:`run` starts it. Secrets travel in the environment, never in the arguments.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode

# Messages of git and others are read by people and logs alike, so their language is fixed.
LOCALE = {"LC_ALL": "C.UTF-8", "LANGUAGE": "en"}

# Seconds that a program usually has to end itself when this one is interrupted.
GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Command:
    """An external program and how to start it.

    Args:
        arguments: the program and its arguments; nothing secret.
        directory: the working directory.
        environment: added to the environment of this process; may hold secrets.
        remove: variables taken out of the environment.
        secrets: values replaced by ``***`` wherever output is shown, kept or raised.
        input: text for standard input; without one it is closed.
        timeout: seconds after which the program and what it started are ended; none by default.
        grace: seconds that the program has to end itself when this one is interrupted.
        shielded: whether a terminal's Ctrl-C reaches the program only through this one. A program
            that takes a second signal as an order to drop everything needs that.
        umask: permissions that the files it makes do not get; those of this process by default.
    """

    arguments: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    remove: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()
    input: str | None = None
    timeout: float | None = None
    grace: float = GRACE
    shielded: bool = False
    umask: int = -1

    def __str__(self) -> str:
        return redact(shlex.join(self.arguments), self.secrets)


@dataclass(frozen=True, slots=True)
class Result:
    """What a program left.

    Args:
        code: its exit status; negative for a signal.
        output: its standard output, secrets replaced.
        error: its standard error, secrets replaced.
    """

    code: int
    output: str
    error: str


class CommandFailed(BricklaneError):  # noqa: N818  (what happened, told by its name)
    """A program ended with a status that its caller did not allow.

    Args:
        command: what was run.
        result: what it left.
    """

    def __init__(self, command: Command, result: Result) -> None:
        lines = [line for line in (result.error or result.output).splitlines() if line.strip()]
        said = "\n".join(lines[-12:]) or "it printed nothing"
        super().__init__(f"`{command}` ended with exit code {result.code}:\n{said}")
        self.result = result


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with every secret replaced by ``***``."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def run(
    command: Command,
    *,
    allowed: frozenset[int] = frozenset({0}),
    show: Callable[[str], None] | None = None,
) -> Result:
    """Run ``command`` to its end.

    Args:
        command: what to run.
        allowed: exit statuses that are no failure.
        show: called with each line of output and error as it comes, secrets replaced.

    Raises:
        CommandFailed: for any other exit status.
        BricklaneError: when the program cannot be started, or ran longer than its timeout.
    """
    process = _start(command)
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        process.kill()

    limit = threading.Timer(command.timeout or threading.TIMEOUT_MAX, expire)
    limit.daemon = True
    if command.timeout is not None:
        limit.start()
    try:
        if show is None:
            output, error = process.communicate(command.input)
        else:
            output, error = _shown(process, command, show)
        code = process.wait()
    finally:
        limit.cancel()
        _end(process, command.grace)
        _close(process)
    result = Result(code, redact(output, command.secrets), redact(error, command.secrets))
    if expired.is_set():
        raise BricklaneError(f"`{command}` did not end within {command.timeout:g} seconds")
    if code not in allowed:
        raise CommandFailed(command, result)
    return result


def _start(command: Command) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in command.remove}
    try:
        return subprocess.Popen(
            command.arguments,
            cwd=command.directory,
            env={**inherited, **LOCALE, **command.environment},
            stdin=subprocess.DEVNULL if command.input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            process_group=0 if command.shielded else None,
            umask=command.umask,
        )
    except OSError as error:
        program = command.arguments[0]
        raise BricklaneError(
            f"{program} cannot be run in {command.directory}: {error.strerror}",
            hint=f"check that {program} is installed and on PATH",
            exit_code=ExitCode.TOOL,
        ) from None


def _end(process: subprocess.Popen[str], grace: float) -> None:
    """End a program that still runs because this one was interrupted.

    It gets the time to save what it has done: the Databricks CLI writes down which resources it
    has created by then.
    """
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _close(process: subprocess.Popen[str]) -> None:
    """Close the pipes from a program, after its end: one that still writes would break."""
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _shown(
    process: subprocess.Popen[str], command: Command, show: Callable[[str], None]
) -> tuple[str, str]:
    """Give a program its input, show each line as it comes, and return its output and error."""
    kept: tuple[list[str], list[str]] = ([], [])
    readers = [
        threading.Thread(target=_drain, args=(stream, lines, command.secrets, show), daemon=True)
        for stream, lines in zip((process.stdout, process.stderr), kept, strict=True)
    ]
    for reader in readers:
        reader.start()
    _feed(process, command.input)
    for reader in readers:
        reader.join()
    return "".join(kept[0]), "".join(kept[1])


def _feed(process: subprocess.Popen[str], text: str | None) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(text or "")
        process.stdin.close()
    except BrokenPipeError:
        pass  # It ended without reading all; its exit status tells.


def _drain(
    stream: Iterable[str],
    kept: list[str],
    secrets: tuple[str, ...],
    show: Callable[[str], None],
) -> None:
    for line in stream:
        kept.append(line)
        show(redact(line, secrets).rstrip("\n"))
