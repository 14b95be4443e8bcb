"""Routes of the pages; a browser signs in with any user name and a token as the password."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Route
from bricklane_local.jobs.guarding import visible_jobs, wanted_run
from bricklane_local.permissions.access import VIEW

# Pages hold what runs printed: no script may run, and nothing may be loaded from elsewhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self' data:"


def _page(html: str) -> Response:
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    return Response(html, media_type="text/html", headers=headers)


def _number(call: Call, name: str) -> int:
    value = call.path[name]
    if not value.isdigit():
        raise invalid(f"{name} must be a number, got {value!r}")
    return int(value)


def home(call: Call) -> Response:
    """Lead to the list of jobs."""
    del call
    return RedirectResponse("/jobs")


def jobs(call: Call) -> Response:
    """Show all jobs."""
    return _page(call.workspace.pages.jobs(visible_jobs(call)))


def job(call: Call) -> Response:
    """Show one job and its runs."""
    job_id = _number(call, "job_id")
    call.workspace.access.require_job(call.caller, job_id, VIEW)
    return _page(call.workspace.pages.job(job_id))


def run(call: Call) -> Response:
    """Show one run."""
    call.query["run_id"] = str(_number(call, "run_id"))
    found = wanted_run(call, VIEW)
    return _page(call.workspace.pages.render(found))


ROUTES = [
    Route("GET", "/", home, proved_by="Chromium"),
    Route("GET", "/jobs", jobs, proved_by="Chromium"),
    Route("GET", "/jobs/{job_id}", job, proved_by="Chromium"),
    Route("GET", "/jobs/{job_id}/runs/{run_id}", run, proved_by="Chromium"),
]
