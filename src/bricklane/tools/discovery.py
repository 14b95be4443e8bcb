"""Finding the tools that are there already: in named places first, then in the cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.tools.cache import ToolCache
from bricklane.tools.model import Copy, Tool

PROBE_SECONDS = 30


class ProbeFailed(Exception):  # noqa: N818  (the copy is passed over, nothing is wrong here)
    """An executable is not a usable copy of the tool; the text says why."""


@dataclass(frozen=True, slots=True)
class OnPath:
    """A command on ``PATH``."""

    command: str
    label: str = "PATH"

    def executable(self, environment: Mapping[str, str]) -> Path | None:
        """Return the first such command, or None."""
        found = shutil.which(self.command, path=environment.get("PATH", os.defpath))
        return Path(found) if found else None


@dataclass(frozen=True, slots=True)
class InVariable:
    """A variable that names the executable, or a folder that has it ``inside``."""

    label: str
    inside: str = ""

    def executable(self, environment: Mapping[str, str]) -> Path | None:
        """Return the path that the variable leads to, or None when it is not set."""
        value = environment.get(self.label)
        return Path(value).expanduser() / self.inside if value else None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A copy that was found and passed over."""

    source: str
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What looking for a tool came to.

    Args:
        tool: the row.
        copy: the copy to use, or None.
        source: the place it is in: a variable's name, ``PATH``, ``cache`` or ``missing``.
        rejections: copies that were passed over.
    """

    tool: Tool
    copy: Copy | None
    source: str
    rejections: tuple[Rejection, ...] = ()


def find(tool: Tool, environment: Mapping[str, str]) -> Finding:
    """Look for an acceptable copy of ``tool``.

    Args:
        tool: the row.
        environment: the process environment.

    Returns:
        The first acceptable copy, or a finding without one. Never raises for what it meets.
    """
    rejections: list[Rejection] = []
    for place in tool.places:
        executable = place.executable(environment)
        if executable is None:
            continue
        try:
            return Finding(tool, accept(tool, executable), place.label, tuple(rejections))
        except ProbeFailed as refusal:
            rejections.append(Rejection(place.label, executable, str(refusal)))
    cached = find_cached(tool, environment)
    return Finding(tool, cached, "cache" if cached else "missing", tuple(rejections))


def find_cached(tool: Tool, environment: Mapping[str, str]) -> Copy | None:
    """Return the copy of ``tool`` in the cache, or None."""
    cache = ToolCache(tool, environment)
    manifest = cache.manifest()
    return Copy(cache.target / tool.home, manifest["version"]) if manifest else None


def require(tool: Tool, environment: Mapping[str, str]) -> Path:
    """Return the path of ``tool``: its executable, or its home folder.

    Raises:
        BricklaneError: when there is no acceptable copy; the hint says how to install one.
    """
    finding = find(tool, environment)
    if finding.copy:
        return finding.copy.path
    seen = "; ".join(f"{r.path} ({r.source}): {r.reason}" for r in finding.rejections)
    raise BricklaneError(
        f"{tool.name} {tool.wanted} was not found" + (f"; passed over: {seen}" if seen else ""),
        hint=f"bricklane tools install {tool.name}\n{tool.advice}",
        exit_code=ExitCode.TOOL,
    )


def accept(tool: Tool, executable: Path) -> Copy:
    """Return the copy of ``tool`` that ``executable`` belongs to.

    Raises:
        ProbeFailed: when it does not run, says no version, or a version that is not wanted.
    """
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    copy = tool.inspect(executable)
    try:
        acceptable = SpecifierSet(tool.wanted).contains(Version(copy.version), prereleases=False)
    except InvalidVersion:
        raise ProbeFailed(f"its version {copy.version!r} cannot be compared") from None
    if not acceptable:
        raise ProbeFailed(f"version {copy.version} is not {tool.wanted}")
    return copy


def ask(executable: Path, *arguments: str) -> str:
    """Return what ``executable`` prints when run with ``arguments``.

    Raises:
        ProbeFailed: when it cannot be run, takes too long or fails.
    """
    try:
        done = subprocess.run(
            [executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except OSError as error:
        raise ProbeFailed(f"it cannot be run ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise ProbeFailed(f"it did not answer within {PROBE_SECONDS} seconds") from None
    if done.returncode != 0:
        raise ProbeFailed(f"`{executable.name} {' '.join(arguments)}` exited {done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def match(pattern: str, text: str) -> str:
    """Return the first group of ``pattern`` in ``text``.

    Raises:
        ProbeFailed: when it is not there.
    """
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ProbeFailed("it does not print the version it has")
    return found.group(1)
