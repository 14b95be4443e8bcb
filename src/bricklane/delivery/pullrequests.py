"""Which pull request a run checks, and what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bricklane.delivery.checks import Check
from bricklane.delivery.continuous import CiRun
from bricklane.delivery.markdown import block, plain, table
from bricklane.forge.errors import ForgeError
from bricklane.forge.model import PullRequest, PullRequestState
from bricklane.forge.protocol import Forge
from bricklane.testing.reports.markdown import short
from bricklane.testing.reports.model import Report as TestReport

MARKER = "bricklane-check"

# Forges take so many characters in a comment, GitHub 65,536; a check may say any number of them.
SHOWN_CHARACTERS = 4_000
COMMENT_CHARACTERS = 60_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked.

    Args:
        head: the branch; empty when there is none.
        base: the branch it goes into; empty when there is no pull request.
        number: of the pull request; None when there is none, or it is not known.
        fork: whether the head is a branch of another repository.
    """

    head: str
    base: str = ""
    number: int | None = None
    fork: bool = False


def subject_of(ci: CiRun, branch: str, forge: Forge | None) -> Subject:
    """Return what a run checks.

    Args:
        ci: the run.
        branch: that is checked out, for a run that says nothing.
        forge: is asked for what the run does not say; None when it cannot be.
    """
    head = ci.head or ci.branch or branch
    number = ci.pull_request
    found: PullRequest | None = None
    if forge is not None and number is not None:
        found = forge.pull_request(number)
    elif forge is not None and head and not ci.base:
        found = next(iter(forge.pull_requests(head=head, state=PullRequestState.OPEN)), None)
    if forge is None or found is None:
        return Subject(head, ci.base, number, ci.fork)
    fork = found.head_repository != forge.repository().name
    return Subject(head, ci.base or found.base, found.number, fork)


def report(
    subject: Subject, checks: Sequence[Check], url: str, tested: TestReport | None = None
) -> str:
    """Return the Markdown that tells what the checks came to, and what comes next.

    Args:
        subject: what is checked.
        checks: what each came to.
        url: of the run's page.
        tested: what the unit tests came to; None when none ran.
    """
    failed = [check for check in checks if not check.passed]
    word = "failed" if failed else "passed"
    into = f" into {plain(subject.base)}" if subject.base else ""
    rows = [
        (
            plain(check.name),
            "✅ passed" if check.passed else "❌ **failed**",
            f"{check.seconds:.0f} s",
            plain(check.said.splitlines()[0].rstrip(":") if check.said else ""),
        )
        for check in checks
    ]
    parts = [
        f"### Checks of {plain(subject.head)}{into}: {word}",
        table(("check", "outcome", "took", ""), rows),
        *(_problem(check) for check in failed),
        *([short(tested)] if tested and any(x.tests or x.notes for x in tested.levels) else []),
        "**Next:** "
        + ("mend what failed and push." if failed else "review, and merge when it is approved."),
    ]
    if url:
        parts.append(f"[The whole log](<{url}>)")
    return "\n\n".join(parts)


def _problem(check: Check) -> str:
    hints = "".join(f"\n- {plain(line)}" for line in check.hint.splitlines())
    return f"**{plain(check.name)}**\n\n{block(_shown(check.said, SHOWN_CHARACTERS))}{hints}"


def _shown(text: str, most: int) -> str:
    """Return ``text``, or as many whole lines of it as fit into ``most`` characters."""
    if len(text) <= most:
        return text
    return text[:most].rpartition("\n")[0] + "\n… the log has the rest"


def comment(forge: Forge | None, subject: Subject, text: str) -> str:
    """Put ``text`` into the one comment that a pull request has from the checks.

    A token of a pull request from a fork may not write; that is no failure of the pull request.

    Returns:
        What to say of it.
    """
    if subject.number is None:
        return "no pull request to comment on"
    if forge is None:
        return f"no comment on #{subject.number}: there is no token"
    try:
        forge.comment(subject.number, _shown(text, COMMENT_CHARACTERS), marker=MARKER)
    except ForgeError as error:
        return f"no comment on #{subject.number}: {error.message}"
    return f"commented on #{subject.number}"
