"""Levels run one after another, each in the project's own environment, and are reported."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue

from bricklane.delivery.wheels import project_command
from bricklane.errors import BricklaneError
from bricklane.process import Command, CommandFailed, run
from bricklane.project.settings import Settings
from bricklane.testing import variables
from bricklane.testing.levels import commands
from bricklane.testing.levels.requirement import uv_words
from bricklane.testing.reports import files
from bricklane.testing.reports.coverage import folders, option_value
from bricklane.testing.reports.model import Level, Report

REPORTS = Path(".bricklane", "reports")

# What pytest ends with when it found no test.
# Source: https://docs.pytest.org/en/stable/reference/exit-codes.html
NO_TESTS = 5

# How long uv may take to tell whether all is in its cache.
PROBE_SECONDS = 60.0

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where levels run, and what they are told.

    Args:
        settings: of the project.
        root: the folder of ``databricks.yml`` that is tested; may be a checkout of the project's.
        reports: folder that takes the reports.
        environment: added to that of this process: where the target is, and how to get in.
        secrets: values that no output may show.
        arguments: more of them for pytest, behind the level's own.
        left_out: test files that do not run.
        withheld: variables that the tests do not get.
        target: of the bundle; empty when the levels need none.
        elsewhere: runs a level in another place than this machine and returns what pytest ended
            with; None runs its command here.
    """

    settings: Settings
    root: Path
    reports: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    left_out: frozenset[Path] = frozenset()
    withheld: frozenset[str] = frozenset()
    target: str = ""
    elsewhere: Callable[[Place, str, Show], int] | None = None


def reports_folder(root: Path, asked: Path | None = None) -> Path:
    """Return the folder that takes the reports: the one that was asked for, else the project's."""
    return (asked or root / REPORTS).resolve()


def run_levels(
    place: Place, levels: Sequence[str], show: Show, begin: Show | None = None, *, keep_going: bool
) -> Iterator[Level]:
    """Run levels in order and yield what each came to, up to the first that is red.

    Args:
        place: where.
        levels: their names.
        show: called with each line of output.
        begin: called with the name of each level before it runs.
        keep_going: whether a red level does not end it.

    Raises:
        BricklaneError: when a level has no command, or it cannot be started.
    """
    texts = {level: commands.command_of(place.settings, level) for level in levels}
    for level, text in texts.items():
        if begin is not None:
            begin(level)
        found = _run(place, level, text, show)
        yield found
        if not found.passed and not keep_going:
            return


def run_parallel(place: Place, levels: Sequence[str], show: Show) -> Iterator[Level]:
    """Run levels at the same time and yield what each came to, in order.

    Args:
        place: where.
        levels: their names.
        show: called with each line of output, those of one level after those of another.

    Raises:
        BricklaneError: when a level has no command, or it cannot be started.
    """
    texts = {level: commands.command_of(place.settings, level) for level in levels}
    said: dict[str, SimpleQueue[str | None]] = {level: SimpleQueue() for level in levels}

    def run_one(level: str) -> Level:
        try:
            return _run(place, level, texts[level], said[level].put)
        finally:
            said[level].put(None)

    with ThreadPoolExecutor(max(1, len(texts))) as pool:
        running = {level: pool.submit(run_one, level) for level in texts}
        for level, future in running.items():
            for line in iter(said[level].get, None):
                show(line)
            yield future.result()


def _run(place: Place, level: str, text: str, show: Show) -> Level:
    began = time.monotonic()
    if place.elsewhere is not None:
        code = place.elsewhere(place, level, show)
    else:
        code = _run_here(command_for(place, level, text), show)
    found = files.read_level(place.reports, level, code, time.monotonic() - began)
    if code == NO_TESTS:
        note = f"`{text}` found no test"
        # With a choice of files, all that is left may be none.
        return replace(found, code=0 if place.left_out else code, notes=(*found.notes, note))
    return found


def _run_here(command: Command, show: Show) -> int:
    try:
        run(command, show=show)
    except CommandFailed as failure:
        return failure.result.code
    return 0


def command_for(place: Place, level: str, text: str) -> Command:
    """Return the command that runs a level, with what it is told in its environment."""
    told = {
        variables.LEVEL: level,
        variables.REPORTS: str(place.reports),
        variables.RERUNS: str(commands.reruns_of(place.settings, level)),
        variables.COVERAGE: option_value(
            [str(place.root / name) for name in measured(place.settings, place.root)]
        ),
        "PYTEST_ADDOPTS": _addopts(files.junit_file(place.reports, level)),
    }
    if place.target:
        told[variables.TARGET] = place.target
    if place.left_out:
        told[variables.LEFT_OUT] = str(_write_left_out(place))
    environment = {**place.environment, **told}
    command = project_command(text, place.root, environment, place.secrets)
    words = (*command.arguments, *place.arguments)
    command = replace(command, arguments=words, remove=command.remove | place.withheld)
    return replace(command, arguments=_with_plugin(command))


def measured(settings: Settings, root: Path) -> tuple[str, ...]:
    """Return the folders whose code is measured, from the project's own."""
    return settings.testing.coverage or folders(root)


def _addopts(junit: Path) -> str:
    """Return pytest's options: those of the user's environment, and JUnit's file."""
    own = os.environ.get("PYTEST_ADDOPTS", "")
    return f"{shlex.quote(f'--junit-xml={junit}')} {own}".strip()


def _write_left_out(place: Place) -> Path:
    file = place.reports / "left-out.txt"
    file.write_text("".join(f"{path}\n" for path in sorted(place.left_out)), "utf-8")
    return file


def _with_plugin(command: Command) -> tuple[str, ...]:
    """Return the words of a command, with bricklane in the environment that uv makes for it."""
    words = command.arguments
    lock = command.directory / "uv.lock"
    if not commands.is_uv_run(words):
        return words
    if commands.has_plugin(words, lock.read_text("utf-8") if lock.is_file() else ""):
        return words
    added = uv_words()
    probe = replace(command, arguments=commands.probe(words, added), timeout=PROBE_SECONDS)
    try:
        run(probe)
    except BricklaneError:
        offline = False  # Something is to be fetched, or does not work: the command itself tells.
    else:
        offline = True
    return commands.with_plugin(words, added, offline=offline)


def report_of(place: Place, levels: Sequence[Level]) -> Report:
    """Return the report of levels that ran."""
    coverage = files.read_coverage(place.reports)
    return Report(place.settings.bundle, tuple(levels), place.target, coverage)
