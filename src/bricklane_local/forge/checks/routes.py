"""Routes of commit statuses and check runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.checks.model import CONCLUSIONS, STATES, STATUSES, CheckRun
from bricklane_local.forge.checks.wire import check_wire, status_wire
from bricklane_local.forge.errors import ForgeApiError, malformed, missing, not_found
from bricklane_local.forge.git import refs
from bricklane_local.forge.repositories.wire import repository_wire
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply, created


async def commit_of(call: ForgeCall, name: str) -> str:
    """Return the SHA of the commit that a branch, tag or (short) SHA names.

    Raises:
        ForgeApiError: 422 as GitHub answers it, or 404 for a path that is no commit.
    """
    bare = call.forge.git.repository(call.repository.id)
    sha = await refs.find(bare, name)
    if sha is None:
        raise ForgeApiError(422, f"No commit found for SHA: {name}")
    return sha


async def create_status(call: ForgeCall) -> Reply:
    """Say something of a commit."""
    state = call.choice("state", STATES)
    if state is None:
        raise missing("state")
    sha = await commit_of(call, call.path["sha"])
    status = call.forge.statuses.create(
        call.repository,
        call.caller,
        sha,
        context=call.optional_text("context") or "default",
        state=state,
        description=call.optional_text("description") or "",
        target_url=call.optional_text("target_url") or "",
    )
    return created(status_wire(call.forge, call.repository, status))


async def list_statuses(call: ForgeCall) -> Listing:
    """List what was said of a commit, newest first."""
    found = call.forge.statuses.under(call.repository, await commit_of(call, call.path["ref"]))
    return Listing(found, lambda item: status_wire(call.forge, call.repository, item))


async def combined_status(call: ForgeCall) -> dict[str, Any]:
    """Return the newest status of each context, and what they say together."""
    sha = await commit_of(call, call.path["ref"])
    latest = call.forge.statuses.latest(call.repository, sha)
    url = f"{call.forge.api}/repos/{call.repository.full_name}/commits/{sha}"
    return {
        "state": call.forge.statuses.combined(call.repository, sha),
        "sha": sha,
        "total_count": len(latest),
        "statuses": [status_wire(call.forge, call.repository, item) for item in latest],
        "repository": repository_wire(call.forge, call.repository),
        "commit_url": url,
        "url": f"{url}/status",
    }


def _moment(call: ForgeCall, name: str) -> int:
    value = call.optional_text(name)
    if not value:
        return 0
    try:
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    except ValueError:
        raise malformed(name, value, "is not a valid date-time") from None


def _run_values(call: ForgeCall) -> dict[str, Any]:
    output = call.mapping("output")
    values = {
        "name": call.optional_text("name"),
        "status": call.choice("status", STATUSES),
        "conclusion": call.choice("conclusion", CONCLUSIONS),
        "details_url": call.optional_text("details_url"),
        "external_id": call.optional_text("external_id"),
        "started_at": _moment(call, "started_at") or None,
        "completed_at": _moment(call, "completed_at") or None,
        "output": output and {key: output.get(key) for key in ("title", "summary", "text")},
    }
    return {name: value for name, value in values.items() if value is not None}


async def create_check(call: ForgeCall) -> Reply:
    """Begin a check run."""
    values = _run_values(call)
    values["name"] = call.text("name")
    values["head_sha"] = await commit_of(call, call.text("head_sha"))
    run = call.forge.checks.create(call.repository, call.caller, **values)
    return created(check_wire(call.forge, call.repository, run))


def _run(call: ForgeCall) -> CheckRun:
    return call.forge.checks.get(call.repository, call.number("run"))


def get_check(call: ForgeCall) -> dict[str, Any]:
    """Return one check run."""
    return check_wire(call.forge, call.repository, _run(call))


def update_check(call: ForgeCall) -> dict[str, Any]:
    """Report what became of a check run."""
    run = call.forge.checks.update(call.repository, call.caller, _run(call).id, **_run_values(call))
    return check_wire(call.forge, call.repository, run)


async def list_checks(call: ForgeCall) -> Listing:
    """List the check runs of a commit."""
    sha, query = await commit_of(call, call.path["ref"]), call.query
    checks = call.forge.checks
    latest = query.get("filter", "latest") == "latest"
    found = (checks.latest if latest else checks.under)(call.repository, sha)
    chosen = [
        run
        for run in found
        if query.get("check_name", run.name) == run.name
        and query.get("status", run.status) == run.status
    ]
    return Listing(
        chosen, lambda run: check_wire(call.forge, call.repository, run), wrap="check_runs"
    )


def app(call: ForgeCall) -> dict[str, Any]:
    """Return an app: the one that runs workflows is the only one here."""
    from bricklane_local.forge.checks.wire import actions_app

    if call.path["slug"] != "github-actions":
        raise not_found()
    return actions_app(call.forge)


REPO = "/repos/{owner}/{repo}"
READ, WRITE = ("statuses:read",), ("statuses:write",)
CHECKS_READ, CHECKS_WRITE = ("checks:read",), ("checks:write",)
ROUTES = [
    ForgeRoute("POST", REPO + "/statuses/{sha}", create_status, WRITE),
    ForgeRoute(
        "GET", REPO + "/commits/{ref:path}/statuses", list_statuses, READ, proved_by="requests"
    ),
    ForgeRoute("GET", REPO + "/commits/{ref:path}/status", combined_status, READ),
    ForgeRoute("GET", REPO + "/statuses/{ref:path}", list_statuses, READ),
    ForgeRoute("POST", f"{REPO}/check-runs", create_check, CHECKS_WRITE),
    ForgeRoute("GET", REPO + "/check-runs/{run}", get_check, CHECKS_READ),
    ForgeRoute("PATCH", REPO + "/check-runs/{run}", update_check, CHECKS_WRITE),
    ForgeRoute("GET", REPO + "/commits/{ref:path}/check-runs", list_checks, CHECKS_READ),
    ForgeRoute("GET", "/apps/{slug}", app),
]
