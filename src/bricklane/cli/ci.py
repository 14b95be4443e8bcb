"""``bricklane ci``: what workflows call; what started them is read from the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bricklane.errors import BricklaneError

if TYPE_CHECKING:
    from bricklane.delivery.checks import Check
    from bricklane.delivery.continuous import CiRun
    from bricklane.delivery.log import GroupedLog
    from bricklane.delivery.pullrequests import Subject
    from bricklane.forge.protocol import Forge
    from bricklane.gitflow.flows.drafting import DraftWorld
    from bricklane.gitflow.project import Project
    from bricklane.project.bundlefile import Bundle
    from bricklane.project.settings import Settings
    from bricklane.testing.reports.model import Report as TestReport


@click.group(name="ci", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Do what a workflow is for, and say so in the summary of its job."""


CANCELLED = BricklaneError("the job was cancelled")
AUTO_APPROVE = click.option(
    "--auto-approve",
    is_flag=True,
    envvar="BRICKLANE_AUTO_APPROVE",
    help="Delete and recreate what the plan says, data included.",
)
PULL_REQUEST = click.option(
    "--pull-request", "number", type=click.IntRange(1), required=True, help="Its number."
)


def _ci() -> CiRun:
    from bricklane.delivery.continuous import CiRun, ci_run

    return ci_run(os.environ) or CiRun()


def _log(ci: CiRun) -> GroupedLog:
    from bricklane.delivery.log import GroupedLog

    return GroupedLog(groups=ci.groups)


@command.command()
def check() -> None:
    """Check a pull request: its way, the bundle and its policy, checks, and unit tests."""
    from bricklane.delivery import checkresults
    from bricklane.delivery.markdown import publish
    from bricklane.testing.levels.running import reports_folder

    ci = _ci()
    log = _log(ci)
    with _told(ci, log, "The checks could not begin"):
        settings, bundle, forge, subject = _checked(ci)
    tested: list[TestReport] = []
    checks = list(_checks(settings, bundle, subject, log, tested.append))
    for each in checks:
        click.echo(f"{'passed' if each.passed else 'FAILED'}  {each.name}: {each.said}")
    checkresults.keep(reports_folder(settings.root), checks)
    report = tested[0] if tested else None
    text, lines = checkresults.tell(settings, forge, subject, ci, checks, report)
    publish(ci, text)
    click.echo("\n".join(lines))
    if failed := [each for each in checks if not each.passed]:
        raise BricklaneError(
            f"not passed: {', '.join(each.name for each in failed)}",
            hint="\n".join(filter(None, (each.hint for each in failed))) or None,
        )


@command.command()
def comment() -> None:
    """Tell a pull request what `ci check` found in another job, and keep its coverage.

    It reads the folder of reports of that job and runs nothing of the pull request, so that it may
    have the token that the checks do not get.
    """
    from bricklane.delivery import checkresults
    from bricklane.forge.opening import open_forge
    from bricklane.testing.levels.running import reports_folder

    ci = _ci()
    settings, _ = _project()
    forge = open_forge(settings)
    subject = _subject(ci, settings, forge)
    checks, tested = checkresults.kept(reports_folder(settings.root))
    _, lines = checkresults.tell(settings, forge, subject, ci, checks, tested)
    click.echo("\n".join(lines))


def _checked(ci: CiRun) -> tuple[Settings, Bundle, Forge | None, Subject]:
    """Return what is checked."""
    settings, bundle = _project()
    forge = _forge_if_any(settings)
    return settings, bundle, forge, _subject(ci, settings, forge)


def _project() -> tuple[Settings, Bundle]:
    from bricklane.project.bundlefile import find_bundle, read_bundle
    from bricklane.project.loading import settings_of

    bundle = read_bundle(find_bundle(Path.cwd()))
    return settings_of(bundle), bundle


def _subject(ci: CiRun, settings: Settings, forge: Forge | None) -> Subject:
    from bricklane.delivery.pullrequests import subject_of
    from bricklane.gitflow.git import Git

    branch = Git.open(settings.root, settings.gitflow.remote).current_branch() or ""
    return subject_of(ci, branch, forge)


def _checks(
    settings: Settings,
    bundle: Bundle,
    subject: Subject,
    log: GroupedLog,
    tested: Callable[[TestReport], None],
) -> Iterator[Check]:
    """Yield what each check came to; ``tested`` takes the report of the unit tests."""
    from bricklane.delivery.checks import (
        check_bundle,
        check_code,
        check_direction,
        check_policy,
        measured,
        of_main,
        run_commands,
    )
    from bricklane.gitflow.git import Git
    from bricklane.gitflow.kinds import kinds_of

    kinds = kinds_of(settings.gitflow)
    if subject.base:
        way = partial(check_direction, kinds, subject.head, subject.base, fork=subject.fork)
        yield measured("branch", way)
    yield measured(
        "bundle", lambda: check_bundle(settings, bundle, kinds, subject.head, os.environ)
    )
    yield measured("policy", lambda: check_policy(settings, bundle, kinds, subject.head))
    yield measured("notebooks and scripts", partial(check_code, settings, bundle))
    same = of_main(Git.open(settings.root, settings.gitflow.remote), settings)
    if same is not None:
        yield same
    else:
        yield from run_commands(settings, click.echo, log, tested)


