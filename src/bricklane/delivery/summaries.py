"""What the summary of a job says: what happened, what is where, what comes next."""

from __future__ import annotations

from collections.abc import Callable

from bricklane.delivery.deploy import becomes_version, is_gated
from bricklane.delivery.log import Steps
from bricklane.delivery.markdown import block, code, link, plain, table
from bricklane.delivery.publish import Publication
from bricklane.delivery.testing import TestsFailedError
from bricklane.delivery.world import Deployment
from bricklane.errors import BricklaneError
from bricklane.flow import Outcome
from bricklane.gitflow.flows.backmerge import back_merges, open_one
from bricklane.gitflow.flows.drafting import DraftWorld
from bricklane.testing.levels.running import reports_folder
from bricklane.testing.reports.files import read_coverage
from bricklane.testing.reports.markdown import short
from bricklane.testing.reports.model import Report

SHOWN_CHANGES = 30
STEP_WORDS = {Outcome.DOING: "**failed**", Outcome.DONE_BEFORE: "was done before"}


def of_deployment(world: Deployment, error: BricklaneError | None = None) -> str:
    """Return the summary of a deployment.

    Args:
        world: after its steps ran.
        error: what ended them early.
    """
    parts = [f"## {_headline(world, error)}", _facts(world)]
    if error is not None:
        parts.append(of_error(error))
    if any(level.tests or level.notes for level in world.tests):
        parts.append(short(_tested(world)))
    if world.plan is not None and world.plan.effective:
        parts.append(_changes(world))
    if world.summary is not None:
        parts.append(_resources(world))
    parts.append(f"**Next:** {_next_move(world, error)}")
    return "\n\n".join(part for part in parts if part)


def _tested(world: Deployment) -> Report:
    coverage = read_coverage(reports_folder(world.settings.root))
    return Report(world.settings.bundle, tuple(world.tests), world.target.name, coverage)


def of_error(error: BricklaneError) -> str:
    """Return what went wrong, and what can be done."""
    hints = "".join(f"\n- {plain(line)}" for line in (error.hint or "").splitlines())
    return block(error.message) + (f"\n{hints}" if hints else "")


def of_failure(title: str, steps: Steps, error: BricklaneError) -> str:
    """Return the summary of a flow that failed.

    Args:
        title: what did not happen.
        steps: name, detail and outcome of each step.
        error: what went wrong.
    """
    again = "**Next:** mend what is said above and run this job again; what is done stays done."
    return "\n\n".join(
        filter(None, (f"## ❌ {plain(title)}", of_error(error), _table(steps), again))
    )


def of_draft(world: DraftWorld, steps: Steps) -> str:
    """Return the summary of a drafted release or hotfix."""
    found = world.pull_request()
    to_merge = link(f"pull request #{found.number}", found.url) if found else "the pull request"
    branch, target = code(world.branch), plain(world.kind.target)
    following = f"push fixes to {branch}; then merge {to_merge} with a merge commit."
    parts = (
        f"## ✅ {plain(world.kind.title.format(version=world.version))} is drafted",
        f"{branch} goes into {code(world.base)} by {to_merge}.",
        _table(steps),
        f"**Next:** wait until {target} has tested it; {following}",
    )
    return "\n\n".join(parts)


def of_publication(world: Publication, steps: Steps) -> str:
    """Return the summary of a published version."""
    found = [open_one(world, back_merge) for back_merge in back_merges(world)]
    brought = "\n".join(f"- {link(f'#{x.number} {x.title}', x.url)}" for x in found if x)
    parts = (
        f"## ✅ {plain(world.title)} is published",
        _facts(world.deployment),
        _table(steps),
        f"**Next:** merge what brings it back:\n\n{brought}"
        if brought
        else "**Next:** nothing; every branch has it.",
    )
    return "\n\n".join(parts)


def _table(steps: Steps) -> str:
    rows = [
        (plain(name), plain(detail), STEP_WORDS.get(outcome, outcome.value))
        for name, detail, outcome in steps
    ]
    return table(("step", "about", "outcome"), rows) if rows else ""


def _headline(world: Deployment, error: BricklaneError | None) -> str:
    what, where = plain(f"{world.settings.bundle} {world.version}"), plain(world.target.name)
    if error is None:
        return f"✅ {what} is on {where}"
    if isinstance(error, TestsFailedError):
        return f"❌ {what} is on {where}, and its tests failed"
    if world.deployed:
        return f"❌ {what} is on {where}, and what follows failed"
    return f"❌ {what} did not get to {where}"


def _facts(world: Deployment) -> str:
    branch = f" of {code(world.branch)}" if world.branch else ""
    rows = [("commit", f"{code(world.commit[:10])}{branch}")]
    if world.summary is not None:
        rows.append(("workspace", f"{plain(world.summary.host)} as {plain(world.summary.user)}"))
    if world.plan is not None:
        rows.append(("plan", plain(str(world.plan))))
    for name, digest in world.wheels.items():
        origin = "built" if world.built else "as tested" if world.tested else "as built before"
        rows.append(("wheel", f"{code(name)} {origin}, SHA-256 {code(digest[:16])}…"))
    for test in world.tests:
        outcome = "passed" if test.passed else "**failed**"
        rows += [(f"{plain(test.name)} tests", f"{outcome} in {test.seconds:.0f} s")]
    for level, record in world.passed.items():
        where = f"passed in {record.environment} with the same files"
        rows.append((f"{plain(level)} tests", link(where, record.log_url)))
    if not world.tests and not world.passed:
        rows.append(("tests", "none ran"))
    if world.tested is not None:
        tested = f"{world.tested.environment}, {world.tested.tests}"
        rows.append(("tested before in", link(tested, world.tested.log_url)))
    return table(("", ""), rows)


def _changes(world: Deployment) -> str:
    assert world.plan is not None  # noqa: S101  (the caller asked)
    changes = world.plan.effective
    rows = [(plain(change.action), code(f"{change.kind}.{change.key}")) for change in changes]
    more = len(rows) - SHOWN_CHANGES
    text = table(("action", "resource"), rows[:SHOWN_CHANGES])
    return text + (f"\n\nand {more} more" if more > 0 else "")


def _resources(world: Deployment) -> str:
    assert world.summary is not None  # noqa: S101  (the caller asked)
    rows = [
        (plain(resource.kind), link(resource.name or resource.key, resource.url))
        for resource in world.summary.resources
        if resource.url
    ]
    return table(("kind", "resource"), rows[:SHOWN_CHANGES]) if rows else ""


def _next_move(world: Deployment, error: BricklaneError | None) -> str:
    if isinstance(error, TestsFailedError):
        return f"read the tests' output, fix {code(world.branch)} and push: it is deployed again."
    if error is not None:
        return "mend what is said above and run this job again; what is done already stays done."
    return next(text(world) for applies, text in NEXT if applies(world))


def _pull_request(world: Deployment) -> str:
    return (
        f"approve and merge the pull request of {code(world.branch)} with a merge commit; "
        "these wheels then go to production. Another push is deployed here again."
    )


# Whether it applies → the next move after a deployment that went well. The first one is taken.
NEXT: tuple[tuple[Callable[[Deployment], bool], Callable[[Deployment], str]], ...] = (
    (becomes_version, _pull_request),
    (is_gated, lambda world: f"nothing to do: {plain(world.version)} is in production."),
    (lambda _: True, lambda _: "run *draft-new-release* when this shall become a version."),
)
