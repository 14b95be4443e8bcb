"""The flow of ``bricklane bootstrap``: administrator's credentials in, a delivering repository out.

Each part compares what there is with what shall be; what differs is shown first and then made so.
A run that was killed is gone on with by running it again: Terraform's state names what it made, and
the rest is read from the forge and the project's files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bricklane.delivery.environments import environment_of
from bricklane.errors import BricklaneError
from bricklane.flow import Step
from bricklane.provision import adoption, projectfile
from bricklane.provision.credentials import await_access
from bricklane.provision.infrastructure import ACCOUNT, FOLDER, TARGETS, save
from bricklane.provision.repository import (
    CLIENT_ID,
    HOST,
    Environment,
    delivery_rules,
    environment_rules,
    rule_differences,
)
from bricklane.provision.world import OIDC, SECRET, World

LATER = "planned when the account layer is there"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what is provisioned.

    Args:
        name: what bringing it about means, verb first.
        differences: one line for each thing that is not as it shall be; may name what is not
            known yet.
        apply: brings it about; says in a word when it has to wait for something else.
    """

    name: str
    differences: Callable[[World], list[str]]
    apply: Callable[[World], str | None]

    def step(self) -> Step[World]:
        """Return the part as a step of a flow: done when nothing differs."""
        return Step(self.name, done=self._done, do=self._do, detail=self._detail)

    def _done(self, world: World) -> bool:
        world.found[self.name] = self.differences(world)
        return not world.found[self.name]

    def _do(self, world: World) -> None:
        said = self.apply(world)
        count = len(world.found[self.name])
        world.done[self.name] = said or f"{count} change{'s' * (count != 1)}"

    def _detail(self, world: World) -> str:
        if self.name in world.done:
            return world.done[self.name]
        return "".join(f"\n    {line}" for line in world.found[self.name])


def _file_differences(world: World) -> list[str]:
    missing = world.infrastructure.missing()
    lines = []
    if missing:
        lines.append(f"{FOLDER}/: {len(missing)} Terraform files that are the team's from then on")
    present, wanted = world.infrastructure.values(), world.wanted_values()
    lines += [
        f"{FOLDER}/{ACCOUNT}: {key}: {_word(present.get(key))} → {_word(wanted[key])}"
        for key in sorted(wanted)
        if present.get(key) != wanted[key]
    ]
    return lines


def _word(value: Any) -> str:
    return "(not set)" if value is None else str(value)


def _write_files(world: World) -> None:
    for path, text in world.infrastructure.missing().items():
        save(path, text)
    wanted = world.wanted_values()
    if wanted != world.infrastructure.values():
        world.infrastructure.save_values(wanted)
        world.forget(ACCOUNT)


def _layer_differences(world: World, layer: str) -> list[str]:
    if world.infrastructure.missing():
        return ["planned when its files are there"]
    if layer != ACCOUNT and not world.account_of(layer):
        return [LATER]
    if layer != ACCOUNT:
        # With those that come after it: each takes Terraform some seconds.
        ready = [it for it in TARGETS[TARGETS.index(layer) :] if world.account_of(it)]
        for target in ready:
            _hand_over(world, target)
        world.plan_together(ready)
    plan = world.plan(layer)
    lines = [f"{_mark(change.verb)} {change.address}" for change in plan.effective]
    if adoption.importing(world.infrastructure.folder / layer):
        lines.append("workspaces that a run made which was ended: into the state")
    return lines or [f"output {name}" for name in plan.outputs]


MARKS = {"create": "+", "delete": "-", "replace": "±", "update": "~"}


def _mark(verb: str) -> str:
    return MARKS.get(verb, verb)


def _hand_over(world: World, target: str) -> None:
    """Give a target's layer what the account layer says of it."""
    path = world.infrastructure.target(target) / "account.auto.tfvars.json"
    wanted = world.target_values(target)
    if not path.exists() or path.read_text("utf-8") != wanted:
        save(path, wanted)
        world.forget(target)


def layer(folder: str, name: str) -> Part:
    """Return the part that a root module of Terraform is."""
    return Part(
        name,
        lambda world: _layer_differences(world, folder),
        lambda world: world.apply(folder),
    )


def _environments(world: World) -> list[Environment]:
    present = world.forge.environments()
    found = []
    for target, facts in world.facts().items():
        name = environment_of(world.settings, target)
        rules = environment_rules(
            world.settings,
            target,
            world.options.reviewers,
            present.get(name),
            self_review=world.options.self_review,
        )
        variables = {HOST: facts.host, CLIENT_ID: facts.service_principal}
        found.append(Environment(name, rules, variables, world.generation, world.secret_of(target)))
    return found


