"""From OAuth secrets to the forge's own tokens, without a moment in which CI cannot sign in.

Both ways are open until the workflows of main and develop take the new one: workflows are changed
by a pull request and a release like all else, so the flow is run twice.
"""

from __future__ import annotations

from bricklane.flow import Step
from bricklane.forge.opening import git_environment
from bricklane.process import Command, run
from bricklane.provision.bootstrap import (
    LATER,
    Part,
    environment_differences,
    layer,
    save_environments,
)
from bricklane.provision.infrastructure import ACCOUNT
from bricklane.provision.repository import SECRET
from bricklane.provision.world import BOTH, OIDC, World

NEXT = (
    "later: bricklane update --data authentication=oidc, bring that to develop and main, and run"
    " this again"
)
# What `git grep` ends with when nothing is found.
NONE_FOUND = 1


def _authentication(world: World) -> str:
    return str(world.infrastructure.values().get("ci_authentication", ""))


def _set_authentication(world: World, kind: str) -> None:
    world.infrastructure.save_values(world.values_for(kind))
    world.forget(ACCOUNT)


def workflows_keep_secrets(world: World) -> bool:
    """Say whether workflows of main or develop, as the forge has them, still use the secrets."""
    settings, root = world.settings.gitflow, world.settings.root
    names = [f"refs/remotes/{settings.remote}/{name}" for name in (settings.main, settings.develop)]
    branches = [f"+refs/heads/{name.rpartition('/')[2]}:{name}" for name in names]
    fetch = ("git", "fetch", "--quiet", settings.remote, *branches)
    run(Command(fetch, root, environment=git_environment(world.settings)))
    grep = ("git", "grep", "--quiet", "--fixed-strings", SECRET)
    found = [
        run(Command((*grep, name, "--", ".github"), root), allowed=frozenset({0, NONE_FOUND})).code
        for name in names
    ]
    return 0 in found


def _drop_secrets(world: World) -> str | None:
    if workflows_keep_secrets(world):
        return NEXT
    _set_authentication(world, OIDC)
    return None


def _when_dropped(part: Part) -> Step[World]:
    """Return a part as a step that waits until the secrets are given up."""

    def differences(world: World) -> list[str]:
        dropped = _authentication(world) == OIDC
        return part.differences(world) if dropped else ["when the workflows need no secrets"]

    def apply(world: World) -> str | None:
        return part.apply(world) if _authentication(world) == OIDC else "later"

    return Part(part.name, differences, apply).step()


MIGRATE: tuple[Step[World], ...] = (
    Step(
        "let the forge's tokens in beside the secrets",
        lambda world: _authentication(world) in {BOTH, OIDC},
        lambda world: _set_authentication(world, BOTH),
    ),
    layer(ACCOUNT, "make the federation policies").step(),
    Part(
        "give the secrets up",
        lambda world: [] if _authentication(world) == OIDC else [LATER],
        _drop_secrets,
    ).step(),
    _when_dropped(layer(ACCOUNT, "delete the secrets")),
    _when_dropped(Part("take the secrets from CI", environment_differences, save_environments)),
)
