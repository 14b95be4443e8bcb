"""What a pull request has to pass: the right way into its base, checks, tests, a sound bundle."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from bricklane.delivery.guard import pattern
from bricklane.delivery.testing import check_green
from bricklane.delivery.wheels import project_command
from bricklane.errors import BricklaneError
from bricklane.flow import Outcome, Report
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import Kind, Kinds
from bricklane.process import Command, CommandFailed, run
from bricklane.project.bundlefile import PRODUCTION, Bundle, BundleTarget
from bricklane.project.settings import Settings
from bricklane.testing.levels.commands import command_of
from bricklane.testing.levels.running import Place, report_of, reports_folder, run_levels
from bricklane.testing.reports import files
from bricklane.testing.reports.markdown import figure
from bricklane.testing.reports.model import Report as TestReport
from bricklane.testing.reports.writing import write
from bricklane.testing.variables import UNIT

SHOWN_LINES = 20

# Branches that programs open against a base that they are told; nobody chooses their names.
AUTOMATED = ("dependabot/", "renovate/")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked.

    Args:
        name: what it is.
        passed: whether it is as it should be.
        said: one line for people, or what is wrong.
        hint: what to do when it did not pass.
        seconds: how long it took.
    """

    name: str
    passed: bool
    said: str
    hint: str = ""
    seconds: float = 0.0


def measured(name: str, do: Callable[[], str]) -> Check:
    """Return what a check came to.

    Args:
        name: of the check.
        do: checks, and returns what to say; raises :class:`BricklaneError` when it does not pass.
    """
    began = time.monotonic()
    try:
        said, hint, passed = do(), "", True
    except BricklaneError as error:
        said, hint, passed = error.message, error.hint or "", False
    return Check(name, passed, said, hint, time.monotonic() - began)


def check_direction(kinds: Kinds, head: str, base: str, *, fork: bool = False) -> str:
    """Check that a pull request goes where branches of its kind go.

    Args:
        kinds: the rows.
        head: the branch it comes from.
        base: the branch it goes into.
        fork: whether the head is a branch of another repository, where names are not ours.

    Returns:
        What to say of it.

    Raises:
        BricklaneError: when the head is of no kind, or goes elsewhere.
    """
    kind = kinds.of_branch(head)
    if fork or head.startswith(AUTOMATED):
        ways = {pattern(way) for row in _working(kinds) for way in _bases(kinds, row)}
    elif kind is None:
        raise BricklaneError(
            f"branch {head} is of no kind that goes into {base}",
            hint=f"name it {' or '.join(_names_for(kinds, base))}",
        )
    else:
        ways = {pattern(way) for way in _bases(kinds, kind)}
        if any(way.holds(base) for way in _bases(kinds, kind)):
            return f"{head} into {base}"
    if base in ways:
        return f"{head} into {base}"
    wanted = " or ".join(sorted(ways)) or "nowhere"
    raise BricklaneError(
        f"{head} goes into {wanted}, and this pull request goes into {base}",
        hint="change the base of the pull request",
    )


def _working(kinds: Kinds) -> Iterable[Kind]:
    """Return the kinds of branches that people work on and that do not become versions."""
    return (kind for kind in kinds.rows if kind.merges_into and not kind.tag)


def _bases(kinds: Kinds, kind: Kind) -> tuple[Kind, ...]:
    """Return the kinds that branches of a kind are merged into."""
    if kind.merges_into:
        return (kinds.named(kind.merges_into),)
    if kind.branch:
        return ()
    names = dict.fromkeys(name for row in kinds.rows for name in row.back_merge)
    return tuple(kinds.named(name) for name in names)


def _names_for(kinds: Kinds, base: str) -> list[str]:
    found = [
        pattern(kind)
        for kind in kinds.rows
        if kind.merges_into and any(way.holds(base) for way in _bases(kinds, kind))
    ]
    return found or [pattern(kind) for kind in _working(kinds)]


def check_code(settings: Settings, bundle: Bundle) -> str:
    """Check notebooks, scripts and SQL files without running them, as ``bricklane lint`` does.

    Args:
        settings: of the project.
        bundle: of the project.

    Returns:
        How many files there are, and the findings that are warnings.

    Raises:
        BricklaneError: with every finding that is an error.
    """
    from bricklane.testing.validation.linting import lint
    from bricklane.testing.validation.rules import Severity
    from bricklane.testing.validation.sources import one_line

    report = lint([settings.root], settings.root, settings.lint, bundle)
    of = {
        severity: [one_line(each) for each in report.findings if each.rule.severity is severity]
        for severity in Severity
    }
    if of[Severity.ERROR]:
        raise BricklaneError(
            "\n".join(of[Severity.ERROR]),
            hint="bricklane lint shows the same here, with how to mend each",
        )
    warnings = of[Severity.WARNING]
    count = f", warnings: {len(warnings)}" if warnings else ""
    return "\n".join([f"files: {report.files}{count}", *warnings])


def of_main(git: Git, settings: Settings) -> Check | None:
    """Return what stands for checks and tests when what is checked has the very files of main.

    A back-merge into a branch that has nothing else new is the usual case: it brings what was
    checked on its way into main, and deployed from there.

    Args:
        git: the clone, with what is checked checked out.
        settings: of the project.

    Returns:
        The check, passed; None when the files differ, or main is not here to compare.
    """
    main = git.commit(f"{settings.gitflow.remote}/{settings.gitflow.main}")
    if main is None or git.tree(main) != git.tree("HEAD"):
        return None
    said = f"not run again: all files are those of {settings.gitflow.main}, commit {main[:10]}"
    return Check("checks and tests", passed=True, said=said)


