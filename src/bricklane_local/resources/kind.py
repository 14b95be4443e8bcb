"""What the row of a resource kind says."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bricklane_local.permissions.levels import MANAGE

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.identity.principals import Principal
    from bricklane_local.resources.operations import Operation

Body = dict[str, Any]
# What may stand where a level of an access control list does: everybody; administrators; who made
# it, and not even an administrator; who made it, or an administrator.
EVERYBODY, ADMINISTRATOR, CREATOR, MAKER = "", "administrator", "creator", "maker"


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something with a resource, where and when.

    Args:
        workspace: that has the resource.
        caller: who does it.
        time: milliseconds since the epoch.
    """

    workspace: Workspace
    caller: Principal
    time: int

    @property
    def iso(self) -> str:
        """The time as the API writes it where it does so for people."""
        return iso(self.time)


def iso(time: int) -> str:
    """Return milliseconds since the epoch as RFC 3339 text in UTC."""
    moment = datetime.fromtimestamp(time / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may do what with resources of a kind.

    Args:
        acl: the kind's name in the permissions API; "" for one without access control lists.
        create: :data:`EVERYBODY`, :data:`ADMINISTRATOR` or the entitlement that it takes. Where a
            kind has folders, a resource also needs CAN_MANAGE on the one it goes to.
        see: level of ``acl``, or :data:`EVERYBODY`, :data:`ADMINISTRATOR`, :data:`CREATOR` or
            :data:`MAKER`.
        change: likewise.
        delete: likewise.
    """

    acl: str = ""
    create: str = EVERYBODY
    see: str = EVERYBODY
    change: str = MANAGE
    delete: str = MANAGE


ADMINISTRATORS = Guard("", ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR)


def nothing(_act: Act, _body: Body) -> Body:
    """Add nothing to a resource."""
    return {}


def accept(_act: Act, _body: Body, _old: Body | None) -> None:
    """Refuse nothing."""


def as_stored(_workspace: Workspace, body: Body) -> Body:
    """Show a resource as it is stored."""
    return body


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource.

    A resource is stored as the API shows it. Fields whose names begin with an underscore are the
    server's own: never taken from clients, never shown.

    Args:
        name: for people, as in "There is no cluster policy …".
        document: kind of its documents.
        key: the field that identifies one.
        new_key: makes that field's value from the act, what was sent and a number that no other
            resource of the kind has.
        guard: who may do what.
        acl_id: the id of the access control list that decides about one; None for its key.
        own_list: each has a list of its own, made with it; else ``acl_id`` is of another's.
        operations: the routes.
        required: fields that must be sent.
        unique: further fields whose values no two resources share; they can be found by these.
        defaults: what is filled in where nothing is sent, now and at a replacement.
        outputs: fields that clients cannot set, and that a replacement keeps.
        controls: fields of requests that are not part of the resource.
        queried: fields that requests say in their query.
        folder: path of the workspace folder that it goes to; "" for none.
        made: fields set when it is made.
        changed: fields set when it is made and at each change.
        check: refuses what the types cannot; gets the new resource and the old one, if any.
        shown: makes what is answered of what is stored.
        removed: called when it is deleted.
        trash: fields set instead of deleting it; None for a kind that has no trash.
        brief: fields that lists leave out.
        missing: error code for one that does not exist.
        missing_text: its message, about ``{name}``, ``{field}`` and ``{value}``.
        taken: error code for one whose ``unique`` value another has.
        sent_in: the field of requests that holds the resource; "" for the whole body.
        shown_in: the field of answers that holds the resource; "" for the whole body.
        proved_by: the client whose use of the common routes the tests exercise.
    """

    name: str
    document: str
    key: str
    new_key: Callable[[Act, Body, int], Any]
    guard: Guard
    operations: tuple[Operation, ...]
    acl_id: Callable[[Body], str] | None = None
    own_list: bool = True
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    queried: tuple[str, ...] = ()
    folder: Callable[[Act, Body], str] = lambda _act, _body: ""
    made: Callable[[Act, Body], Body] = nothing
    changed: Callable[[Act, Body], Body] = nothing
    check: Callable[[Act, Body, Body | None], None] = accept
    shown: Callable[[Workspace, Body], Body] = as_stored
    removed: Callable[[Act, Body], Any] = nothing
    trash: Body | None = None
    brief: tuple[str, ...] = ()
    missing: str = "RESOURCE_DOES_NOT_EXIST"
    missing_text: str = "There is no {name} with the {field} {value}"
    taken: str = "RESOURCE_ALREADY_EXISTS"
    sent_in: str = ""
    shown_in: str = ""
    proved_by: str = "databricks-sdk"


def hexadecimal(digits: int) -> Callable[[Act, Body, int], str]:
    """Return what makes random keys of so many hexadecimal digits, an even number."""
    return lambda _act, _body, _number: secrets.token_hex(digits // 2)


def uuid_key(_act: Act, _body: Body, _number: int) -> str:
    """Make a random UUID."""
    return str(uuid.uuid4())


def number_from(first: int) -> Callable[[Act, Body, int], int]:
    """Return what makes numeric keys that begin at ``first``."""
    return lambda _act, _body, number: first + number


def named_by(field_name: str) -> Callable[[Act, Body, int], str]:
    """Return what takes the key from a field that the client sends."""
    return lambda _act, body, _number: str(body[field_name])
