"""What checks look at: the project, its clone, its forge and its account, each opened once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from bricklane.doctor.credentials import Credentials, Refused, at_hand, hidden, hosts_of_profiles
from bricklane.doctor.model import NotChecked
from bricklane.doctor.target import Target
from bricklane.errors import BricklaneError
from bricklane.forge.errors import ForgeForbidden

if TYPE_CHECKING:
    from databricks.sdk import AccountClient

    from bricklane.doctor.workflows import Delivery, Workflows
    from bricklane.forge.model import EnvironmentRules
    from bricklane.forge.opening import Address
    from bricklane.forge.protocol import Forge
    from bricklane.gitflow.git import Git
    from bricklane.gitflow.kinds import Kinds
    from bricklane.project.bundlefile import Bundle
    from bricklane.project.settings import Settings

Found = TypeVar("Found")
ACCOUNT_HINT = (
    "name an administrator of the account: --profile NAME, or DATABRICKS_HOST,"
    " DATABRICKS_ACCOUNT_ID, DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET"
)


def seen(look: Callable[[], Found]) -> Found:
    """Return what the forge shows.

    Raises:
        NotChecked: when the token may not see it, which says nothing about what is there.
    """
    try:
        return look()
    except ForgeForbidden as error:
        raise NotChecked(error.message, error.hint or "") from None


@dataclass(slots=True)
class Memory:
    """Remembers what looking came to, a refusal as well, so that nothing is asked for twice."""

    _known: dict[str, object] = field(default_factory=dict)

    def once(self, name: str, look: Callable[[], Found]) -> Found:
        """Return what ``look`` returns, or raise what it raised, the first time.

        Raises:
            BricklaneError: from ``look``; other errors are not remembered.
        """
        if name not in self._known:
            try:
                self._known[name] = look()
            except BricklaneError as error:
                self._known[name] = error
        found = self._known[name]
        if isinstance(found, BricklaneError):
            raise found
        return cast("Found", found)


class World:
    """A project and all that delivers it, opened when it is asked for.

    Args:
        start: a folder of the project.
        environment: of this process.
        profile: of the Databricks config file, of an administrator; may be empty.
    """

    def __init__(self, start: Path, environment: Mapping[str, str], profile: str = "") -> None:
        self.start = start
        self.environment = environment
        self.profile = profile
        self._memory = Memory()
        self._targets: dict[str, Target] = {}

    def once(self, name: str, look: Callable[[], Found]) -> Found:
        """Remember what looking came to; see :meth:`Memory.once`."""
        return self._memory.once(name, look)

    def target(self, name: str) -> Target:
        """Return a target of the bundle, with what delivers to it."""
        if name not in self._targets:
            self._targets[name] = Target(self, name)
        return self._targets[name]

    # The project and its clone

    @property
    def bundle(self) -> Bundle:
        """The bundle's file."""
        from bricklane.project.bundlefile import find_bundle, read_bundle

        return self.once("bundle", lambda: read_bundle(find_bundle(self.start)))

    @property
    def settings(self) -> Settings:
        """The project's settings."""
        from bricklane.project.loading import settings_of

        return self.once("settings", lambda: settings_of(self.bundle))

    @property
    def kinds(self) -> Kinds:
        """The kinds of branches."""
        from bricklane.gitflow.kinds import kinds_of

        return self.once("kinds", lambda: kinds_of(self.settings.gitflow))

    @property
    def long_lived(self) -> tuple[str, ...]:
        """The branches that are always there."""
        return tuple(kind.branch for kind in self.kinds.rows if kind.branch)

    @property
    def production(self) -> str:
        """The target that the main branch is deployed to."""
        kind = self.kinds.of_branch(self.settings.gitflow.main)
        return kind.target if kind else ""

    @property
    def delivered_targets(self) -> tuple[str, ...]:
        """The targets that branches of some kind are deployed to."""
        return tuple(dict.fromkeys(kind.target for kind in self.kinds.rows if kind.target))

    @property
    def git(self) -> Git:
        """The clone."""
        from bricklane.gitflow.git import Git

        return self.once("git", lambda: Git.open(self._root(), self._remote()))

    def _root(self) -> Path:
        try:
            return self.bundle.root
        except BricklaneError:
            return self.start

    def _remote(self) -> str:
        from bricklane.project.settings import GitFlowSettings

        try:
            return self.settings.gitflow.remote
        except BricklaneError:
            return GitFlowSettings().remote

    @property
    def workflows(self) -> Workflows:
        """What the workflow files say."""
        from bricklane.doctor.workflows import read_workflows

        return self.once("workflows", lambda: read_workflows(self._top(), self.production))

    def _top(self) -> Path:
        try:
            return self.git.top
        except BricklaneError:
            return self._root()

    def delivery(self, target: str) -> Delivery | None:
        """Return the job that deploys to a target; None when there is none that can be read."""
        try:
            return self.workflows.deliveries.get(target)
        except BricklaneError:
            return None

    # The forge

    @property
    def address(self) -> Address:
        """Where the repository is."""
        from bricklane.forge.opening import locate

        return self.once("address", lambda: locate(self.settings))

    @property
    def forge(self) -> Forge:
        """The repository on its forge."""
        from bricklane.forge.opening import open_forge

        return self.once("forge", lambda: open_forge(self.settings))

    @property
    def environments(self) -> Mapping[str, EnvironmentRules]:
        """The forge's environments, by name in lower case, as the forge compares them."""
        rows = self.once("environments", lambda: seen(self.forge.environments))
        return {name.lower(): rules for name, rules in rows.items()}

    @property
    def shared_variables(self) -> Mapping[str, str]:
        """The repository's own variables, which jobs in any environment find."""
        return self.once("variables", lambda: seen(self.forge.variables))

    # Databricks

    @property
    def chosen(self) -> list[Credentials | Refused]:
        """The credentials that the user chose."""
        return self.once("chosen", lambda: list(at_hand(self.environment, self.profile)))

    @property
    def account(self) -> AccountClient:
        """The account, as an administrator sees it.

        Raises:
            NotChecked: when nobody is signed in to it.
        """
        return self.once("account", self._account)

    def _account(self) -> AccountClient:
        from databricks.sdk import AccountClient

        for one in self.chosen:
            if isinstance(one, Credentials) and one.of_account:
                return AccountClient(config=one.config)
        refused = [
            f"; {one.source}: {one.reason}" for one in self.chosen if isinstance(one, Refused)
        ]
        raise NotChecked(f"nobody is signed in to the account{''.join(refused)}", ACCOUNT_HINT)

    @property
    def account_id(self) -> str:
        """The account's id."""
        return str(self.account.config.account_id)

    @cached_property
    def hosts_of_profiles(self) -> Mapping[str, str]:
        """Profile of the config file → its host."""
        return hosts_of_profiles(self.environment)

    @cached_property
    def hidden(self) -> tuple[str, ...]:
        """What no output may show."""
        from bricklane.project.settings import ForgeSettings

        try:
            variable = self.settings.forge.token_variable
        except BricklaneError:
            variable = ForgeSettings().token_variable
        return hidden(self.environment, variable)
