"""One target of the bundle with what delivers to it: job, environment, workspace, principal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from bricklane.doctor.credentials import plain
from bricklane.doctor.entering import Entry, enter
from bricklane.doctor.model import NotApplicable, NotChecked
from bricklane.errors import BricklaneError, ExitCode, innermost
from bricklane.provision.repository import CLIENT_ID, HOST

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from bricklane.doctor.principals import Principal
    from bricklane.doctor.workflows import Delivery
    from bricklane.doctor.world import World
    from bricklane.forge.model import EnvironmentRules
    from bricklane.project.bundlefile import BundleTarget

Found = TypeVar("Found")
VARIABLE = re.compile(r"\$\{var\.(\w+)\}")
FILE = "databricks.yml"


class Target:
    """A target, looked at when it is asked for.

    Args:
        world: of the project.
        name: of the target.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name

    def once(self, name: str, look: Callable[[], Found]) -> Found:
        """Remember what looking came to, for this target."""
        return self.world.once(f"{self.name}: {name}", look)

    @property
    def declared(self) -> BundleTarget:
        """The target as the bundle declares it."""
        return self.world.bundle.targets[self.name]

    @property
    def delivery(self) -> Delivery:
        """The job that deploys to it.

        Raises:
            NotApplicable: when no workflow does.
        """
        found = self.world.delivery(self.name)
        if found is None:
            raise NotApplicable(f"no workflow deploys to {self.name}")
        return found

    @property
    def is_production(self) -> bool:
        """Whether the main branch is deployed to it."""
        return self.name == self.world.production

    # The forge's environment

    @property
    def environment(self) -> str:
        """The forge's environment that stands for it."""
        from bricklane.delivery.environments import environment_of

        delivery = self.world.delivery(self.name)
        return (delivery.environment if delivery else "") or environment_of(
            self.world.settings, self.name
        )

    @property
    def rules(self) -> EnvironmentRules | None:
        """The environment's rules; None when there is no such environment."""
        return self.world.environments.get(self.environment.lower())

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment's own variables, name → value."""
        from bricklane.doctor.world import seen

        forge = self.world.forge
        return self.once("variables", lambda: seen(lambda: forge.variables(self.environment)))

    def variable(self, name: str) -> str:
        """Return the value that a job finds in a variable; "" when it is not known here."""
        try:
            found = self.variables.get(name)
            if found is None:
                found = self.world.shared_variables.get(name)
        except BricklaneError:
            return ""
        return found or ""

    # The workspace

    def value(self, text: str) -> str:
        """Return what a text of the bundle comes to; "" when that is not known here."""
        variable = VARIABLE.fullmatch(text)
        if variable is None:
            return "" if "${" in text else text
        name = variable[1]
        delivery = self.world.delivery(self.name)
        if name in self.declared.variables:
            return self.value(self.declared.variables[name])
        if delivery and name in delivery.bundle_variables:
            return self.variable(delivery.bundle_variables[name])
        return self.world.environment.get(f"BUNDLE_VAR_{name}", "")

    @property
    def run_as(self) -> str:
        """Application id of whom its jobs run as; "" when the bundle does not say."""
        return self.value(self.declared.run_as)

    @property
    def client_id(self) -> str:
        """Application id of whom CI signs in as.

        Raises:
            NotChecked: when nothing tells.
        """
        found = self.variable(CLIENT_ID) or self.run_as
        if not found:
            raise NotChecked(f"nothing tells whom CI deploys to {self.name} as")
        return found

    @property
    def hosts(self) -> Mapping[str, str]:
        """Who names a host for the target → the host."""
        declared, profiles = self.declared, self.world.hosts_of_profiles
        found = {FILE: plain(self.value(declared.host))} if declared.host else {}
        found[f"environment {self.environment}"] = plain(self.variable(HOST))
        if declared.profile:
            found[f"profile {declared.profile}"] = profiles.get(declared.profile, "")
        elif not declared.host and self.name in profiles:
            found[f"profile {self.name}"] = profiles[self.name]
        return {who: host for who, host in found.items() if host}

    @property
    def host(self) -> str:
        """The URL of its workspace.

        Raises:
            NotChecked: when nothing tells.
        """
        for host in self.hosts.values():
            return host
        raise NotChecked(f"nothing tells the host of {self.name}")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the workspace tells anybody of itself; empty where it tells nothing.

        Source: https://docs.databricks.com/dev-tools/auth/oauth-federation
        """
        return self.once("metadata", self._metadata)

    def _metadata(self) -> Mapping[str, Any]:
        import requests

        from bricklane.doctor.credentials import TIMEOUT

        url = f"{self.host}/.well-known/databricks-config"
        try:
            answer = requests.get(url, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise BricklaneError(
                f"{self.host} cannot be reached: {innermost(error)}",
                hint="check the host and the network, then run it again",
                exit_code=ExitCode.NETWORK,
            ) from None
        try:
            found = answer.json() if answer.ok else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def entry(self) -> Entry | tuple[str, ...]:
        """The way into the workspace; else why each that is at hand leads nowhere."""
        return self.once("entry", lambda: enter(self))

    @property
    def workspace(self) -> WorkspaceClient:
        """The workspace, as who is at hand sees it.

        Raises:
            NotChecked: when nobody is.
        """
        if isinstance(self.entry, Entry):
            return self.entry.client
        raise NotChecked(
            f"nobody is signed in to {self.host}",
            f"databricks auth login --host {self.host} --profile {self.name}",
        )

    @property
    def workspace_id(self) -> int:
        """The workspace's number."""
        told = self.metadata.get("workspace_id")
        return int(told) if told else self.workspace.get_workspace_id()

    @property
    def validated(self) -> Mapping[str, Any]:
        """The bundle for this target, with everything resolved.

        Raises:
            NotChecked: when nobody is signed in to the workspace.
            BricklaneError: with every problem that the Databricks CLI found.
        """
        from bricklane.doctor.resolved import validate

        return self.once("validated", lambda: validate(self))

    @property
    def principal(self) -> Principal | None:
        """The service principal that CI signs in as; None when there is none of that id."""
        from bricklane.doctor.principals import find

        return self.once("principal", lambda: find(self))
