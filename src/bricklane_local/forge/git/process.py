"""Runs git as child processes: few at once, without anybody's configuration, and always reaped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.errors import LocalError
from bricklane_local.forge.git.failures import GitFailure

# `git merge-tree --write-tree`, by which pull requests are merged, came with this version.
MINIMUM = (2, 38)
# A file may have 100 MB on GitHub; nothing that the API answers from memory is larger.
OUTPUT_LIMIT = 128 * 1024 * 1024
SECONDS = 300.0
PLUMBING, SERVING = 8, 16
INHERITED = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# No configuration of the user or the machine reaches the forge's repositories, and no object that a
# push names a replacement for another one is taken for it.
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
    "LANGUAGE": "en",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What a git command left.

    Args:
        code: exit status; negative for a signal.
        output: standard output.
        error: standard error, as text.
    """

    code: int
    output: bytes
    error: str

    @property
    def text(self) -> str:
        """The output as text; bytes that are no UTF-8 become U+FFFD."""
        return self.output.decode(errors="replace")

    @property
    def lines(self) -> list[str]:
        """The output's lines; only line feeds end them, as names may hold other separators."""
        return self.text.removesuffix("\n").split("\n") if self.output else []


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of a git child, ``extra`` on top."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**kept, **ENVIRONMENT, **(extra or {})}


class Processes:
    """The git children of one forge."""

    def __init__(self) -> None:
        self._plumbing = asyncio.Semaphore(PLUMBING)
        self._serving = asyncio.Semaphore(SERVING)
        self._alive: set[asyncio.subprocess.Process] = set()

    async def run(
        self,
        folder: Path,
        *arguments: str,
        given: bytes = b"",
        extra: Mapping[str, str] | None = None,
        allowed: frozenset[int] = frozenset({0}),
    ) -> Result:
        """Run one git command in a repository and return what it left.

        Args:
            folder: the bare repository.
            arguments: of git; nothing that a stranger chose may stand where an option could.
            given: standard input.
            extra: more environment.
            allowed: exit statuses that are no failure.

        Raises:
            GitFailure: for another status, too much output, or too long a time.
        """
        variables = environment({"GIT_DIR": str(folder), **(extra or {})})
        async with (
            self._plumbing,
            self._started(("git", *arguments), folder, variables) as process,
        ):
            try:
                async with asyncio.timeout(SECONDS):
                    result = await _finished(process, given)
            except TimeoutError:
                raise GitFailure(
                    f"git {arguments[0]} did not end within {SECONDS:g} seconds"
                ) from None
        if result.code not in allowed:
            said = result.error.strip() or f"exit status {result.code}"
            raise GitFailure(f"git {arguments[0]} failed: {said}")
        return result

    @contextlib.asynccontextmanager
    async def serving(
        self,
        arguments: tuple[str, ...],
        folder: Path,
        extra: Mapping[str, str],
        files: tuple[int, ...],
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Start a child that serves a client; whatever of it is left at the end is killed.

        Args:
            arguments: of git.
            folder: to start it in.
            extra: more environment.
            files: descriptors that it inherits under the same numbers.
        """
        async with (
            self._serving,
            self._started(("git", *arguments), folder, environment(extra), files) as process,
        ):
            yield process

    @contextlib.asynccontextmanager
    async def _started(
        self,
        command: tuple[str, ...],
        folder: Path,
        variables: Mapping[str, str],
        files: tuple[int, ...] = (),
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=variables,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=files,
            start_new_session=True,  # so that git's own children end with it
        )
        self._alive.add(process)
        try:
            yield process
        finally:
            kill(process)
            await asyncio.shield(process.wait())
            self._alive.discard(process)

    async def reader(self, folder: Path) -> asyncio.subprocess.Process:
        """Start a ``git cat-file`` that answers questions about a repository until it is killed."""
        self._alive = {process for process in self._alive if process.returncode is None}
        process = await asyncio.create_subprocess_exec(
            "git",
            "cat-file",
            "--batch-command",
            cwd=folder,
            env=environment({"GIT_DIR": str(folder)}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        self._alive.add(process)
        return process

    async def stop(self) -> None:
        """End every child that is still running."""
        for process in list(self._alive):
            kill(process)
        await asyncio.gather(*(process.wait() for process in list(self._alive)))


def kill(process: asyncio.subprocess.Process) -> None:
    """End a child and everything that it started; one that has ended is left alone."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


async def _finished(process: asyncio.subprocess.Process, given: bytes) -> Result:
    _, output, error = await asyncio.gather(
        _feed(process, given), _read(process.stdout), _read(process.stderr)
    )
    return Result(await process.wait(), output, error.decode(errors="replace"))


async def _feed(process: asyncio.subprocess.Process, given: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  (it is a pipe)
    if process.stdin.is_closing():
        return  # it has ended already; its exit status tells
    # It may end without reading all.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None  # noqa: S101  (it is a pipe)
    pieces, size = [], 0
    while piece := await stream.read(1 << 18):
        size += len(piece)
        if size > OUTPUT_LIMIT:
            raise GitFailure(f"git printed more than {OUTPUT_LIMIT} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def check_version(processes: Processes, folder: Path) -> tuple[int, ...]:
    """Return git's version.

    Raises:
        LocalError: when git is absent or too old.
    """
    wanted = ".".join(map(str, MINIMUM))
    try:
        said = (await processes.run(folder, "version")).text
    except FileNotFoundError:
        raise LocalError(
            "git is not on PATH, and the forge works with it",
            hint=f"install git {wanted} or newer",
        ) from None
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    version = tuple(int(part) for part in found.groups("0")) if found else (0,)
    if version < MINIMUM:
        raise LocalError(
            f"the forge merges with git {wanted} or newer, and this is {said.strip()}",
            hint=f"install git {wanted} or newer, and put it first on PATH",
        )
    return version