def _forge_if_any(settings: Settings) -> Forge | None:
    """Return the forge; None, told in the log, where there is no token or no repository."""
    from bricklane.forge.errors import ForgeError
    from bricklane.forge.opening import open_forge

    try:
        return open_forge(settings)
    except ForgeError as error:
        click.echo(f"the forge is not asked: {error.message}")
        return None


@command.command()
@click.option("-t", "--target", required=True, help="Target of the bundle.")
@AUTO_APPROVE
def deploy(target: str, *, auto_approve: bool) -> None:
    """Deploy the branch that was pushed, run the target's tests, and record it."""
    from bricklane.delivery.deploy import run_deployment
    from bricklane.delivery.markdown import publish
    from bricklane.delivery.summaries import of_deployment
    from bricklane.delivery.world import Options, open_deployment

    ci = _ci()
    log = _log(ci)
    options = Options(auto_approve=auto_approve)
    with ExitStack() as stack:
        with _told(ci, log, f"Nothing was deployed to {target}"):
            opening = open_deployment(Path.cwd(), target, options, os.environ, ci, click.echo)
            world = stack.enter_context(opening)
        try:
            run_deployment(world, log)
        except (BricklaneError, KeyboardInterrupt) as error:
            log.close()
            known = error if isinstance(error, BricklaneError) else CANCELLED
            publish(ci, of_deployment(world, known))
            raise
        publish(ci, of_deployment(world))
        click.echo(f"{target} has {world.version}")


@command.command(name="draft-release")
@click.option("--bump", type=click.Choice(["major", "minor"], case_sensitive=False), required=True)
def draft_release(bump: str) -> None:
    """Draft a release of what is developed: its branch, version, changelog and pull request."""
    from bricklane.gitflow.flows.drafting import prepare_release
    from bricklane.gitflow.kinds import Bump

    wanted = Bump(bump.lower())

    def prepare(project: Project) -> DraftWorld:
        kind = next(kind for kind in project.kinds.releasing() if wanted in kind.bumps)
        return prepare_release(project, kind, wanted)

    _draft(prepare, "release")


@command.command(name="draft-hotfix")
@PULL_REQUEST
def draft_hotfix(number: int) -> None:
    """Draft a hotfix with the commits of a pull request, which is closed."""
    from bricklane.gitflow.flows.drafting import prepare_hotfix
    from bricklane.gitflow.kinds import Bump

    def prepare(project: Project) -> DraftWorld:
        kind = next(kind for kind in project.kinds.releasing() if Bump.PATCH in kind.bumps)
        return prepare_hotfix(project, kind, Bump.PATCH, number)

    _draft(prepare, "hotfix")


def _draft(prepare: Callable[[Project], DraftWorld], noun: str) -> None:
    from bricklane.delivery import summaries
    from bricklane.delivery.markdown import publish
    from bricklane.flow import run_flow
    from bricklane.gitflow.flows.drafting import steps_of
    from bricklane.gitflow.project import open_project

    ci = _ci()
    log = _log(ci)
    with _told(ci, log, f"The {noun} was not drafted"):
        world = prepare(open_project(Path.cwd()))
        run_flow(steps_of(world), world, log)
    publish(ci, summaries.of_draft(world, log.done))
    click.echo(f"{world.branch} is drafted")


@contextmanager
def _told(ci: CiRun, log: GroupedLog, title: str) -> Iterator[None]:
    """Say in the summary what went wrong, if something does."""
    from bricklane.delivery.markdown import publish
    from bricklane.delivery.summaries import of_failure

    try:
        yield
    except BricklaneError as error:
        log.close()
        publish(ci, of_failure(title, log.done, error))
        raise


@command.command()
@PULL_REQUEST
@AUTO_APPROVE
def publish(number: int, *, auto_approve: bool) -> None:
    """Bring a merged release or hotfix to production, tag and release it, merge it back."""
    from bricklane.delivery import markdown, summaries
    from bricklane.delivery.publish import open_publication, steps_of
    from bricklane.delivery.world import Options
    from bricklane.flow import run_flow
    from bricklane.gitflow.project import open_project

    ci = _ci()
    log = _log(ci)
    options = Options(auto_approve=auto_approve)
    with _told(ci, log, f"Pull request #{number} was not published"):
        project = open_project(Path.cwd())
        with open_publication(project, number, options, os.environ, ci, click.echo, log) as world:
            run_flow(steps_of(project), world, log)
            markdown.publish(ci, summaries.of_publication(world, log.done))
            click.echo(f"{world.version} is published")
