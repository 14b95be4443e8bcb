"""The forge protocol, spoken to GitHub."""

from __future__ import annotations

from bricklane.forge.errors import ForgeError, ForgeForbidden, ForgeUnavailable
from bricklane.forge.github import shapes
from bricklane.forge.github.api import Api
from bricklane.forge.github.branches import Branches
from bricklane.forge.github.deployments import Deployments
from bricklane.forge.github.environments import Environments
from bricklane.forge.github.patience import Patience
from bricklane.forge.github.pulls import PullRequests
from bricklane.forge.github.releases import Releases
from bricklane.forge.github.rulesets import Rulesets
from bricklane.forge.github.subjects import Subjects
from bricklane.forge.github.tokens import Tokens
from bricklane.forge.github.workflows import Workflows
from bricklane.forge.model import Repository
from bricklane.forge.protocol import Forge

# Whose token a workflow gets.
BOT = "github-actions[bot]"
NOT_A_USER = "not accessible by integration"


class GitHub(
    Branches,
    PullRequests,
    Releases,
    Deployments,
    Environments,
    Rulesets,
    Subjects,
    Tokens,
    Workflows,
):
    """One repository on GitHub, as the holder of one token sees it.

    Args:
        api: how to ask.
    """

    def __init__(self, api: Api) -> None:
        self.api = api
        self._login = ""

    def repository(self) -> Repository:
        """Return the repository."""
        return shapes.repository(self.api.get(""))

    def login(self) -> str:
        """Return the login the token belongs to; of a workflow's own token, the bot's."""
        if not self._login:
            try:
                self._login = str(self.api.get("/user")["login"])
            except ForgeForbidden as error:
                if NOT_A_USER not in error.message.lower():
                    raise
                self._login = self._viewer()
        return self._login

    def _viewer(self) -> str:
        """Return whose token an app's is, which only GraphQL tells."""
        try:
            return self.api.viewer()
        except ForgeUnavailable:
            raise
        except ForgeError:  # A server without GraphQL has no other bot.
            return BOT


def connect(
    api: str, repository: str, token: str, token_from: str, patience: Patience | None = None
) -> Forge:
    """Return ``repository`` on the GitHub whose REST API is at ``api``; nothing is asked yet.

    Args:
        api: URL of the API's root, such as ``https://api.github.com``.
        repository: ``owner/name``.
        token: proves who asks.
        token_from: where the token came from, for messages.
        patience: how to behave when the forge does not answer as it should.
    """
    return GitHub(Api(api, repository, token, token_from=token_from, patience=patience))
