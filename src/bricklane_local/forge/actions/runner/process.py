"""One job's act, as a child process under a supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bricklane_local.forge.actions.runner.rewriting import written

SUPERVISOR = Path(__file__).with_name("supervisor.py")
# A message may carry a whole summary.
MESSAGE_LIMIT = 32 * 1024 * 1024
ERROR_TAIL = 2000


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The files of one job; the folder goes when the job ends.

    Args:
        root: the folder itself, only for this user.
    """

    root: Path

    @property
    def home(self) -> Path:
        """The home folder of the job."""
        return self.root / "home"

    @property
    def work(self) -> Path:
        """An empty folder; act takes it for the project."""
        return self.root / "empty"

    @property
    def actions(self) -> Path:
        """Where act puts the workspace, temporary files and copies of actions."""
        return self.root / "runner"

    @property
    def errors(self) -> Path:
        """What act prints that is no message."""
        return self.root / "errors.txt"

    def file(self, name: str, content: Any) -> Path:
        """Write a file that only this user may read, as JSON that YAML parsers read too."""
        path = self.root / name
        path.touch(mode=0o600)
        path.write_text(written(content), "utf-8")
        return path

    def make(self) -> None:
        """Make the folders."""
        self.root.mkdir(parents=True, mode=0o700)
        for folder in (self.home, self.work, self.actions):
            folder.mkdir()

    def remove(self) -> None:
        """Remove everything; what cannot be removed stays."""
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class ActJob:
    """What act is to run.

    Args:
        act: the program.
        key: id of the job in the workflow.
        event: name of the event.
        actor: login.
        workflow: document with this one job.
        secrets: by name.
        variables: ``GITHUB_*`` and the like, the token that ID tokens are asked with among them.
        payload: of the event.
        folders: of actions, by ``owner/repo@ref``.
        environment: that act and the steps start with.
    """

    act: Path
    key: str
    event: str
    actor: str
    workflow: Mapping[str, Any]
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    payload: Mapping[str, Any]
    folders: Mapping[str, Path]
    environment: Mapping[str, str]


def command(job: ActJob, folder: JobFolder) -> list[str]:
    """Return act's command line; nothing secret is in it."""
    files = {
        "-W": folder.root / "workflow.yml",
        "--secret-file": folder.root / "secrets.yml",
        "--env-file": folder.root / "variables.yml",
        "--var-file": folder.root / "none.yml",
        "--input-file": folder.root / "none.yml",
        "-e": folder.root / "event.json",
        "-C": folder.work,
        "--action-cache-path": folder.actions,
    }
    mapped = [
        word
        for name, path in (job.folders or {"none/none@none": folder.work}).items()
        for word in ("--local-repository", f"{name}={path}")
    ]
    return [
        *(str(job.act), job.event, "-j", job.key, "--actor", job.actor),
        *(word for option, path in files.items() for word in (option, str(path))),
        *("-P", "ubuntu-latest=-self-hosted", "--json", "--no-skip-checkout"),
        *("--no-cache-server", "--container-daemon-socket", "-"),
        *mapped,
    ]


class ActProcess:
    """A running act.

    Args:
        folder: of the job; made.
        job: what to run.
    """

    def __init__(self, folder: JobFolder, job: ActJob) -> None:
        self._folder = folder
        self._job = job
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, take: Callable[[Mapping[str, Any]], None]) -> int:
        """Run act to its end; return its exit status.

        Args:
            take: gets each message.
        """
        folder, job = self._folder, self._job
        secret = [
            folder.file("workflow.yml", job.workflow),
            folder.file("secrets.yml", dict(job.secrets)),
            folder.file("variables.yml", dict(job.variables)),
        ]
        folder.file("none.yml", {})
        (folder.root / "event.json").write_bytes(orjson.dumps(job.payload))
        with folder.errors.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", str(SUPERVISOR), *command(job, folder)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=dict(job.environment),
                cwd=folder.work,
                limit=MESSAGE_LIMIT,
            )
        try:
            await self._read(take, secret)
            return await self._process.wait()
        finally:
            await self._reap()

    async def _read(self, take: Callable[[Mapping[str, Any]], None], secret: list[Path]) -> None:
        assert self._process is not None  # noqa: S101  (it has just been started)
        assert self._process.stdout is not None  # noqa: S101  (it is a pipe)
        while line := await self._process.stdout.readline():
            for file in secret:
                # act has read them by the time it says anything; steps need not find them.
                file.unlink(missing_ok=True)
            secret = []
            try:
                message = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if isinstance(message, dict):
                take(message)

    async def _reap(self) -> None:
        """Make sure that nothing of the job is left, also when this task was cancelled."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.tell("kill")
        try:
            await asyncio.wait_for(asyncio.shield(process.wait()), 10)
        except TimeoutError:
            process.kill()
            await process.wait()

    def tell(self, word: str) -> None:
        """Send the supervisor a word: ``end`` or ``kill``."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(f"{word}\n".encode())

    def complaint(self) -> str:
        """Return the last words of act that are no messages."""
        try:
            text = self._folder.errors.read_bytes()[-ERROR_TAIL:].decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        return text.strip().removeprefix("Error: ")
