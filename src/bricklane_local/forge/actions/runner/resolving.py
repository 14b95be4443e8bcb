"""Finding the actions that a job uses: on this forge, on the network, or their stand-ins."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import shlex
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.files import write_atomically
from bricklane_local.forge.actions.standins.table import STANDINS, Standin

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

STEP = Path(__file__).with_name("step.py")
USES = re.compile(r"(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)(?P<path>/[^@]*)?@(?P<ref>[^\s]+)")
NETWORK_SECONDS, OFFLINE_SECONDS = 15.0, 600.0
# What git says when it reached nobody; anything else is an answer.
UNREACHABLE = re.compile(
    r"Could not resolve|Failed to connect|Couldn't connect|Connection (refused|reset|timed out)"
    r"|Operation (timed out|too slow)|[Nn]etwork is unreachable|SSL|certificate"
)
STALE_SECONDS = 3600.0
COMMIT = re.compile(r"[0-9a-f]{40}")
# Their service is GitHub's own; the real ones could store nothing here.
ALWAYS = ("actions/upload-artifact", "actions/download-artifact", "actions/cache")


class UnresolvedActionError(Exception):
    """An action can be had from nowhere; the text says so, with its name."""


@dataclass(slots=True)
class Resolved:
    """The actions of a job.

    Args:
        standins: by the text of ``uses``.
        folders: of real actions, by ``owner/repo@ref``.
    """

    standins: dict[str, Standin] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)


class Resolver:
    """Finds actions, and keeps those that came over the network.

    Args:
        forge: whose own repositories come first.
        folder: where fetched ones are kept.
        source: URL that ``owner/repo`` is appended to; empty for no network.
    """

    def __init__(self, forge: Forge, folder: Path, source: str) -> None:
        self._forge = forge
        self._folder = folder
        self._source = source
        self._offline_until = 0.0
        self._fetching = asyncio.Lock()

    async def resolve(self, repository: Repository, sha: str, uses: Iterable[str]) -> Resolved:
        """Return where the actions are that steps name, and those that these use in turn.

        Args:
            repository: of the run.
            sha: of the run; actions named by ``./`` are looked up there.
            uses: what the steps of the job name.

        Raises:
            UnresolvedActionError: when one is nowhere.
        """
        resolved = Resolved()
        open_ones = [(text, False) for text in uses]
        seen: set[tuple[str, bool]] = set()
        while open_ones:
            text, nested = open_ones.pop()
            if (text, nested) in seen:
                continue
            seen.add((text, nested))
            if text.startswith("./"):
                found = await self._local_uses(repository, sha, text)
            else:
                found = await self._take(repository, resolved, text, nested=nested)
            open_ones += [(inner, True) for inner in found]
        return resolved

    async def _take(
        self, repository: Repository, resolved: Resolved, text: str, *, nested: bool
    ) -> list[str]:
        """Find one action; return what it uses itself."""
        found = USES.fullmatch(text)
        if found is None:
            return []
        owner, repo, ref = found["owner"], found["repo"], found["ref"]
        key = f"{owner}/{repo}@{ref}"
        if key not in resolved.folders:
            folder = await self._locate(repository, owner, repo, ref)
            if folder is None:
                standin = self._standin(owner, repo, text)
                if not nested:
                    resolved.standins[text] = standin
                    return []
                folder = self._as_action(standin, text)
            resolved.folders[key] = folder
        return _uses_of(_description(resolved.folders[key] / (found["path"] or "/").strip("/")))

    def _standin(self, owner: str, repo: str, text: str) -> Standin:
        standin = STANDINS.get(f"{owner}/{repo}".lower())
        if standin is None:
            where = self._source or "the network is switched off for actions"
            raise UnresolvedActionError(
                f"Unable to resolve action `{text}`: this forge has no repository {owner}/{repo}, "
                f"nothing was got from {where}, and there is no stand-in for it"
            )
        return standin

    def _as_action(self, standin: Standin, text: str) -> Path:
        """Return a folder by which act runs a stand-in inside another action."""
        folder = self._folder / "standins" / standin.file.removesuffix(".py")
        folder.mkdir(parents=True, exist_ok=True)
        names = [*standin.defaults, *standin.inputs]
        step = {
            "id": "standin",
            "shell": standin_command(standin, text),
            "run": f"stand-in for {text}",
            "env": standin.variables({name: f"${{{{ inputs['{name}'] }}}}" for name in names}),
        }
        values = {name: f"${{{{ steps.standin.outputs['{name}'] }}}}" for name in standin.outputs}
        action = {
            "name": standin.action,
            "inputs": {name: {"default": standin.defaults.get(name, "")} for name in names},
            "outputs": {name: {"value": value} for name, value in values.items()},
            "runs": {"using": "composite", "steps": [step]},
        }
        write_atomically(folder / "action.yml", json.dumps(action).encode())
        return folder

    async def _local_uses(self, repository: Repository, sha: str, text: str) -> list[str]:
        from bricklane_local.forge.git import objects

        bare = self._forge.git.repository(repository.id)
        for name in ("action.yml", "action.yaml"):
            path = f"{text.removeprefix('./').strip('/')}/{name}".lstrip("/")
            entries = await objects.tree(bare, sha, path=path)
            if entries and entries[0].kind == "blob":
                content = await objects.read(bare, entries[0].sha, "blob")
                return _uses_of(_parsed(content.decode("utf-8", "replace")))
        return []  # it may be made by an earlier step

    async def _locate(self, repository: Repository, owner: str, repo: str, ref: str) -> Path | None:
        local = await self._from_forge(repository, owner, repo, ref)
        if local is not None:
            return local
        if f"{owner}/{repo}".lower() in ALWAYS:
            return None
        async with self._fetching:
            fetched = await self._from_network(owner, repo, ref)
        if fetched is not None and _needs_node(fetched) and shutil.which("node") is None:
            return None
        return fetched

    async def _from_forge(
        self, repository: Repository, owner: str, repo: str, ref: str
    ) -> Path | None:
        from bricklane_local.forge.git import refs

        found = self._forge.repositories.find(owner, repo)
        if found is None or (found.private and found.owner != repository.owner):
            return None
        bare = self._forge.git.repository(found.id)
        sha = await refs.find(bare, ref)
        if sha is None:
            raise UnresolvedActionError(
                f"Unable to resolve action `{owner}/{repo}@{ref}`: unable to find version `{ref}`"
            )
        target = self._folder / "forge" / str(found.id) / sha
        if not target.exists():
            archive = await bare.git("archive", "--format=tar", sha)
            await asyncio.to_thread(_unpack, archive.output, target)
        return target

    async def _from_network(self, owner: str, repo: str, ref: str) -> Path | None:
        target = self._folder / "network" / owner.lower() / repo.lower() / ref.replace("/", "%2F")
        if target.exists() and (COMMIT.fullmatch(ref) or not _is_stale(target)):
            return target
        if self._source and time.monotonic() >= self._offline_until:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".incoming-") as incoming:
                whole = Path(incoming) / "action"
                failure = await fetch(f"{self._source}/{owner}/{repo}", ref, whole)
                if not failure:
                    shutil.rmtree(target, ignore_errors=True)
                    whole.rename(target)
                    target.touch()
                elif UNREACHABLE.search(failure):
                    self._offline_until = time.monotonic() + OFFLINE_SECONDS
        return target if target.exists() else None


def standin_command(standin: Standin, uses: str) -> str:
    """Return the shell of a step that runs a stand-in."""
    command = [sys.executable, "-I", str(standin.script), uses]
    return f"{without_terminal()} {shlex.join(command)} {{0}}"


def without_terminal() -> str:
    """Return the words before a command that keep act's terminal from it."""
    return shlex.join([sys.executable, "-I", "-S", str(STEP)])


