"""What the steps of provisioning observe and change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.provision import adoption, terraform
from bricklane.provision.infrastructure import ACCOUNT, TARGETS, Infrastructure, dump
from bricklane.provision.projectfile import TargetFacts

if TYPE_CHECKING:
    from bricklane.forge.protocol import Forge
    from bricklane.project.bundlefile import Bundle
    from bricklane.project.settings import Settings
    from bricklane.provision.commands import RootModule
    from bricklane.provision.credentials import Administrator
    from bricklane.provision.results import Output, Plan

# What of Terraform's lines says that something was done, or goes on for long.
PROGRESS = re.compile(r": (Still |(Creation|Modifications|Destruction) complete)")
SECRET, OIDC, BOTH = "oauth-secret", "github-oidc", "both"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for.

    Args:
        reviewers: who approves production; empty leaves it.
        region: where workspaces are made.
        cloud: ``aws`` or ``gcp``.
        authentication: how CI signs in: :data:`SECRET` or :data:`OIDC`; "" leaves it.
        self_review: whether who started a run may approve production; None leaves it.
    """

    reviewers: tuple[str, ...] = ()
    region: str = ""
    cloud: str = ""
    authentication: str = ""
    self_review: bool | None = None


@dataclass(slots=True)
class World:
    """A project, its forge and its account.

    Args:
        settings: of the project.
        bundle: its bundle's file.
        forge: its repository.
        administrator: of the account.
        options: what was asked for.
        environment: of this process.
        say: shows a line of what goes on.
        stack: ends what plans keep, with the command.
        rotated: whether this run has begun a new generation of OAuth secrets.
        found: what differed, by the name of a part.
        done: what was done about it, likewise.
    """

    settings: Settings
    bundle: Bundle
    forge: Forge
    administrator: Administrator
    options: Options
    environment: Mapping[str, str]
    say: Callable[[str], None]
    stack: ExitStack
    rotated: bool = False
    found: dict[str, list[str]] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    _plans: dict[str, tuple[Plan, Path]] = field(default_factory=dict)
    _outputs: dict[str, Mapping[str, Output]] = field(default_factory=dict)
    _initialised: set[str] = field(default_factory=set)

    @property
    def infrastructure(self) -> Infrastructure:
        """The project's Terraform files."""
        return Infrastructure(self.settings.root)

    def wanted_values(self) -> dict[str, Any]:
        """Return the values that the account layer shall have."""
        present = self.infrastructure.values()
        chosen = {
            "project": self.settings.bundle.replace("_", "-"),
            "region": self.options.region,
            "cloud": self.options.cloud,
            "ci_authentication": self.options.authentication,
        }
        defaults = {"client_secret": {"generation": 1, "overlap": False}, "catalogs": self.catalogs}
        values = defaults | present | {key: value for key, value in chosen.items() if value}
        if "project" in present:
            values["project"] = present["project"]
        return self._with_repository(values)

    def values_for(self, authentication: str) -> dict[str, Any]:
        """Return the account layer's values with another way for CI to sign in."""
        present = self.infrastructure.values()
        return self._with_repository(present | {"ci_authentication": authentication})

    def _with_repository(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("ci_authentication", SECRET) == SECRET:
            return values
        issuer = {"url": self.forge.token_subject().issuer}
        return values | {"repository": self._repository(), "token_issuer": issuer}

    @property
    def catalogs(self) -> dict[str, str]:
        """The catalog of each target, as the bundle's variable ``catalog`` says; none without."""
        return {
            name: target.variables["catalog"]
            for name, target in self.bundle.targets.items()
            if name in TARGETS and target.variables.get("catalog")
        }

    def _repository(self) -> dict[str, Any]:
        owner, _, name = self.forge.repository().name.partition("/")
        subject = self.forge.token_subject()
        return {
            "owner": owner,
            "name": name,
            "owner_id": subject.owner_id,
            "id": subject.repository_id,
            "subject_formats": ["immutable" if subject.immutable else "name"],
        }

    def root_module(self, layer: str) -> RootModule:
        """Return a layer's root module, initialised."""
        directory = self.infrastructure.folder / layer
        root = terraform.open_root_module(
            directory,
            self.environment,
            variables=self.administrator.environment,
            secrets=self.administrator.secrets,
        )
        root = replace(root, remove=root.remove | self.administrator.remove)
        if layer not in self._initialised:
            terraform.init(root)
            self._initialised.add(layer)
        return root

    def plan(self, layer: str) -> Plan:
        """Return what applying a layer would change; asked once until it is applied."""
        if layer not in self._plans:
            self.plan_together((layer,))
            if layer == ACCOUNT and self._adopt(self._plans[layer][0]):
                return self.plan(layer)
        return self._plans[layer][0]

    def plan_together(self, layers: Sequence[str]) -> None:
        """Plan layers that do not depend on each other at the same time.

        Args:
            layers: their names; what is planned already is not asked again.

        Raises:
            TerraformError: of the first that cannot be planned, when all have ended.
        """
        missing = [layer for layer in layers if layer not in self._plans]
        for layer in missing:
            self.say(f"planning {layer}")
        with ThreadPoolExecutor(max(1, len(missing))) as pool:
            planned = {layer: pool.submit(self._planned, layer) for layer in missing}
        for layer, future in planned.items():
            if future.exception() is None:
                stack, plan = future.result()
                self.stack.push(stack)
                self._plans[layer] = plan
        for future in planned.values():
            future.result()

    def _planned(self, layer: str) -> tuple[ExitStack, tuple[Plan, Path]]:
        stack = ExitStack()
        return stack, stack.enter_context(terraform.planned(self.root_module(layer)))

    def _adopt(self, plan: Plan) -> bool:
        """Have workspaces imported that a run made which was ended; say whether there are any."""
        found = adoption.orphans(plan, self.administrator)
        if found:
            adoption.write_imports(self.infrastructure.account, found)
            self.forget(ACCOUNT)
        return bool(found)

    def apply(self, layer: str) -> None:
        """Carry out the plan of a layer, the one that was shown."""
        self.plan(layer)
        terraform.apply(self.root_module(layer), self._plans[layer][1], show=self._say_progress)
        adoption.end_imports(self.infrastructure.folder / layer)
        self.forget(layer)

    def _say_progress(self, line: str) -> None:
        """Show what Terraform has made, and not its outputs, which others show better."""
        if PROGRESS.search(line):
            self.say(line.strip())

    def forget(self, layer: str) -> None:
        """Forget what is known of a layer, because its values or resources changed."""
        self._plans.pop(layer, None)
        self._outputs.pop(layer, None)

    def outputs(self, layer: str) -> Mapping[str, Any]:
        """Return the outputs of a layer's last apply; none before the first."""
        if not (self.infrastructure.folder / layer).is_dir():
            return {}
        if layer not in self._outputs:
            self._outputs[layer] = terraform.outputs(self.root_module(layer))
        return {name: output.value for name, output in self._outputs[layer].items()}

    def account_of(self, target: str) -> Mapping[str, Any]:
        """Return what the account layer says of a target; nothing before it was applied."""
        found = self.outputs(ACCOUNT).get(target)
        return found["account"] if found else {}

    def secret_of(self, target: str) -> str:
        """Return the newest OAuth secret of a target's service principal; "" without one."""
        return str(self.outputs(ACCOUNT).get("client_secrets", {}).get(target, ""))

    @property
    def generation(self) -> str:
        """Which OAuth secrets are the newest; "" when CI signs in without one."""
        values = self.infrastructure.values()
        if values.get("ci_authentication", SECRET) == OIDC:
            return ""
        return str(values.get("client_secret", {}).get("generation", 1))

    def facts(self) -> dict[str, TargetFacts]:
        """Return what each target has to know of its workspace; none before the account layer."""
        return {
            target: TargetFacts(
                str(found["workspace_url"]), str(found["service_principal_application_id"])
            )
            for target in TARGETS
            if (found := self.account_of(target))
        }

    def target_values(self, target: str) -> str:
        """Return the file of values of a target's layer."""
        return dump({"account": dict(self.account_of(target))})


def ensure_targets(bundle: Bundle) -> None:
    """Refuse a bundle whose targets are not those that are provisioned.

    Raises:
        BricklaneError: naming them.
    """
    if missing := [name for name in TARGETS if name not in bundle.targets]:
        raise BricklaneError(
            f"{bundle.file}: targets: {', '.join(missing)} missing: `bricklane bootstrap` "
            f"provisions {', '.join(TARGETS)}",
            hint="for other targets, use the modules of terraform/ in root modules of your own",
            exit_code=ExitCode.CONFIG,
        )
    for name in TARGETS:
        # A new workspace comes with a catalog of its own name.
        own = f"{bundle.name}_{name}".replace("-", "_")
        if bundle.targets[name].variables.get("catalog") == own:
            raise BricklaneError(
                f"{bundle.file}: targets/{name}/variables/catalog: {own} is the catalog that the "
                f"new workspace {bundle.name}-{name} comes with",
                hint=f"choose another name, such as {name}_{bundle.name.replace('-', '_')}",
                exit_code=ExitCode.CONFIG,
            )


def ensure_migration(world: World) -> None:
    """Refuse to drop, in one step, the secrets that workflows sign in with.

    Raises:
        BricklaneError: saying how to move.
    """
    present = world.infrastructure.values().get("ci_authentication", SECRET)
    there = bool(world.infrastructure.values())
    if there and present != OIDC and world.options.authentication == OIDC:
        raise BricklaneError(
            "CI of this project signs in by OAuth secrets, which --oidc would delete at once",
            hint="move without a gap: bricklane bootstrap --migrate-to-oidc",
            exit_code=ExitCode.CONFIG,
        )
