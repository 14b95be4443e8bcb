"""What can be done with resources over HTTP: each operation of a row becomes a route."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Answer, Fidelity, Handler, Route
from bricklane_local.resources.kind import EVERYBODY, Body, Kind
from bricklane_local.resources.records import Records

Filter = Callable[[Call], Callable[[Body], bool] | None]


@dataclass(frozen=True, slots=True)
class Operation(ABC):
    """One thing that can be done with resources of a kind.

    Args:
        route: method and path. A path parameter, or a field of the request, has the value by
            which the resource is found.
        sdk: what a body must fit, as in :class:`~bricklane_local.app.routing.Route`.
        by: the field by which the resource is found; "" for the kind's key.
        prefix: what comes before a key that is the rest of the path; "" for another key.
        level: what the caller needs; None for what the kind's guard says.
        fidelity: how real the answer is.
        note: for the ledger.
    """

    route: str
    sdk: str | None = None
    by: str = ""
    prefix: str = ""
    level: str | None = None
    fidelity: Fidelity = Fidelity.REAL
    note: str = ""

    guarded_by: ClassVar[str] = "see"

    @abstractmethod
    def answer(self, _call: Call, _records: Records, _kind: Kind) -> Answer | Awaitable[Answer]:
        """Do it."""

    def handler(self, kind: Kind) -> Handler:
        """Return what answers the route."""
        return lambda call: self.answer(call, records_of(call, kind), kind)

    def found(self, call: Call, records: Records) -> Body:
        """Return the resource that a request is about, if the caller may do this with it."""
        level = self.needed(records.kind)
        if self.prefix:
            name = call.request.scope["path"].removeprefix(self.prefix)
            return records.wanted(name, call.caller, level)
        return found(call, records, level, self.by)

    def needed(self, kind: Kind) -> str:
        """Return the level that the caller needs."""
        return str(getattr(kind.guard, self.guarded_by)) if self.level is None else self.level


def records_of(call: Call, kind: Kind) -> Records:
    """Return the resources of a kind in the workspace that was called."""
    return Records(call.workspace, kind)


def found(call: Call, records: Records, level: str, by: str = "") -> Body:
    """Return the resource that a request is about.

    Args:
        call: has its key, or another unique value, in the path or the body.
        records: of its kind.
        level: that the caller needs on it.
        by: the field by which it is found; "" for the key.

    Raises:
        ApiError: when it does not exist, or PERMISSION_DENIED.
    """
    name = by or records.kind.key
    value = call.path.get(name) or call.path.get("id")
    if value is None:
        value = str(call.required(name))
    return records.wanted(value, call.caller, level, by)


def _sent(call: Call, kind: Kind) -> Body:
    sent = call.required(kind.sent_in) if kind.sent_in else call.body
    queried = {name: call.query[name] for name in kind.queried if call.query.get(name)}
    return {**sent, **queried}


def _shown(records: Records, body: Body) -> Body:
    shown, name = records.show(body), records.kind.shown_in
    return {name: shown} if name else shown


@dataclass(frozen=True, slots=True)
class Create(Operation):
    """Make a resource.

    Args:
        key_only: answer with the key, not the whole resource.
    """

    key_only: bool = False

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer | Awaitable[Answer]:
        """Make one."""
        body = records.create(_sent(call, kind), call.caller)
        return {kind.key: body[kind.key]} if self.key_only else _shown(records, body)


@dataclass(frozen=True, slots=True)
class Get(Operation):
    """Return a resource."""

    def answer(self, call: Call, records: Records, _kind: Kind) -> Answer:
        """Return one."""
        return _shown(records, self.found(call, records))


@dataclass(frozen=True, slots=True)
class List(Operation):
    """Return the resources that the caller sees.

    Args:
        items: the field of the answer that has them.
        size: the parameter that says how many a page has; "" for an answer without pages.
        default: how many that are unless the client says.
        most: how many that are at most.
        newest: newest first.
        trashed: the parameter that asks for what is in the trash too; "" when none does.
        where: makes of a request what says which are wanted; None for all.
        always: the field is there even when nothing was found.
        token: the parameter that has the token of the page.
    """

    items: str = ""
    size: str = ""
    default: int = 100
    most: int = 1000
    newest: bool = False
    trashed: str = ""
    where: Filter | None = None
    always: bool = False
    token: str = "page_token"  # noqa: S105

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Return them."""
        limit = None
        if self.size:
            limit = call.integer(self.size, self.default, low=0) or self.default
        bodies, token = records.page(
            call.caller,
            limit=None if limit is None else min(limit, self.most),
            token=str(call.body.get(self.token) or call.query.get(self.token) or ""),
            descending=self.newest,
            trashed=bool(self.trashed) and call.flag(self.trashed),
            where=None if self.where is None else self.where(call),
        )
        shown = [_without(records.show(body), kind.brief) for body in bodies]
        answer: dict[str, Any] = {self.items: shown} if shown or self.always else {}
        return answer | {"next_page_token": token} if token else answer


