"""What ``bricklane test`` was asked for, made into levels and the place where they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bricklane.bundle.access import access_environment, secrets
from bricklane.delivery.world import declared_target
from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.bundlefile import BundleTarget, find_bundle, read_bundle
from bricklane.project.loading import settings_of
from bricklane.project.settings import LEVELS, Settings
from bricklane.testing.levels.choosing import Chosen, choose, concerned
from bricklane.testing.levels.commands import ALL, command_of
from bricklane.testing.levels.running import Place, reports_folder
from bricklane.testing.levels.workspace import SUMMARY_FILE, check_deployed, told
from bricklane.testing.reports import files
from bricklane.testing.variables import UNIT


@dataclass(frozen=True, slots=True)
class Asked:
    """What runs.

    Args:
        place: where.
        levels: in their order.
        keep_going: whether a red level does not end it.
        fail_on_flaky: whether a flaky test makes the run red.
        selection: what a change may break; None when all tests run.
        named: the levels that were asked for, also those that no change reaches.
    """

    place: Place
    levels: tuple[str, ...]
    keep_going: bool
    fail_on_flaky: bool
    selection: Chosen | None = None
    named: tuple[str, ...] = ()


def ask(
    start: Path,
    level: str,
    environment: Mapping[str, str],
    *,
    arguments: tuple[str, ...] = (),
    target: str = "",
    profile: str = "",
    reports: Path | None = None,
    keep_going: bool = False,
    fail_on_flaky: bool = False,
    changed: str | None = None,
    on: str = "",
) -> Asked:
    """Return what is to run.

    Args:
        start: a folder of the project.
        level: its name, or ``all``.
        environment: of this process.
        arguments: for pytest.
        target: of the bundle; empty for its default one.
        profile: of the Databricks config file.
        reports: folder for the reports; the project's by default.
        keep_going: whether a red level does not end it.
        fail_on_flaky: whether a flaky test makes the run red.
        changed: the base that a change is compared with, empty for the usual one; None for all.
        on: compute of the workspace to run on; empty for this machine.

    Raises:
        BricklaneError: when the project has no such level or target, or nothing is deployed that
            could be tested.
    """
    bundle = read_bundle(find_bundle(start))
    settings = settings_of(bundle)
    known = (*settings.levels, ALL)
    if changed in known and level not in known:
        # The command line's parser takes the word behind --changed for its value.
        level, arguments, changed = changed, (level, *arguments) if level else arguments, ""
    named = levels = levels_for(settings, level)
    folder = reports_folder(settings.root, reports)
    files.prepare(folder)
    chosen = choose(settings, changed) if changed is not None else None
    place = Place(
        settings, settings.root, folder, secrets=secrets(environment), arguments=arguments
    )
    if chosen is not None:
        left_out = frozenset(settings.root / path for path in chosen.selection.left_out)
        place = replace(place, left_out=left_out)
        levels = tuple(name for name in levels if concerned(settings, name, chosen))
    if any(name != UNIT for name in levels):
        declared = declared_target(bundle, target)
        place = _deployed(place, declared, environment, profile)
    elif target:
        place = replace(place, target=declared_target(bundle, target).name)
    if on:
        place = _elsewhere(place, declared_target(bundle, target), environment, profile, on)
    fail = fail_on_flaky or settings.testing.fail_on_flaky
    return Asked(place, levels, keep_going, fail, chosen, named)


def levels_for(settings: Settings, level: str) -> tuple[str, ...]:
    """Return the levels that a name stands for.

    Raises:
        BricklaneError: when the project has none of that name.
    """
    if level == ALL:
        known = tuple(name for name in LEVELS if name in settings.levels)
        if known:
            return known
    elif level:
        command_of(settings, level)
        return (level,)
    found = ", ".join((*settings.levels, ALL)) if settings.levels else ""
    raise BricklaneError(
        f"name a level of tests: {found}" if found else "the project has no level of tests",
        hint="bricklane test unit" if UNIT in settings.levels else f"make the folder tests/{UNIT}",
        exit_code=ExitCode.USAGE,
    )


def _deployed(
    place: Place, target: BundleTarget, environment: Mapping[str, str], profile: str
) -> Place:
    from bricklane.bundle import cli

    summary = cli.summary(cli.open_bundle(place.root, target, environment, profile=profile))
    check_deployed(summary, target.name)
    variables = told(target, summary, place.reports / SUMMARY_FILE, environment, profile)
    return replace(place, environment=variables, target=target.name)


def _elsewhere(
    place: Place, target: BundleTarget, environment: Mapping[str, str], profile: str, on: str
) -> Place:
    from bricklane.testing.remote.running import open_remote
    from bricklane.testing.remote.submitting import read_compute

    compute = read_compute(on)
    access = {**environment, **access_environment(target, environment, profile)}
    remote = open_remote(access, target.host, compute)
    return replace(place, target=target.name, elsewhere=remote)
