"""Finding the actions that a job uses: on this forge, on the network, or their stand-ins."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bricklane_local.forge.actions.standins.table import STANDINS, Standin

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge

USES = re.compile(r"(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)(?P<path>/[^@]*)?@(?P<ref>[^\s]+)")
NETWORK_SECONDS, OFFLINE_SECONDS = 20.0, 600.0
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

    async def resolve(self, uses: Iterable[str]) -> Resolved:
        """Return where the actions are that steps name, and those that these use in turn.

        Raises:
            UnresolvedActionError: when one is nowhere.
        """
        resolved = Resolved()
        open_ones = list(uses)
        while open_ones:
            text = open_ones.pop()
            found = USES.fullmatch(text)
            if found is None or text in resolved.standins:
                continue
            key = f"{found['owner']}/{found['repo']}@{found['ref']}"
            if key not in resolved.folders:
                folder = await self._locate(found["owner"], found["repo"], found["ref"])
                if folder is None:
                    resolved.standins[text] = self._standin(found["owner"], found["repo"], text)
                    continue
                resolved.folders[key] = folder
            open_ones += _uses_of(resolved.folders[key] / (found["path"] or "/").strip("/"))
        return resolved

    def _standin(self, owner: str, repo: str, text: str) -> Standin:
        standin = STANDINS.get(f"{owner}/{repo}".lower())
        if standin is None:
            where = self._source or "the network is switched off for actions"
            raise UnresolvedActionError(
                f"Unable to resolve action `{text}`: this forge has no repository {owner}/{repo}, "
                f"{where} was not reached, and there is no stand-in for it"
            )
        return standin

    async def _locate(self, owner: str, repo: str, ref: str) -> Path | None:
        local = await self._from_forge(owner, repo, ref)
        if local is not None:
            return local
        if f"{owner}/{repo}".lower() in ALWAYS:
            return None
        fetched = await self._from_network(owner, repo, ref)
        if fetched is not None and _needs_node(fetched) and shutil.which("node") is None:
            return None
        return fetched

    async def _from_forge(self, owner: str, repo: str, ref: str) -> Path | None:
        from bricklane_local.forge.git import refs

        repository = self._forge.repositories.find(owner, repo)
        if repository is None:
            return None
        bare = self._forge.git.repository(repository.id)
        sha = await refs.find(bare, ref)
        if sha is None:
            raise UnresolvedActionError(
                f"Unable to resolve action `{owner}/{repo}@{ref}`: unable to find version `{ref}`"
            )
        target = self._folder / "forge" / str(repository.id) / sha
        if not target.exists():
            archive = await bare.git("archive", "--format=tar", sha)
            await asyncio.to_thread(_unpack, archive.output, target)
        return target

    async def _from_network(self, owner: str, repo: str, ref: str) -> Path | None:
        target = self._folder / "network" / owner.lower() / repo.lower() / ref.replace("/", "%2F")
        if target.exists():
            return target
        if not self._source or time.monotonic() < self._offline_until:
            return None
        url = f"{self._source}/{owner}/{repo}"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".incoming-") as incoming:
            whole = Path(incoming) / "action"
            if not await _fetch(url, ref, whole):
                self._offline_until = time.monotonic() + OFFLINE_SECONDS
                return None
            with contextlib.suppress(FileExistsError, OSError):
                whole.rename(target)
        return target if target.exists() else None


async def _fetch(url: str, ref: str, folder: Path) -> bool:
    """Check out one commit of a public repository; say whether that worked in time."""
    environment = {
        **{
            name: os.environ[name]
            for name in os.environ
            if name not in ("GIT_DIR", "GIT_WORK_TREE")
        },
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "5",
    }
    commands = (
        ["git", "init", "--quiet", str(folder)],
        ["git", "-C", str(folder), "fetch", "--quiet", "--depth=1", "--end-of-options", url, ref],
        ["git", "-C", str(folder), "checkout", "--quiet", "--detach", "FETCH_HEAD"],
    )
    for command in commands:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
        try:
            code = await asyncio.wait_for(process.wait(), NETWORK_SECONDS)
        except TimeoutError:
            code = -1
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code != 0:
            return False
    shutil.rmtree(folder / ".git")
    return True


def _unpack(content: bytes, target: Path) -> None:
    import io
    import tarfile

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".incoming-") as incoming:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(Path(incoming) / "action", filter="data")
        with contextlib.suppress(OSError):
            (Path(incoming) / "action").rename(target)


def _description(folder: Path) -> dict[str, Any]:
    for name in ("action.yml", "action.yaml"):
        file = folder / name
        if file.is_file():
            try:
                found = yaml.safe_load(file.read_text("utf-8", "replace"))
            except yaml.YAMLError:
                return {}
            return found if isinstance(found, dict) else {}
    return {}


def _needs_node(folder: Path) -> bool:
    runs = _description(folder).get("runs")
    return isinstance(runs, dict) and str(runs.get("using", "")).startswith("node")


def _uses_of(folder: Path) -> list[str]:
    runs = _description(folder).get("runs")
    steps = runs.get("steps") if isinstance(runs, dict) else None
    if not isinstance(steps, list):
        return []
    return [str(step["uses"]) for step in steps if isinstance(step, dict) and "uses" in step]
