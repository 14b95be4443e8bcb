"""The tests that run after a deployment, against the target's workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bricklane.errors import BricklaneError
from bricklane.project.settings import Settings
from bricklane.testing.levels.commands import command_of
from bricklane.testing.levels.running import Place, report_of, run_levels, run_parallel
from bricklane.testing.reports import files
from bricklane.testing.reports.model import Level, Report
from bricklane.testing.reports.writing import write

FLAKY_SHOWN = 5


class TestsFailedError(BricklaneError):
    """A level of tests failed; the levels before it passed."""

    __test__ = False


def commands_for(settings: Settings, target: str) -> Mapping[str, str]:
    """Return level → command of the tests that run after a deployment to ``target``, in order.

    Raises:
        BricklaneError: when a level has no command.
    """
    known = settings.targets.get(target)
    return {level: command_of(settings, level) for level in (known.tests if known else ())}


def run_tests(
    place: Place,
    levels: Sequence[str],
    show: Callable[[str], None],
    finished: Callable[[Level], None],
) -> Report:
    """Run the levels, in order up to the first that fails or all at once, and write their reports.

    Args:
        place: where they run, and what they are told.
        levels: their names.
        show: called with each line of output.
        finished: called with each level that ran.

    Raises:
        TestsFailedError: when one fails; its output has been shown.
    """
    ran: list[Level] = []
    target = place.settings.targets.get(place.target)
    if target and target.parallel:
        running = run_parallel(place, levels, show)
    else:
        running = run_levels(place, levels, show, keep_going=False)
    for level in running:
        ran.append(level)
        finished(level)
    report = report_of(place, ran)
    write(place.reports, report)
    check_green(place.settings, report, "what is deployed stays deployed")
    return report


def check_green(settings: Settings, report: Report, hint: str) -> None:
    """Check that every level passed, and that no test is flaky where that is not allowed.

    Args:
        settings: of the project.
        report: of the levels that ran.
        hint: what stays as it is.

    Raises:
        TestsFailedError: when it is not so.
    """
    for level in report.levels:
        if not level.passed:
            command = command_of(settings, level.name)
            raise TestsFailedError(
                f"the {level.name} tests failed: `{command}` ended with exit code {level.code}",
                hint=f"their output stands above; {hint}",
            )
    if settings.testing.fail_on_flaky and (flaky := report.flaky()):
        named = ", ".join(test.id for _, test in flaky[:FLAKY_SHOWN])
        raise TestsFailedError(
            f"{len(flaky)} flaky tests passed only when run again: {named}",
            hint=f"bricklane.toml does not allow it (testing/fail_on_flaky); {hint}",
        )


def prepare(place: Place) -> None:
    """Make the folder of reports, without those of a run before."""
    files.prepare(place.reports)
