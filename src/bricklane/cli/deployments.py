"""How deployments are shown: as tables for people, as JSON for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bricklane.cli.tables import print_line, print_table
from bricklane.delivery.readiness import Readiness
from bricklane.delivery.records import Record
from bricklane.delivery.status import Status, TargetStatus
from bricklane.forge.model import PullRequest

SHORT = 10
WHEN = "WHEN (UTC)"


def moment(time: datetime) -> str:
    """Return a time as people read it; the title of its column says that it is UTC."""
    from datetime import UTC

    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


TARGET_COLUMNS = ("TARGET", "VERSION", "COMMIT", WHEN, "BY", "TESTS")


def target_row(found: TargetStatus) -> tuple[str, ...]:
    """Return a line of the table of targets; the last cell is for below it."""
    note = target_note(found)
    record = found.current
    if record is None:
        return (found.target, "-", "-", "-", "-", "-", note)
    return (
        found.target,
        record.content.version,
        record.commit[:SHORT],
        moment(record.deployed_at),
        record.by,
        record.tests,
        note,
    )


def target_note(found: TargetStatus) -> str:
    """Return what has to be said of a target beside its version, and where its log is."""
    latest = found.latest
    if latest is not None:
        doing = "going on" if latest.unfinished else "failed"
        said = f"{latest.content.version} {doing}: {latest.description}"
        return f"{said} {latest.log_url}".rstrip()
    if found.current is None:
        return ""
    demanded = "UNTESTED, as demanded " if found.current.content.untested else ""
    return f"{demanded}{found.current.log_url}".rstrip()


def print_status(found: Status) -> None:
    """Print the table of targets, then what is under way."""
    print_table(TARGET_COLUMNS, map(target_row, found.targets), below="NOTE")
    for version in found.versions:
        request = version.pull_request
        into = f" -> {request.base}, #{request.number}" if request else ""
        where = f"{version.branch.name} at {version.branch.commit[:SHORT]}"
        print_line(f"{version.progress}: {where}{into}", request.url if request else "")
        if version.readiness is not None:
            print_line(f"  {version.readiness.said}", "")
            print_line(f"  next: {version.readiness.next_move}", "")
    shown = {version.branch.name for version in found.versions}
    for request in found.pull_requests:
        if request.head not in shown:
            way = f"({request.head} -> {request.base})"
            print_line(f"open: #{request.number} {request.title} {way}", request.url)


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
                "name": version.branch.name,
                "commit": version.branch.commit,
                "progress": str(version.progress),
                "pull_request": describe_request(version.pull_request),
                "readiness": describe_readiness(version.readiness),
            }
            for version in found.versions
        ],
        "pull_requests": [describe_request(request) for request in found.pull_requests],
    }


def describe_readiness(found: Readiness | None) -> dict[str, Any] | None:
    """Return what ``--json`` prints of whether production may have a branch's head."""
    if found is None:
        return None
    return {
        "version": found.version,
        "ready": found.record is not None and found.record.good,
        "said": found.said,
        "next": found.next_move,
    }


def describe_request(request: PullRequest | None) -> dict[str, Any] | None:
    """Return what ``--json`` prints of a pull request."""
    if request is None:
        return None
    return {
        "number": request.number,
        "title": request.title,
        "head": request.head,
        "base": request.base,
        "author": request.author,
        "url": request.url,
    }
