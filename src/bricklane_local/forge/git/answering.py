"""What the handlers of git's routes share: failures in GitHub's shape, names found, people."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from bricklane_local.forge.actors import actor, person
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, malformed, missing, not_found
from bricklane_local.forge.git import refs
from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import (
    BadName,
    GitFailure,
    MergeConflict,
    MissingObject,
    NotFastForward,
    Refused,
    StaleRef,
    Unrelated,
)
from bricklane_local.forge.git.model import HEADS, Actor, Person
from bricklane_local.forge.git.wire import Wire
from bricklane_local.forge.routing import Answer

# Failure → status; the first that fits. What is none of these is a fault of ours.
STATUSES: tuple[tuple[type[GitFailure], int], ...] = (
    (MissingObject, 404),
    (Unrelated, 404),
    (StaleRef, 409),
    (MergeConflict, 409),
    (NotFastForward, 422),
    (BadName, 422),
)
NO_COMMIT = "No commit found for SHA: "

Handler = Callable[[ForgeCall], Awaitable[Answer]]


def translated(handler: Handler) -> Handler:
    """Return ``handler`` with git's failures answered as the API answers them."""

    @functools.wraps(handler)
    async def answered(call: ForgeCall) -> Answer:
        try:
            return await handler(call)
        except Refused as refused:
            reasons = "\n\n".join(row for item in refused.refusals for row in item.reasons)
            message = f"Repository rule violations found\n\n{reasons}\n\n"
            status = 409 if "/contents/" in call.request.scope["path"] else 422
            raise ForgeApiError(status, message) from None
        except GitFailure as failure:
            for kind, status in STATUSES:
                if isinstance(failure, kind):
                    raise ForgeApiError(status, failure.message) from None
            raise

    return answered


def bare_of(call: ForgeCall) -> Bare:
    """Return the git repository that the path names."""
    return call.forge.git.repository(call.repository.id)


def wire_of(call: ForgeCall) -> Wire:
    """Return what makes JSON of this repository's objects."""
    return Wire(call.forge, call.repository)


def actor_of(call: ForgeCall) -> Actor:
    """Return the caller as the one who changes refs."""
    return actor(call.caller)


def now(call: ForgeCall) -> int:
    """Return the forge's present moment in seconds since the epoch."""
    return call.forge.clock.now() // 1000


def myself(call: ForgeCall) -> Person:
    """Return the caller as the author of a commit made now."""
    who = person(call.caller.user)
    return Person(who.name, who.email, now(call))


def person_in(call: ForgeCall, field: str, default: Person) -> Person:
    """Return the author, committer or tagger that the body names, or ``default``.

    Raises:
        ForgeApiError: 422 when it lacks a name or an address, or its date is none.
    """
    given = call.mapping(field)
    if given is None:
        return default
    name, email, date = (given.get(key) for key in ("name", "email", "date"))
    for key, value in (("name", name), ("email", email)):
        if not isinstance(value, str) or not value.strip():
            raise missing(f"{field}.{key}")
    if date is None:
        return Person(str(name), str(email), now(call))
    try:
        moment = datetime.fromisoformat(str(date))
    except ValueError:
        raise malformed(f"{field}/date", date, "is not a valid date-time") from None
    offset = moment.utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds() // 60)
    return Person(str(name), str(email), int(moment.timestamp()), minutes)


async def commit_named(call: ForgeCall, name: str) -> str:
    """Return the commit that ``name`` stands for; the default branch's for an empty name.

    Raises:
        ForgeApiError: 409 when the repository is empty, else 422, as ``/commits`` answers.
    """
    bare = bare_of(call)
    found = await refs.find(bare, name or HEADS + call.repository.default_branch)
    if found is not None:
        return found
    if not await refs.values(bare, HEADS):
        raise ForgeApiError(409, "Git Repository is empty.")
    raise ForgeApiError(422, f"{NO_COMMIT}{name or call.repository.default_branch}")


def page_of(call: ForgeCall) -> slice:
    """Return which rows of a listing this request's page shows, as the listing will cut them."""
    size = min(_natural(call.query.get("per_page", ""), 30), 100)
    number = _natural(call.query.get("page", ""), 1)
    return slice((number - 1) * size, number * size)


def _natural(text: str, default: int) -> int:
    return int(text) or default if text.isascii() and text.isdigit() and len(text) < 10 else default


def accepts(call: ForgeCall, form: str) -> bool:
    """Say whether the client asks for a media type such as ``raw``, ``diff`` or ``sha``."""
    wanted = {f"application/vnd.github{version}.{form}" for version in ("", ".v3")}
    accepted = call.request.headers.get("accept", "").split(",")
    kinds = {part.split(";")[0].strip().removesuffix("+json") for part in accepted}
    return bool(wanted & kinds)


def sha_in(body: dict[str, Any], field: str) -> str:
    """Return the object name in a body's field.

    Raises:
        ForgeApiError: 422 when it is absent or no text.
    """
    value = body.get(field)
    if value is None:
        raise missing(field)
    if not isinstance(value, str):
        raise malformed(field, value, "is not a string")
    return value.lower()


async def tree_named(call: ForgeCall, name: str) -> str:
    """Return the tree that a name in a path stands for.

    Raises:
        ForgeApiError: 404.
    """
    found = await refs.find(bare_of(call), name, "tree")
    if found is None:
        raise not_found()
    return found