def environment_differences(world: World) -> list[str]:
    """Return what the forge's environments lack, or have too much, for CI to sign in."""
    if not world.facts():
        return [LATER]
    present = world.forge.environments()
    return [line for one in _environments(world) for line in one.differences(world.forge, present)]


def save_environments(world: World) -> None:
    """Bring the forge's environments to what CI needs, once new secrets are good."""
    present = world.forge.environments()
    for environment in _environments(world):
        if not environment.differences(world.forge, present):
            continue
        if environment.secret:
            host, client = environment.variables[HOST], environment.variables[CLIENT_ID]
            await_access(host, client, environment.secret, world.say)
        environment.save(world.forge, present)


def pushed(world: World) -> bool:
    """Say whether the forge has the branches that rules are about."""
    settings = world.settings.gitflow
    branches = (settings.main, settings.develop)
    return all(world.forge.branch(branch) is not None for branch in branches)


def _rule_differences(world: World) -> list[str]:
    return rule_differences(world.forge, delivery_rules(world.settings))


def _save_rules(world: World) -> str | None:
    if not pushed(world):
        # The rules would refuse the first push.
        return "later, when main and develop have been pushed"
    world.forge.save_ruleset(delivery_rules(world.settings))
    return None


def _project_differences(world: World) -> list[str]:
    facts = world.facts()
    if not facts:
        return [LATER]
    return [str(line) for line in projectfile.differences(world.bundle.file, facts)]


def _write_project(world: World) -> None:
    projectfile.write(world.bundle.file, world.facts())


TERRAFORM = (
    Part("write the Terraform files", _file_differences, _write_files),
    layer(ACCOUNT, "provision the account: workspaces, service principals, groups"),
    *(layer(target, f"provision {target}: catalog, grants, compute") for target in TARGETS),
)
FORGE_AND_FILES = (
    Part(
        "let workflows open pull requests",
        lambda world: (
            [] if world.forge.jobs_may_open_pull_requests() else ["workflows may not yet"]
        ),
        lambda world: world.forge.let_jobs_open_pull_requests(),
    ),
    Part("let CI sign in: environments", environment_differences, save_environments),
    Part("protect main and develop", _rule_differences, _save_rules),
    Part("write hosts and service principals", _project_differences, _write_project),
)
BOOTSTRAP: tuple[Step[World], ...] = tuple(part.step() for part in (*TERRAFORM, *FORGE_AND_FILES))
REPOSITORY: tuple[Step[World], ...] = tuple(part.step() for part in FORGE_AND_FILES)


def _client_secret(world: World) -> dict[str, Any]:
    values = world.infrastructure.values()
    if values.get("ci_authentication", SECRET) == OIDC or not values:
        raise BricklaneError(
            "there are no OAuth secrets to rotate: CI signs in without one",
            hint="provision first: bricklane bootstrap",
        )
    return {"generation": 1, "overlap": False} | dict(values.get("client_secret") or {})


def _set_client_secret(world: World, **changes: Any) -> None:
    secret = _client_secret(world) | changes
    world.infrastructure.save_values(world.infrastructure.values() | {"client_secret": secret})
    world.forget(ACCOUNT)


def _rotating(world: World) -> bool:
    """Say whether a new generation is there: only this run, or one that was cut short, makes it."""
    world.rotated = world.rotated or bool(_client_secret(world)["overlap"])
    return world.rotated


def _raise_generation(world: World) -> None:
    _set_client_secret(world, generation=_client_secret(world)["generation"] + 1, overlap=True)
    world.rotated = True


def _end_overlap(world: World) -> None:
    _set_client_secret(world, overlap=False)


def _when_rotating(part: Part) -> Step[World]:
    """Return a part as a step that has nothing to compare before the new generation is there."""

    def differences(world: World) -> list[str]:
        return part.differences(world) if world.rotated else ["when the new generation is there"]

    return Part(part.name, differences, part.apply).step()


ROTATE: tuple[Step[World], ...] = (
    Step("begin a new generation of OAuth secrets", _rotating, _raise_generation),
    _when_rotating(layer(ACCOUNT, "make the new secrets beside the old ones")),
    _when_rotating(Part("give CI the new secrets", environment_differences, save_environments)),
    Step(
        "let the old generation go",
        lambda world: world.rotated and not _client_secret(world)["overlap"],
        _end_overlap,
    ),
    _when_rotating(layer(ACCOUNT, "delete the old secrets")),
)
