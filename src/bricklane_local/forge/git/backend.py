"""Children that serve clients of git, from their first byte to the record of what they changed."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.errors import LocalError
from bricklane_local.forge.git.bare import Bare, Repositories
from bricklane_local.forge.git.changes import Changes, new_id
from bricklane_local.forge.git.failures import Refused
from bricklane_local.forge.git.gate import Gate, Question, explained
from bricklane_local.forge.git.model import Actor, Push
from bricklane_local.forge.git.process import Processes, kill

if TYPE_CHECKING:
    from starlette.types import Receive, Send

LOGGER = logging.getLogger(__name__)
PIECE = 1 << 17
# Seconds in which some byte must move, and in which refs change once a push is accepted.
IDLE_SECONDS = 600.0
APPLY_SECONDS = 120.0
ORPHAN_SECONDS = 30.0
ERROR_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """A request of git's HTTP protocol, checked.

    Args:
        repository: its number.
        service: ``git-upload-pack`` or ``git-receive-pack``.
        advertise: whether it asks for the refs, which begins every exchange.
        variables: what git learns of the headers, by CGI name.
        address: of the client.
    """

    repository: int
    service: str
    advertise: bool
    variables: Mapping[str, str]
    address: str = ""

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the CGI variables of ``git http-backend`` for repositories in ``folder``."""
        last = "info/refs" if self.advertise else self.service
        return {
            "GIT_PROJECT_ROOT": str(folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{self.repository}.git/{last}",
            "REQUEST_METHOD": "GET" if self.advertise else "POST",
            "QUERY_STRING": f"service={self.service}" if self.advertise else "",
            "REMOTE_ADDR": self.address,
            "SERVER_PROTOCOL": "HTTP/1.1",
            **self.variables,
        }


class Gone(Exception):  # noqa: N818  (what happened, told by its name)
    """The client went away."""


@dataclass(slots=True)
class Answer:
    """The way of git's output to the client.

    Args:
        send: of ASGI.
        held: pieces kept back until :meth:`release`.
        holding: whether pieces are kept back now.
        begun: whether the answer's head was read.
    """

    send: Send
    held: list[dict[str, object]] = field(default_factory=list)
    holding: bool = False
    begun: bool = False

    async def pass_on(self, process: asyncio.subprocess.Process) -> None:
        """Send all that a CGI program prints, until it closes its output."""
        assert process.stdout is not None  # noqa: S101  (it is a pipe)
        try:
            head = await process.stdout.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        status, headers = parse_head(head)
        self.begun = True
        await self._put({"type": "http.response.start", "status": status, "headers": headers})
        while piece := await process.stdout.read(PIECE):
            await self._put({"type": "http.response.body", "body": piece, "more_body": True})
        await self._put({"type": "http.response.body", "body": b""})

    async def _put(self, message: dict[str, object]) -> None:
        if self.holding:
            self.held.append(message)
        else:
            async with asyncio.timeout(IDLE_SECONDS):
                await self.send(message)

    async def release(self) -> None:
        """Send what was kept back; an answer that never began becomes an error."""
        self.holding = False
        if not self.begun:
            await self.fail()
        for message in self.held:
            await self._put(message)

    async def fail(self) -> None:
        """Say that git broke down."""
        self.begun = True
        text = [(b"content-type", b"text/plain; charset=utf-8")]
        await self.send({"type": "http.response.start", "status": 500, "headers": text})
        body = b"git failed on the server; `bricklane local logs` has the details\n"
        await self.send({"type": "http.response.body", "body": body})


def parse_head(head: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Return status and headers of a CGI program's answer (RFC 3875, section 6)."""
    status, headers = 200, []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.strip().lower(), value.strip()))
    return status, headers


async def feed(process: asyncio.subprocess.Process, receive: Receive) -> None:
    """Give a request's body to a child, then wait until the client goes away, and return."""
    assert process.stdin is not None  # noqa: S101  (it is a pipe)
    more = True
    while more:
        async with asyncio.timeout(IDLE_SECONDS):
            message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
        if not process.stdin.is_closing():
            try:
                process.stdin.write(message.get("body", b""))
                await process.stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                process.stdin.close()  # it needs no more; the rest of the body is passed over
    process.stdin.close()
    while message["type"] != "http.disconnect":
        message = await receive()


async def complain(process: asyncio.subprocess.Process, request: Request) -> None:
    """Log what a child says of its troubles."""
    assert process.stderr is not None  # noqa: S101  (it is a pipe)
    said = b""
    while piece := await process.stderr.read(PIECE):
        said = (said + piece)[:ERROR_LIMIT]
    if said.strip():
        text = said.decode(errors="replace").strip()
        LOGGER.warning("%s of repository %s: %s", request.service, request.repository, text)