def run_commands(
    settings: Settings,
    show: Callable[[str], None],
    report: Report,
    tested: Callable[[TestReport], None] = lambda _: None,
) -> Iterator[Check]:
    """Run the project's checks and unit tests, all of them, and yield what each came to.

    Args:
        settings: of the project.
        show: takes each line of output.
        report: told when a command begins and ends.
        tested: takes the report of the unit tests.
    """
    commands: dict[str, Callable[[], str]] = {
        text: partial(_run, settings, text, show) for text in settings.checks
    }
    if UNIT in settings.levels:
        commands[f"{UNIT} tests"] = partial(_run_unit_tests, settings, show, tested)
    for name, do in commands.items():
        report(name, "", Outcome.DOING)
        yield measured(name, do)
        report(name, "", Outcome.DONE)


def _run_unit_tests(
    settings: Settings, show: Callable[[str], None], tested: Callable[[TestReport], None]
) -> str:
    withheld = frozenset({settings.forge.token_variable})
    reports = reports_folder(settings.root)
    place = Place(settings, settings.root, reports, withheld=withheld)
    files.prepare(place.reports)
    last: deque[str] = deque(maxlen=SHOWN_LINES)
    (level,) = run_levels(place, (UNIT,), partial(_keep, show, last), keep_going=False)
    found = report_of(place, (level,))
    write(place.reports, found)
    tested(found)
    if not level.passed and not level.tests:
        raise _ended(command_of(settings, UNIT), level.code, last)
    check_green(settings, found, "the report has each failure")
    return figure(found) or "passed"


def _run(settings: Settings, text: str, show: Callable[[str], None]) -> str:
    # What it printed last says what is wrong, on whichever of its two streams.
    last: deque[str] = deque(maxlen=SHOWN_LINES)
    try:
        run(_without_token(settings, text), show=partial(_keep, show, last))
    except CommandFailed as failure:
        raise _ended(text, failure.result.code, last) from None
    return "passed"


def _without_token(settings: Settings, text: str) -> Command:
    """Return a command that does not get the forge's token: it runs what the change says."""
    command = project_command(text, settings.root, {})
    return replace(command, remove=command.remove | {settings.forge.token_variable})


def _keep(show: Callable[[str], None], last: deque[str], line: str) -> None:
    show(line)
    if line.strip():
        last.append(line)


def _ended(text: str, code: int, last: Iterable[str]) -> BricklaneError:
    said = "\n".join(last) or "it printed nothing"
    return BricklaneError(f"`{text}` ended with exit code {code}:\n{said}")


def check_bundle(
    settings: Settings, bundle: Bundle, kinds: Kinds, head: str, environment: Mapping[str, str]
) -> str:
    """Check the bundle: by the Databricks CLI where there are credentials, else its files alone.

    Args:
        settings: of the project.
        bundle: its file.
        kinds: of branches; the head's kind says for which target the bundle is checked.
        head: the branch that is checked.
        environment: of this process.

    Returns:
        What to say of it; names what was not checked.

    Raises:
        BricklaneError: with every problem.
    """
    from bricklane.bundle import cli
    from bricklane.bundle.access import has_credentials
    from bricklane.bundle.static import check_files

    count = check_files(settings.root)
    target = _target(bundle, kinds, head)
    if target is None or not has_credentials(target, environment):
        return f"{count} files are sound; there are no credentials to validate in a workspace"
    cli.validate(cli.open_bundle(settings.root, target, environment))
    return f"valid for target {target.name}"


def check_policy(settings: Settings, bundle: Bundle, kinds: Kinds, head: str) -> str:
    """Check the bundle's files against the policy of the head's target and of what follows it.

    Deployments look again, at the bundle as the Databricks CLI resolves it; that takes credentials.

    Args:
        settings: of the project.
        bundle: its file.
        kinds: of branches; the head's kind says for which target it is checked.
        head: the branch that is checked.

    Returns:
        What to say of it, warnings included.

    Raises:
        BricklaneError: with every finding that is an error.
    """
    from bricklane.testing.policy import running

    first = _target(bundle, kinds, head)
    later = (one for one in bundle.targets.values() if one.mode == PRODUCTION)
    targets = dict.fromkeys(one.name for one in (first, *later) if one is not None)
    found = {name: running.examine(settings, bundle, name) for name in targets}
    refusals = [
        refused
        for name, findings in found.items()
        if (refused := running.refusal(findings, name)) is not None
    ]
    if refusals:
        hints = dict.fromkeys(
            line for each in refusals for line in (each.hint or "").splitlines() if line
        )
        raise BricklaneError(
            "\n".join(each.message for each in refusals), hint="\n".join(hints) or None
        )
    warnings = dict.fromkeys(running.line_of(each) for one in found.values() for each in one)
    return "\n".join((f"the files keep to it for {', '.join(targets)}", *warnings))


def _target(bundle: Bundle, kinds: Kinds, head: str) -> BundleTarget | None:
    kind = kinds.of_branch(head)
    if kind is not None and kind.target in bundle.targets:
        return bundle.targets[kind.target]
    return next((target for target in bundle.targets.values() if target.default), None)
