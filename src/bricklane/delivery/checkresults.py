"""What the checks of a pull request came to, kept for the job that may write to the forge.

The job that runs a pull request's code has no token; what it found goes, in the folder of the
reports, to a second job, which runs nothing of the pull request and has one. So this file is read
as what a stranger wrote: it gives words to show, never an address, a branch or a number to act on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bricklane.delivery import coverage
from bricklane.delivery.checks import Check
from bricklane.delivery.continuous import CiRun
from bricklane.delivery.pullrequests import Subject, comment, report
from bricklane.errors import BricklaneError
from bricklane.forge.protocol import Forge
from bricklane.gitflow.git import Git
from bricklane.project.settings import Settings
from bricklane.testing.levels.running import reports_folder
from bricklane.testing.reports.files import read_whole
from bricklane.testing.reports.model import Report as TestReport
from bricklane.testing.reports.writing import write

FILE = "checks.json"


def keep(folder: Path, checks: Sequence[Check]) -> None:
    """Write down what each check came to.

    Args:
        folder: of the reports.
        checks: what ran, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps([asdict(each) for each in checks], indent=1), "utf-8")


def kept(folder: Path) -> tuple[tuple[Check, ...], TestReport | None]:
    """Return what the checks of another job came to, and its report of the unit tests, if any.

    Args:
        folder: of the reports.

    Raises:
        BricklaneError: when there is none, or it is none of ours.
    """
    file = folder / FILE
    try:
        rows = json.loads(file.read_text("utf-8"))
        checks = tuple(
            Check(
                str(row["name"]),
                bool(row["passed"]),
                str(row["said"]),
                str(row["hint"]),
                float(row["seconds"]),
            )
            for row in rows
        )
    except FileNotFoundError as error:
        raise BricklaneError(
            f"there are no results of checks: no file {file}",
            hint="run bricklane ci check before, and bring its folder of reports here",
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BricklaneError(f"{file} is none that bricklane ci check has written") from error
    return checks, read_whole(folder)


def tell(
    settings: Settings,
    forge: Forge | None,
    subject: Subject,
    ci: CiRun,
    checks: Sequence[Check],
    tested: TestReport | None,
) -> tuple[str, list[str]]:
    """Put what the checks came to where people look, as far as the forge lets us.

    Args:
        settings: of the project.
        forge: takes the comment and the coverage; None when it is not asked.
        subject: what was checked.
        ci: the run.
        checks: what each came to.
        tested: what the unit tests came to; None when none ran.

    Returns:
        The text as Markdown, and what to say of where it went.
    """
    lines: list[str] = []
    if tested is not None:
        git = Git.open(settings.root, settings.gitflow.remote)
        tested = coverage.with_base(tested, forge, git, subject.base)
        found = forge.pull_request(subject.number) if forge and subject.number else None
        commit = found.head_commit if found else git.commit("HEAD") or ""
        if not subject.fork and (said := coverage.keep(tested, forge, commit, ci.url)):
            lines.append(said)
        write(reports_folder(settings.root), tested)
    text = report(subject, checks, ci.url, tested)
    return text, [*lines, comment(forge, subject, text)]