class Backend:
    """Serves git's clients.

    Args:
        repositories: where they are.
        processes: start children.
        changes: judge and record pushes.
    """

    def __init__(self, repositories: Repositories, processes: Processes, changes: Changes) -> None:
        self._repositories = repositories
        self._processes = processes
        self._changes = changes
        self._pushes: set[asyncio.Task[None]] = set()
        self._accepted: set[asyncio.Task[None]] = set()

    @property
    def _lock(self) -> Path:
        return self._repositories.folder / "pushing.lock"

    async def fetch(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer a request that changes nothing; a client that leaves ends it."""
        self._repositories.get(request.repository)
        variables = request.environment(self._repositories.folder)
        folder, answer = self._repositories.folder, Answer(send)
        async with self._processes.serving(("http-backend",), folder, variables, ()) as process:
            feeding = asyncio.create_task(feed(process, receive))
            passing = asyncio.create_task(answer.pass_on(process))
            logging_ = asyncio.create_task(complain(process, request))
            try:
                await asyncio.wait({feeding, passing}, return_when=asyncio.FIRST_COMPLETED)
                if passing.done():
                    passing.result()
                    if not answer.begun:
                        await answer.fail()
            finally:
                kill(process)
                await ended(feeding, passing, logging_)

    async def push(self, request: Request, actor: Actor, receive: Receive, send: Send) -> None:
        """Answer a push; once accepted it is carried out and recorded, whoever leaves."""
        bare = self._repositories.get(request.repository)
        task = asyncio.create_task(self._push(request, bare, actor, receive, send))
        for tasks in (self._pushes, self._accepted):
            task.add_done_callback(tasks.discard)
        self._pushes.add(task)
        await asyncio.shield(task)

    async def _push(
        self, request: Request, bare: Bare, actor: Actor, receive: Receive, send: Send
    ) -> None:
        answer = Answer(send)
        lock = shared_lock(self._lock)
        with Gate() as gate:
            variables = request.environment(self._repositories.folder) | gate.environment()
            variables["REMOTE_USER"] = actor.login
            try:
                serving = self._processes.serving(
                    ("http-backend",), self._repositories.folder, variables, (*gate.inherited, lock)
                )
                async with serving as process:
                    os.close(lock)
                    lock = -1
                    gate.started()
                    work = _Work(process, gate, answer, receive, request)
                    await self._guide(work, bare, actor)
            finally:
                if lock >= 0:
                    os.close(lock)

    async def _guide(self, work: _Work, bare: Bare, actor: Actor) -> None:
        try:
            question = await work.question()
            if question is None:
                await work.passed_on()
            else:
                await self._decide(work, bare, actor, question)
            await work.answer.release()
        except Gone:
            LOGGER.info("a client left in the middle of a push to repository %s", bare.id)
        finally:
            await work.end()

    async def _decide(self, work: _Work, bare: Bare, actor: Actor, question: Question) -> None:
        push = Push(new_id(), bare.id, actor, question.changes, question.objects)
        async with self._changes.alone(bare.id):
            work.check_present()
            try:
                push = await self._changes.judge(push, bare)
            except Refused as refused:
                await work.refuse(explained(refused.refusals))
                return
            except Exception:
                LOGGER.exception("a push to repository %s could not be judged", bare.id)
                await work.refuse(["error: the forge failed; `bricklane local logs` says why"])
                return
            work.check_present()
            self._accept()
            self._changes.begin(push)
            work.answer.holding = True  # who sees success must find the push recorded
            work.gate.accept()
            await work.applied()
            push = await self._changes.settle(push, bare)
        await self._changes.announce(push)

    def _accept(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a coroutine runs in one)
        self._accepted.add(task)

    async def await_orphans(self) -> None:
        """Wait until no child of an earlier server changes refs any more.

        Raises:
            LocalError: when one does not end.
        """
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            for _ in range(int(ORPHAN_SECONDS / 0.1)):
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    await asyncio.sleep(0.1)
                else:
                    return
        finally:
            os.close(descriptor)
        raise LocalError(
            f"a git process of an earlier server still works in {self._repositories.folder}",
            hint="end it (`fuser pushing.lock` in that folder names it), then start again",
        )

    async def stop(self) -> None:
        """Let accepted pushes end, and end everything else."""
        for task in self._pushes - self._accepted:
            task.cancel()
        await asyncio.gather(*self._pushes, return_exceptions=True)


@dataclass(slots=True)
class _Work:
    process: asyncio.subprocess.Process
    gate: Gate
    answer: Answer
    receive: Receive
    request: Request
    feeding: asyncio.Task[None] = field(init=False)
    passing: asyncio.Task[None] = field(init=False)
    complaining: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        self.feeding = asyncio.create_task(feed(self.process, self.receive))
        self.passing = asyncio.create_task(self.answer.pass_on(self.process))
        self.complaining = asyncio.create_task(complain(self.process, self.request))

    async def question(self) -> Question | None:
        asking = asyncio.create_task(self.gate.question())
        await asyncio.wait({asking, self.feeding}, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            return asking.result()
        await ended(asking)
        raise Gone

    async def refuse(self, lines: list[str]) -> None:
        self.gate.refuse(lines)
        await self.passed_on()

    def check_present(self) -> None:
        if self.feeding.done():
            raise Gone

    async def passed_on(self) -> None:
        await asyncio.wait({self.passing, self.feeding}, return_when=asyncio.FIRST_COMPLETED)
        self.check_passed()

    def check_passed(self) -> None:
        if not self.passing.done():
            raise Gone
        self.passing.result()

    async def applied(self) -> None:
        try:
            async with asyncio.timeout(APPLY_SECONDS):
                await asyncio.shield(self.passing)
                await self.process.wait()
        except TimeoutError:
            LOGGER.exception("git did not apply a push within %s seconds", APPLY_SECONDS)
            kill(self.process)
            await self.process.wait()

    async def end(self) -> None:
        kill(self.process)
        await ended(self.feeding, self.passing, self.complaining)


async def ended(*tasks: asyncio.Task[object]) -> None:
    """Cancel tasks and wait until they are over, whatever they raise."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def shared_lock(path: Path) -> int:
    """Return a descriptor of ``path`` that holds a shared lock as long as any process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor
