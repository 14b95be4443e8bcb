"""How deployments are shown: as tables for people, as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bricklane.delivery.records import Record
from bricklane.delivery.status import Status, TargetStatus

SHORT = 10


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; in a pipe no cell is folded."""
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = 1000
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*row)
    console.print(table)


def moment(time: datetime) -> str:
    """Return a time as people read it, in UTC."""
    from datetime import UTC

    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def target_row(found: TargetStatus) -> tuple[str, ...]:
    """Return a line of the table of targets."""
    record = found.current
    note = ""
    if found.latest is not None:
        doing = "going on" if found.latest.unfinished else "failed"
        note = f"{found.latest.content.version} {doing}: {found.latest.description}"
    if record is None:
        return (found.target, "-", "-", "-", "-", "-", note)
    return (
        found.target,
        record.content.version,
        record.commit[:SHORT],
        moment(record.deployed_at),
        record.by,
        record.tests,
        note or ("UNTESTED, as demanded" if record.content.untested else record.log_url),
    )


TARGET_COLUMNS = ("TARGET", "VERSION", "COMMIT", "WHEN", "BY", "TESTS", "NOTE")


def print_status(found: Status) -> None:
    """Print the table of targets, then what is under way."""
    import click

    print_table(TARGET_COLUMNS, map(target_row, found.targets))
    pull_requests = {request.head: request for request in found.pull_requests}
    for branch, readiness in found.branches:
        request = pull_requests.pop(branch.name, None)
        into = f" -> {request.base}, #{request.number} {request.url}" if request else ""
        click.echo(f"under way: {branch.name} at {branch.commit[:SHORT]}{into}")
        click.echo(f"  {readiness.said}; next: {readiness.next_move}")
    for request in pull_requests.values():
        title = f"#{request.number} {request.title}"
        click.echo(f"open: {title} ({request.head} -> {request.base}) {request.url}")


def describe_record(record: Record) -> dict[str, Any]:
    """Return what ``--json`` prints of a deployment."""
    return {
        "id": record.id,
        "environment": record.environment,
        "version": record.content.version,
        "commit": record.commit,
        "tree": record.content.tree,
        "branch": record.branch,
        "wheels": dict(record.content.wheels),
        "created_at": record.created_at.isoformat(),
        "deployed_at": record.deployed_at.isoformat(),
        "by": record.by,
        "creator": record.creator,
        "state": str(record.state),
        "good": record.good,
        "tests": record.tests,
        "untested": record.content.untested,
        "description": record.description,
        "log_url": record.log_url,
    }


def describe_status(found: Status) -> dict[str, Any]:
    """Return what ``--json`` prints of the whole."""
    return {
        "targets": {
            target.target: {
                "environment": target.environment,
                "current": describe_record(target.current) if target.current else None,
                "latest": describe_record(target.latest) if target.latest else None,
            }
            for target in found.targets
        },
        "branches": [
            {
                "name": branch.name,
                "commit": branch.commit,
                "version": readiness.version,
                "ready": readiness.record is not None and readiness.record.good,
                "said": readiness.said,
                "next": readiness.next_move,
            }
            for branch, readiness in found.branches
        ],
        "pull_requests": [
            {
                "number": request.number,
                "title": request.title,
                "head": request.head,
                "base": request.base,
                "author": request.author,
                "url": request.url,
            }
            for request in found.pull_requests
        ],
    }
