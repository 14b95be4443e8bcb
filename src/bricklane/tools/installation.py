"""Installing a tool: the ways of its row in order, until one works."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.tools.cache import ToolCache
from bricklane.tools.discovery import Finding, ProbeFailed, accept, find, find_cached
from bricklane.tools.model import Job, Reporter, Tool, Way, WayFailed
from bricklane.tools.table import TOOLS, tool_named

# What the system says of the place, not of the tool: the other ways would meet the same.
DISK_ERRORS = {
    errno.ENOSPC: "no space is left",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "writing is not permitted",
    errno.EPERM: "writing is not permitted",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.ENOENT: "the folder cannot be made",
    errno.EEXIST: "a part of the path is not a folder",
}


def install(
    name: str,
    environment: Mapping[str, str],
    reporter: Reporter,
    *,
    force: bool = False,
    tools: Mapping[str, Tool] = TOOLS,
) -> Finding:
    """Make sure that there is an acceptable copy of a tool.

    Args:
        name: the tool.
        environment: the process environment.
        reporter: where progress is shown.
        force: whether to install into the cache even when there is a copy already.
        tools: the table.

    Returns:
        The copy to use. With ``force`` it is the one just installed.

    Raises:
        BricklaneError: when there is no such tool, or every way failed; exit code NETWORK when a
            network would have helped, TOOL otherwise.
    """
    tool = tool_named(name, tools)
    if not force and (finding := find(tool, environment)).copy:
        return finding
    cache = ToolCache(tool, environment)
    try:
        with cache.lock(reporter):
            cache.sweep()
            # Another process may have installed it while this one waited for the lock.
            if not force and (finding := find(tool, environment)).copy:
                return finding
            needs = {n: _needed(n, environment, reporter, tools) for n in tool.needs}
            cache.log.unlink(missing_ok=True)
            _provide(tool, cache, environment, reporter, needs)
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise _unwritable(tool, cache, DISK_ERRORS[error.errno]) from None
    return Finding(tool, find_cached(tool, environment), "cache")


def _needed(
    name: str, environment: Mapping[str, str], reporter: Reporter, tools: Mapping[str, Tool]
) -> Path:
    copy = install(name, environment, reporter, tools=tools).copy
    assert copy is not None  # noqa: S101  (install returns a copy or raises)
    return copy.path


def _provide(
    tool: Tool,
    cache: ToolCache,
    environment: Mapping[str, str],
    reporter: Reporter,
    needs: Mapping[str, Path],
) -> None:
    failures: list[tuple[str, WayFailed]] = []
    for way in tool.ways:
        with cache.incoming() as folder:
            try:
                job = Job(tool, folder, cache.log, environment, reporter, needs)
                cache.place(folder, _manifest(way, job))
            except WayFailed as failure:
                failures.append((way.label, failure))
                if failure.final or way is tool.ways[-1]:
                    break
                reporter.say(f"{tool.name}: {way.label}: {failure.reason}")
            else:
                return
    raise _failed(tool, failures)


def _manifest(way: Way, job: Job) -> dict[str, Any]:
    try:
        facts = way.provide(job)
        version = accept(job.tool, job.folder / job.tool.executable).version
    except ProbeFailed as refusal:
        raise WayFailed(f"what it provides is not usable: {refusal}") from None
    return {
        **facts,
        "tool": job.tool.name,
        "version": version,
        "way": way.label,
        "installed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _failed(tool: Tool, failures: list[tuple[str, WayFailed]]) -> BricklaneError:
    reasons = "; ".join(f"{label}: {failure.reason}" for label, failure in failures)
    hints = [failure.hint for _, failure in failures if failure.hint]
    final = any(failure.final for _, failure in failures)
    network = any(failure.code is ExitCode.NETWORK for _, failure in failures)
    return BricklaneError(
        f"{tool.name} {tool.version} could not be installed: {reasons}",
        hint="\n".join(dict.fromkeys([*hints, tool.advice])),
        exit_code=ExitCode.NETWORK if network and not final else ExitCode.TOOL,
    )


def _unwritable(tool: Tool, cache: ToolCache, problem: str) -> BricklaneError:
    return BricklaneError(
        f"{tool.name} {tool.version} could not be installed: {problem} in {cache.root}",
        hint=f"choose another folder with BRICKLANE_CACHE_DIR\n{tool.advice}",
        exit_code=ExitCode.TOOL,
    )