def _without(body: Body, names: tuple[str, ...]) -> Body:
    return {name: value for name, value in body.items() if name not in names} if names else body


@dataclass(frozen=True, slots=True)
class Change(Operation):
    """Set fields of a resource; those that are not sent stay.

    ``update_mask`` of the request, where there is one, says which fields count; a field that it
    names and that is not sent is removed.

    Args:
        silent: answer with nothing.
    """

    silent: bool = False

    guarded_by: ClassVar[str] = "change"

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Change one."""
        old = self.found(call, records)
        sent = {k: v for k, v in _sent(call, kind).items() if k != MASK}
        mask = str(call.body.get(MASK) or call.query.get(MASK) or "*")
        if mask != "*":
            sent = {name: sent.get(name) for name in _masked(mask, records, old)}
        removed = [name for name, value in sent.items() if value is None and mask != "*"]
        changed = records.change(old, sent, call.caller, removed)
        return None if self.silent else _shown(records, changed)


MASK = "update_mask"


def _masked(mask: str, records: Records, old: Body) -> set[str]:
    """Return the top-level fields that a mask names; one within a field stands for the whole."""
    names = {part.strip().partition(".")[0] for part in mask.split(",")}
    fixed = sorted(names & {*records.kind.outputs, records.kind.key} - set(records.kind.unique))
    if fixed:
        raise invalid(
            f"update_mask names {', '.join(fixed)}, which cannot be changed, of "
            f"{records.kind.name} {old[records.kind.key]}"
        )
    return names


@dataclass(frozen=True, slots=True)
class Replace(Operation):
    """Set all fields of a resource; those that are not sent get their defaults.

    Args:
        silent: answer with nothing.
    """

    silent: bool = False

    guarded_by: ClassVar[str] = "change"

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Replace one."""
        old = self.found(call, records)
        body = records.replace(old, _sent(call, kind), call.caller)
        return None if self.silent else _shown(records, body)


@dataclass(frozen=True, slots=True)
class Delete(Operation):
    """Delete a resource."""

    guarded_by: ClassVar[str] = "delete"

    def answer(self, call: Call, records: Records, _kind: Kind) -> Answer:
        """Delete one."""
        records.delete(self.found(call, records), call.caller)
        return None


@dataclass(frozen=True, slots=True)
class Own(Operation):
    """Something that only this kind knows.

    Args:
        do: gets the request, the resources of the kind and the one it is about; returns the answer.
    """

    do: Callable[[Call, Records, Body], Answer | Awaitable[Answer]] = (
        lambda _call, _records, _body: None
    )

    def answer(self, call: Call, records: Records, _kind: Kind) -> Answer | Awaitable[Answer]:
        """Do it with one."""
        return self.do(call, records, self.found(call, records))


# Lists, and what only one kind knows, are what the tests ask of the SDK.
SDK = "databricks-sdk"


def routes(kinds: Iterable[Kind]) -> list[Route]:
    """Return the routes of kinds."""
    return [route for kind in kinds for route in _routes_of(kind)]


def _routes_of(kind: Kind) -> Iterable[Route]:
    for operation in kind.operations:
        method, _, path = operation.route.partition(" ")
        yield Route(
            method,
            path,
            operation.handler(kind),
            sdk=operation.sdk,
            fidelity=operation.fidelity,
            proved_by=SDK if isinstance(operation, List | Own) else kind.proved_by,
            note=operation.note,
        )


__all__ = [
    "EVERYBODY",
    "Change",
    "Create",
    "Delete",
    "Get",
    "List",
    "Operation",
    "Own",
    "Replace",
    "found",
    "records_of",
    "routes",
]
