"""Routes of the pages of runs, and of what the API sends clients on to."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from urllib.parse import parse_qs

from starlette.responses import FileResponse, RedirectResponse, Response

from bricklane_local.forge.actions.api.artifacts import find
from bricklane_local.forge.actions.api.common import READ, job_at, jobs_of, run_at
from bricklane_local.forge.actions.api.reviews import submit
from bricklane_local.forge.actions.pages.views import RunPages
from bricklane_local.forge.actions.runs.model import WAITING, JobRun, Run
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, not_found
from bricklane_local.forge.pages.routes import HEADERS, page
from bricklane_local.forge.routing import Base, ForgeRoute, Handler

ACTIONS = "/{owner}/{repo}/actions"
RUN = f"{ACTIONS}/runs/{{run}}"
JOB = f"{RUN}/job/{{job}}"
FORM_LIMIT = 64 * 1024
# A page that may be acted on: its form leads back here and nowhere else.
POLICY = HEADERS | {
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    )
}


def show_runs(call: ForgeCall) -> Response:
    """List the runs of a repository."""
    return page(RunPages(call).runs(), POLICY)


def show_run(call: ForgeCall) -> Response:
    """Show a run: its jobs, what they say, and what it waits for."""
    return page(RunPages(call).run(run_at(call)), POLICY)


def show_job(call: ForgeCall) -> Response:
    """Show a job: its steps with their logs."""
    run, job = job_at(call)
    return page(RunPages(call).job(run, job), POLICY)


async def review(call: ForgeCall) -> Response:
    """Approve or reject from the page of a run."""
    origin = call.request.headers.get("origin")
    if origin not in (None, call.forge.url):
        raise ForgeApiError(403, "Requests from other sites may only read")
    content = b""
    async for piece in call.stream():
        content += piece
        if len(content) > FORM_LIMIT:
            raise ForgeApiError(413, f"The form exceeds {FORM_LIMIT} bytes")
    fields = {name: rows[-1] for name, rows in parse_qs(content.decode("utf-8", "replace")).items()}
    state = fields.get("state", "")
    if state not in ("approved", "rejected"):
        raise ForgeApiError(422, f"state must be approved or rejected, got {state!r}")
    run = run_at(call)
    jobs = [
        job
        for job in call.forge.actions.store.jobs(run)
        if job.status == WAITING and job.environment == fields.get("environment")
    ]
    submit(call, run, jobs, call.caller.user.login, state, fields.get("comment", ""))
    return RedirectResponse(
        f"{call.forge.url}/{call.repository.full_name}/actions/runs/{run.id}", 303
    )


def job_log(call: ForgeCall) -> Response:
    """Return the log of a job as text."""
    run, job = job_at(call)
    path = call.forge.actions.files(run).log(job.origin or job.id)
    if not path.exists():
        raise not_found()
    # Read whole: the log of a running job grows while it is being sent.
    return Response(path.read_bytes(), media_type="text/plain; charset=utf-8", headers=HEADERS)


def run_logs(call: ForgeCall) -> Response:
    """Return the logs of a run's jobs in an archive."""
    run = run_at(call)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, job in enumerate(jobs_of(call, run)):
            for name, text in _log_files(call, run, number, job):
                archive.writestr(name, text)
    headers = {"Content-Disposition": f'attachment; filename="logs_{run.id}.zip"'}
    return Response(buffer.getvalue(), media_type="application/zip", headers=headers)


def _log_files(call: ForgeCall, run: Run, number: int, job: JobRun) -> Iterator[tuple[str, str]]:
    path = call.forge.actions.files(run).log(job.origin or job.id)
    if path.exists():
        shown = "".join(letter for letter in job.name if letter.isalnum() or letter in " ()-_.,")
        yield f"{number}_{shown or job.id}.txt", path.read_text("utf-8", "replace")


def artifact(call: ForgeCall) -> Response:
    """Return the archive of an artifact."""
    _, found = find(call)
    return FileResponse(
        found.file,
        media_type="application/zip",
        headers=HEADERS,
        filename=f"{found.name}.zip",
    )


def _web(method: str, path: str, handler: Handler, *, raw: bool = False) -> ForgeRoute:
    needs = READ if method == "GET" else ("deployments:write",)
    return ForgeRoute(
        method,
        path,
        handler,
        needs,
        role="read",
        base=Base.WEB,
        raw=raw,
        proved_by="a browser",
    )


ROUTES = [
    _web("GET", ACTIONS, show_runs),
    _web("GET", RUN, show_run),
    _web("POST", f"{RUN}/review", review, raw=True),
    _web("GET", f"{RUN}/logs.zip", run_logs),
    _web("GET", f"{RUN}/artifacts/{{artifact}}", artifact),
    _web("GET", JOB, show_job),
    _web("GET", f"{JOB}/log.txt", job_log),
]
