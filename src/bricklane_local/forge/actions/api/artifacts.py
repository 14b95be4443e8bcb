"""Artifacts: listed and downloaded.

Source: https://docs.github.com/en/rest/actions/artifacts
"""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.actions.api.common import READ, WRITE, redirect, run_at
from bricklane_local.forge.actions.artifacts import Artifact, artifacts_of, run_of
from bricklane_local.forge.actions.runs.model import Run
from bricklane_local.forge.actions.wire import artifact_wire
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import not_found
from bricklane_local.forge.routing import ForgeRoute, Listing

BASE = "/repos/{owner}/{repo}/actions"


def _of(call: ForgeCall, run: Run) -> list[tuple[Run, Artifact]]:
    found = artifacts_of(run.id, call.forge.actions.files(run).artifacts)
    wanted = call.query.get("name")
    return [(run, row) for row in found if wanted in (None, row.name)]


def _listing(call: ForgeCall, rows: list[tuple[Run, Artifact]]) -> Listing:
    return Listing(rows, lambda row: artifact_wire(call.forge, call.repository, *row), "artifacts")


def list_of_run(call: ForgeCall) -> Listing:
    """List the artifacts of a run."""
    return _listing(call, _of(call, run_at(call)))


def list_all(call: ForgeCall) -> Listing:
    """List the artifacts of all runs, of the newest first."""
    runs = call.forge.actions.store.runs(call.repository)
    return _listing(call, [row for run in runs for row in _of(call, run)])


def find(call: ForgeCall) -> tuple[Run, Artifact]:
    """Return the artifact that the path names, and its run.

    Raises:
        ForgeApiError: 404.
    """
    number = call.number("artifact")
    run = call.forge.actions.store.run(call.repository.id, run_of(number))
    if run is not None:
        for row in artifacts_of(run.id, call.forge.actions.files(run).artifacts):
            if row.id == number:
                return run, row
    raise not_found()


def get(call: ForgeCall) -> dict[str, Any]:
    """Return one artifact."""
    return artifact_wire(call.forge, call.repository, *find(call))


def download(call: ForgeCall) -> Any:
    """Send the client to the archive of an artifact."""
    run, artifact = find(call)
    return redirect(call, f"actions/runs/{run.id}/artifacts/{artifact.id}")


def delete(call: ForgeCall) -> None:
    """Remove an artifact."""
    _, artifact = find(call)
    artifact.file.unlink(missing_ok=True)
    artifact.file.with_suffix(".json").unlink(missing_ok=True)


ROUTES = [
    ForgeRoute("GET", f"{BASE}/runs/{{run}}/artifacts", list_of_run, READ),
    ForgeRoute("GET", f"{BASE}/artifacts", list_all, READ),
    ForgeRoute("GET", f"{BASE}/artifacts/{{artifact}}", get, READ),
    ForgeRoute("DELETE", f"{BASE}/artifacts/{{artifact}}", delete, WRITE),
    ForgeRoute("GET", f"{BASE}/artifacts/{{artifact}}/zip", download, READ),
]
