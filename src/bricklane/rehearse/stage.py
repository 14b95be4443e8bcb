"""The stage of a rehearsal: the cloud, the repository, and the people who act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bricklane.errors import BricklaneError
from bricklane.process import Command, run

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from bricklane.forge.model import PullRequest, WorkflowRun
    from bricklane.forge.protocol import Forge
    from bricklane.project.settings import Settings
    from bricklane.rehearse.cloud import LocalCloud
    from bricklane.rehearse.screen import Screen

Answer = TypeVar("Answer")
DEVELOPER = "developer"
MANAGER = "release-manager"
PROJECT = "flights"


@dataclass(slots=True)
class Stage:
    """What the acts of a scenario share.

    Args:
        cloud: the forge and the workspaces.
        folder: where the project is.
        screen: shows and records what happens.
        environment: added to that of every program that the people run.
        pull_request: the number of the last pull request that a person opened.
        forges: login → the repository as that person sees it; filled when it exists.
        seen: ids of workflow runs that an act has waited for.
        deploying: workflow, branch and commit of deployments that nobody stops working for.
    """

    cloud: LocalCloud
    folder: Path
    screen: Screen
    environment: Mapping[str, str] = field(default_factory=dict)
    pull_request: int = 0
    forges: dict[str, Forge] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    deploying: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def repository(self) -> str:
        """The repository's ``owner/name``."""
        return f"{DEVELOPER}/{PROJECT}"

    def administrator(self, target: str) -> WorkspaceClient:
        """Return a client of a target's workspace with the rights of its administrator."""
        return self.cloud.administrator(f"{PROJECT}-{target}")

    @property
    def settings(self) -> Settings:
        """The project's settings, as its commands read them."""
        from bricklane.project.loading import load

        settings = load(self.folder)
        forge = replace(settings.forge, repository=self.repository, api=self.cloud.api)
        return replace(settings, forge=forge)

    def forge(self, login: str = DEVELOPER) -> Forge:
        """Return the repository as the person ``login`` sees it."""
        if login not in self.forges:
            from bricklane.forge.opening import open_forge

            self.forges[login] = open_forge(self.settings, token=self.cloud.tokens[login])
        return self.forges[login]

    def git(self, *arguments: str, login: str = DEVELOPER) -> str:
        """Run git in the project as ``login`` and return what it prints, without the last newline.

        Raises:
            CommandFailed: when git fails.
        """
        from bricklane.forge.opening import git_environment

        token = self.cloud.tokens[login]
        environment = {**git_environment(self.settings, token=token), **signature(login)}
        command = Command(
            ("git", *arguments), self.folder, environment=environment, secrets=(token,)
        )
        return run(command).output.removesuffix("\n")

    def bricklane(self, *words: str, login: str = DEVELOPER, **variables: str) -> Command:
        """Return the command that runs ``bricklane`` in the project as ``login``.

        Args:
            words: of its command line.
            login: whose token it has for the forge.
            variables: added to its environment.
        """
        from bricklane.rehearse.cloud import BRICKLANE

        token = self.cloud.tokens[login]
        environment = {
            **self.environment,
            **variables,
            "GITHUB_TOKEN": token,
            "GITHUB_API_URL": self.cloud.api,
            "GITHUB_REPOSITORY": self.repository,
        }
        return Command((*BRICKLANE, *words), self.folder, environment, secrets=(token,))

    def head(self, branch: str) -> str:
        """Return the commit that ``branch`` has on the forge.

        Raises:
            BricklaneError: when there is no such branch.
        """
        found = self.forge().branch(branch)
        if found is None:
            raise BricklaneError(f"branch {branch} is not on the forge")
        return found.commit

    def until(
        self,
        what: str,
        ask: Callable[[], Answer | None],
        *,
        seconds: float,
        detail: Callable[[], str],
    ) -> Answer:
        """Ask again and again until there is an answer.

        Raises:
            BricklaneError: when there is none within ``seconds``.
        """
        import time

        deadline = time.monotonic() + seconds
        with self.screen.waiting(what) as waiting:
            while True:
                answer = ask()
                if answer is not None:
                    return answer
                if time.monotonic() > deadline:
                    raise BricklaneError(
                        f"{what} took longer than {seconds:.0f} seconds; last seen: {detail()}",
                        hint=f"look at {self.cloud.forge}/{self.repository}",
                    )
                waiting.note(detail())
                time.sleep(0.5)

    def open_pull_requests(self, *, prefix: str = "") -> Iterable[PullRequest]:
        """Return the open pull requests whose heads begin with ``prefix``, oldest first."""
        from bricklane.forge.model import PullRequestState

        found = self.forge().pull_requests(state=PullRequestState.OPEN)
        return sorted(
            (one for one in found if one.head.startswith(prefix)), key=lambda one: one.number
        )

    def failed(self, ended: WorkflowRun) -> BricklaneError:
        """Return the error that says how a workflow run ended, with the end of its log."""
        lines = self.forge().workflow_log(ended.id).splitlines()
        said = "\n".join(f"  {line}" for line in lines[-40:])
        return BricklaneError(
            f"workflow {ended.workflow} ended with {ended.conclusion} on {ended.branch}:\n{said}",
            hint=f"the whole log: {ended.url}",
        )


def signature(login: str) -> dict[str, str]:
    """Return the variables by which git knows the person ``login``, whoever plays the rehearsal."""
    person, address = login.replace("-", " ").title(), f"{login}@bricklane.local"
    return {
        "GIT_AUTHOR_NAME": person,
        "GIT_AUTHOR_EMAIL": address,
        "GIT_COMMITTER_NAME": person,
        "GIT_COMMITTER_EMAIL": address,
    }
