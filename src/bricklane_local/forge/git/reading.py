"""Reads objects through one long-lived ``git cat-file`` per repository instead of one per question.

Source: https://git-scm.com/docs/git-cat-file#_batch_output
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.forge.git.failures import GitFailure
from bricklane_local.forge.git.process import OUTPUT_LIMIT, Processes, kill

# Repositories that have a reader at once, and seconds after which one that is not used ends.
READERS = 8
IDLE_SECONDS = 20.0
# In which one question is answered; far above any that git takes.
ANSWER_SECONDS = 60.0
KINDS = ("commit", "tree", "blob", "tag")


@dataclass(frozen=True, slots=True)
class Found:
    """An object.

    Args:
        sha: its name.
        kind: ``commit``, ``tree``, ``blob`` or ``tag``.
        size: in bytes.
        content: its bytes; empty when they were not asked for.
    """

    sha: str
    kind: str
    size: int
    content: bytes = b""


class _Reader:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lock = asyncio.Lock()
        self.used = time.monotonic()
        self.broken = False

    @property
    def usable(self) -> bool:
        return not self.broken and self.process.returncode is None

    async def ask(self, expressions: Sequence[str], *, contents: bool) -> list[Found | None]:
        command = "contents" if contents else "info"
        text = "".join(f"{command} {expression}\n" for expression in expressions)
        async with self.lock:
            self.used = time.monotonic()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    _, found = await asyncio.gather(
                        self._say(text.encode()), self._hear(len(expressions), contents=contents)
                    )
            except BaseException:
                # Whatever it still says would be taken for the answer to the next question.
                self.broken = True
                kill(self.process)
                raise
            self.used = time.monotonic()
            return found

    async def _say(self, content: bytes) -> None:
        assert self.process.stdin is not None  # noqa: S101  (it is a pipe)
        self.process.stdin.write(content)
        await self.process.stdin.drain()

    async def _hear(self, number: int, *, contents: bool) -> list[Found | None]:
        found, size = [], 0
        for _ in range(number):
            answer = await self._one(contents=contents)
            found.append(answer)
            size += len(answer.content) if answer is not None else 0
            if size > OUTPUT_LIMIT:
                raise GitFailure(f"the objects asked for have more than {OUTPUT_LIMIT} bytes")
        return found

    async def _one(self, *, contents: bool) -> Found | None:
        assert self.process.stdout is not None  # noqa: S101  (it is a pipe)
        line = (await self.process.stdout.readuntil(b"\n")).decode(errors="replace")
        sha, kind, size = ([*line.split(" "), "", ""])[:3]
        if kind not in KINDS or not size.strip().isdigit():
            return None  # missing, or ambiguous
        if not contents:
            return Found(sha, kind, int(size))
        if int(size) > OUTPUT_LIMIT:
            raise GitFailure(f"{kind} {sha} has {size.strip()} bytes, more than {OUTPUT_LIMIT}")
        content = await self.process.stdout.readexactly(int(size) + 1)
        return Found(sha, kind, int(size), content[:-1])


class Readers:
    """The readers of one forge's repositories.

    Args:
        processes: start children.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._readers: dict[Path, _Reader] = {}
        self._starting: dict[Path, asyncio.Lock] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def ask(
        self, folder: Path, expressions: Sequence[str], *, contents: bool
    ) -> list[Found | None]:
        """Return what each expression stands for, None where it stands for nothing.

        Args:
            folder: of the bare repository.
            expressions: object names, refs or these with ``^{kind}``; without line feeds.
            contents: whether the objects' bytes are wanted.

        Raises:
            GitFailure: when git breaks down, or the objects are too large for memory.
        """
        if not expressions:
            return []
        for last in (False, True):
            reader = await self._reader(folder)
            try:
                return await reader.ask(expressions, contents=contents)
            except (asyncio.IncompleteReadError, ConnectionError, RuntimeError):
                # One that was retired just now is replaced; uvloop's closed pipes raise the last.
                if last:
                    raise GitFailure(f"git cat-file ended in {folder.name}") from None
            finally:
                self._plan_sweep()
        raise AssertionError("unreachable")

    async def _reader(self, folder: Path) -> _Reader:
        async with self._starting.setdefault(folder, asyncio.Lock()):
            reader = self._readers.get(folder)
            if reader is None or not reader.usable:
                reader = _Reader(await self._processes.reader(folder))
                self._readers[folder] = reader
                self._retire(READERS)
            return reader

    def _retire(self, kept: int) -> None:
        now = time.monotonic()
        rows = sorted(self._readers.items(), key=lambda row: row[1].used, reverse=True)
        for number, (folder, reader) in enumerate(rows):
            old = number >= kept or now - reader.used > IDLE_SECONDS
            if old and not reader.lock.locked():
                self.close(folder)

    def _plan_sweep(self) -> None:
        if self._sweep is None:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(IDLE_SECONDS + 1, self._swept)

    def _swept(self) -> None:
        self._sweep = None
        self._retire(READERS)
        if self._readers:
            self._plan_sweep()

    def close(self, folder: Path) -> None:
        """End the reader of a repository, if it has one."""
        self._starting.pop(folder, None)
        reader = self._readers.pop(folder, None)
        if reader is not None:
            kill(reader.process)

    def stop(self) -> None:
        """End all readers."""
        if self._sweep is not None:
            self._sweep.cancel()
        for folder in list(self._readers):
            self.close(folder)