async def fetch(url: str, ref: str, folder: Path) -> str:
    """Check out one commit of a public repository, without its history.

    Args:
        url: of the repository.
        ref: branch, tag or commit.
        folder: to be made.

    Returns:
        What git complained of; empty when it worked.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {name: os.environ[name] for name in os.environ if name.startswith("GIT_SSL")}
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "5",
        "LC_ALL": "C",
    }
    commands = (
        ["git", "init", "--quiet", str(folder)],
        ["git", "-C", str(folder), "fetch", "--quiet", "--depth=1", "--end-of-options", url, ref],
        ["git", "-C", str(folder), "checkout", "--quiet", "--detach", "FETCH_HEAD"],
    )
    for command in commands:
        failure = await _complaint(command, environment)
        if failure:
            return failure
    shutil.rmtree(folder / ".git")
    return ""


async def _complaint(command: list[str], environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        _, errors = await asyncio.wait_for(process.communicate(), NETWORK_SECONDS)
    except TimeoutError:
        return "Operation timed out"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = errors.decode("utf-8", "replace").strip()
    return (text or f"git exited {process.returncode}") if process.returncode else ""


def _is_stale(folder: Path) -> bool:
    return time.time() - folder.stat().st_mtime > STALE_SECONDS


def _unpack(content: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".incoming-") as incoming:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(Path(incoming) / "action", filter="data")
        # Another job may have been faster.
        with contextlib.suppress(OSError):
            (Path(incoming) / "action").rename(target)


def _description(folder: Path) -> dict[str, Any]:
    for name in ("action.yml", "action.yaml"):
        file = folder / name
        if file.is_file():
            return _parsed(file.read_text("utf-8", "replace"))
    return {}


def _parsed(text: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _needs_node(folder: Path) -> bool:
    runs = _description(folder).get("runs")
    return isinstance(runs, dict) and str(runs.get("using", "")).startswith("node")


def _uses_of(description: dict[str, Any]) -> list[str]:
    runs = description.get("runs")
    steps = runs.get("steps") if isinstance(runs, dict) else None
    if not isinstance(steps, list):
        return []
    return [str(step["uses"]) for step in steps if isinstance(step, dict) and "uses" in step]
