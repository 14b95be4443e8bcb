"""The forge's callers as git's actors, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.forge.git.model import Actor, Person
from bricklane_local.forge.users.model import Caller, User

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge


def actor(caller: Caller) -> Actor:
    """Return ``caller`` as git's record of a change names it."""
    return Actor(caller.user.login, caller.job, caller.on_behalf_of)


def caller_of(forge: Forge, who: Actor) -> Caller:
    """Return who made a change as events name them."""
    user = forge.users.known(who.login)
    return Caller(user, job=who.job, on_behalf_of=who.on_behalf_of)


def person(user: User) -> Person:
    """Return ``user`` as the author of a commit that the forge makes."""
    return Person(user.name or user.login, user.email or f"{user.login}@users.noreply.github.com")
