"""Routes of the pages; a browser signs in with any user name and a token as the password."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import RedirectResponse, Response

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import not_found
from bricklane_local.forge.git import refs
from bricklane_local.forge.pages.views import Pages
from bricklane_local.forge.routing import Base, ForgeRoute

# Pages hold what people wrote: no script may run, and nothing may be loaded from elsewhere.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}


def page(html: str, headers: Mapping[str, str] = HEADERS) -> Response:
    """Return ``html`` as an answer that runs no script."""
    return Response(html, media_type="text/html", headers=headers)


def home(call: ForgeCall) -> Response:
    """List the repositories."""
    return page(Pages(call.forge).home(call.caller))


async def repository(call: ForgeCall) -> Response:
    """Show a repository: branches, pull requests, releases, deployments."""
    return page(await Pages(call.forge).repository(call.repository, call.caller))


async def pull(call: ForgeCall) -> Response:
    """Show a pull request."""
    request = call.forge.pulls.get(call.repository, call.number("number"))
    return page(await Pages(call.forge).pull(call.repository, request))


def release(call: ForgeCall) -> Response:
    """Show a release; a draft goes by ``untagged-ID``."""
    tag = call.path["tag"]
    for found in call.forge.releases.visible(call.repository, call.caller):
        if tag == (f"untagged-{found.id}" if found.draft else found.tag):
            return page(Pages(call.forge).release(call.repository, found))
    raise not_found()


async def commit(call: ForgeCall) -> Response:
    """Show a commit."""
    sha = await refs.find(call.forge.git.repository(call.repository.id), call.path["sha"])
    if sha is None:
        raise not_found()
    return page(await Pages(call.forge).commit(call.repository, sha))


def to_repository(call: ForgeCall) -> Response:
    """Lead to the page of the repository."""
    return RedirectResponse(f"/{call.repository.full_name}")


REPO = "/{owner}/{repo}"
BROWSER = "a browser's requests"
METADATA, CONTENTS, PULLS = ("metadata:read",), ("contents:read",), ("pull_requests:read",)
ROUTES = [
    ForgeRoute("GET", path, handler, needs, base=Base.WEB, proved_by=BROWSER)
    for path, handler, needs in (
        ("/", home, METADATA),
        (REPO, repository, CONTENTS),
        (REPO + "/pull/{number}", pull, PULLS),
        (REPO + "/releases/tag/{tag:path}", release, CONTENTS),
        (REPO + "/commit/{sha}", commit, CONTENTS),
        (REPO + "/pulls", to_repository, METADATA),
        (REPO + "/releases", to_repository, METADATA),
        (REPO + "/deployments", to_repository, METADATA),
        (REPO + "/tree/{branch:path}", to_repository, METADATA),
    )
]
