"""Makes the pages: gathers what they show and fills the templates, which escape everything."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from bricklane_local.forge.git import diff, history, refs
from bricklane_local.forge.releases.wire import release_wire
from bricklane_local.pages.templating import environment

if TYPE_CHECKING:
    from jinja2 import Environment

    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.pulls.model import PullRequest
    from bricklane_local.forge.releases.model import Release
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

SHOWN = 50  # rows of a table


def web_link(url: str) -> str:
    """Return ``url`` when it leads to a web page, else nothing: no scripts hide in links."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


@cache
def templates() -> Environment:
    """Return the templates of the forge's pages, those of workflows' runs among them."""
    return environment(
        "bricklane_local.forge.actions.pages",
        "bricklane_local.forge.pages",
        link=web_link,
        quoted=lambda text: quote(text, safe="/"),
    )


class Pages:
    """Makes the pages of one forge.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def _render(self, name: str, **values: Any) -> str:
        return templates().get_template(name).render(url=self._forge.url, **values)

    def home(self, caller: Caller) -> str:
        """Return the list of the repositories that ``caller`` may see."""
        found = self._forge.repositories.visible(caller)
        return self._render("home.html", repositories=found, login=caller.user.login)

    async def repository(self, repository: Repository, caller: Caller) -> str:
        """Return the page of a repository."""
        forge = self._forge
        bare = forge.git.repository(repository.id)
        found = await refs.branches(bare)
        commits = {item.sha: item for item in await history.load(bare, set(found.values()))}
        branches = [
            {
                "name": name,
                "commit": commits[sha],
                "protected": forge.rules.is_protected(repository, name),
                "check": forge.statuses.rollup(repository, sha),
            }
            for name, sha in sorted(found.items())
        ]
        return self._render(
            "repository.html",
            repository=repository,
            branches=branches,
            tags=(await refs.tags(bare)).values(),
            pulls=forge.pulls.all(repository)[:SHOWN],
            releases=forge.releases.visible(repository, caller)[:SHOWN],
            deployments=self._deployments(repository),
            environments=[
                forge.environments.gate(repository, item.name)
                for item in forge.environments.all(repository)
            ],
        )

    def _deployments(self, repository: Repository, sha: str = "") -> list[dict[str, Any]]:
        rows = []
        for deployment in self._forge.deployments.all(repository):
            if sha not in ("", deployment.sha):
                continue
            statuses = self._forge.deployments.statuses(repository, deployment.id)
            rows.append({"deployment": deployment, "status": statuses[0] if statuses else None})
        return rows[:SHOWN]

    async def pull(self, repository: Repository, request: PullRequest) -> str:
        """Return the page of a pull request."""
        forge = self._forge
        source = forge.repositories.by_id(request.pull.head_repository)
        return self._render(
            "pull.html",
            repository=repository,
            request=request,
            source=source,
            commits=await forge.pulls.commits(repository, request),
            files=await forge.pulls.files(repository, request),
            comments=forge.issues.comments.under(repository, request.number),
            reviews=forge.pulls.reviews.under(repository, request.number),
            checks=forge.statuses.states(repository, request.pull.head_sha),
            missing=forge.rules.missing(repository, request) if request.is_open else [],
        )

    def release(self, repository: Repository, release: Release) -> str:
        """Return the page of a release."""
        body = release_wire(self._forge, repository, release)
        return self._render("release.html", repository=repository, release=release, wire=body)

    async def commit(self, repository: Repository, sha: str) -> str:
        """Return the page of a commit."""
        forge = self._forge
        bare = forge.git.repository(repository.id)
        found = await history.commit(bare, sha)
        return self._render(
            "commit.html",
            repository=repository,
            commit=found,
            files=await diff.files_of(bare, found),
            statuses=forge.statuses.latest(repository, sha),
            checks=forge.checks.latest(repository, sha),
            deployments=self._deployments(repository, sha),
            pulls=forge.pulls.of_commit(repository, sha),
        )
