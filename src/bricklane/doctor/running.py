"""Walks the table of checks; a row never ends the walk, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bricklane.doctor.model import (
    Check,
    Finding,
    Link,
    NotApplicable,
    NotChecked,
    Result,
    Status,
    TargetCheck,
)
from bricklane.errors import BricklaneError, ExitCode, innermost
from bricklane.process import redact

if TYPE_CHECKING:
    from bricklane.doctor.world import World

# Exit codes of errors that mean something else when a check meets them.
KINDS = {ExitCode.FAILED: ExitCode.CHECK, ExitCode.USAGE: ExitCode.CONFIG}
# What stands for a row that is looked at once, in place of a target.
ONCE = ""


def examine(world: World, links: Sequence[Link], targets: Sequence[str]) -> Iterator[Finding]:
    """Yield what each row came to, in the order of the table.

    Args:
        world: what the rows look at.
        links: the table.
        targets: names of the targets that are looked at.
    """
    found: dict[tuple[str, str], Finding] = {}
    for link in links:
        for check, target, look in _rows(world, link, targets):
            result = _blocked(check, target, found) or _looked(check, look)
            result = _clean(result, world.hidden)
            found[check.key, target] = Finding(link.name, check, target, result)
            yield found[check.key, target]


Row = tuple[Check | TargetCheck, str, Callable[[], Result]]


def _rows(world: World, link: Link, targets: Sequence[str]) -> Iterator[Row]:
    for check in link.checks:
        yield check, ONCE, partial(check.look, world)
    for name in targets:
        for row in link.target_checks:
            yield row, name, lambda row=row, name=name: row.look(world.target(name))  # type: ignore[misc]


def _blocked(
    check: Check | TargetCheck, target: str, found: dict[tuple[str, str], Finding]
) -> Result | None:
    """Return that a row is not looked at, because one that it needs failed, or one before that."""
    for key in check.needs:
        needed = found.get((key, target)) or found.get((key, ONCE))
        if needed is None:
            continue
        if needed.result.blocked:
            return needed.result
        if needed.result.status is Status.FAILED:
            said = f"needs {needed.check.name} ({needed.link})"
            return Result(Status.NOT_CHECKED, said, blocked=key)
    return None


def _looked(check: Check | TargetCheck, look: Callable[[], Result]) -> Result:
    from databricks.sdk.errors import PermissionDenied
    from databricks.sdk.errors.base import DatabricksError

    try:
        return look()
    except NotChecked as reason:
        return Result(Status.NOT_CHECKED, reason.message, reason.hint or "")
    except NotApplicable as reason:
        return Result(Status.NOT_APPLICABLE, reason.message)
    except BricklaneError as error:
        code = KINDS.get(error.exit_code, error.exit_code)
        return Result(Status.FAILED, error.message, error.hint or "", code)
    except PermissionDenied as error:
        fix = "run it with an administrator's credentials: bricklane doctor --profile NAME"
        return Result(Status.NOT_CHECKED, f"Databricks refused: {error}", fix)
    except DatabricksError as error:
        return Result(Status.FAILED, f"Databricks answered: {error}", "run it again")
    except OSError as error:
        # Lost connections among them: those of requests are of this kind.
        fix = "check the host and the network, then run it again"
        return Result(
            Status.FAILED, f"cannot be reached: {innermost(error)}", fix, ExitCode.NETWORK
        )
    except Exception as error:
        # Whatever it is, it is a fault of this row, and the others are looked at all the same.
        said = f"the check {check.key} itself broke: {type(error).__name__}: {error}"
        return Result(Status.FAILED, said, "report it, with this line, as a fault of bricklane")


def _clean(result: Result, hidden: tuple[str, ...]) -> Result:
    """Return a result without anything secret, which errors of others may hold."""
    return replace(
        result, said=redact(result.said, hidden).strip(), fix=redact(result.fix, hidden).strip()
    )


def exit_code(findings: Sequence[Finding]) -> ExitCode:
    """Return the code that the first failure stands for: it is what to mend first."""
    for finding in findings:
        if finding.result.status is Status.FAILED:
            return finding.result.code
    return ExitCode.OK
