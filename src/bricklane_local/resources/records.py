"""The resources of one kind in one workspace. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid, missing
from bricklane_local.permissions.access import denied
from bricklane_local.permissions.kinds import KINDS, MANAGE
from bricklane_local.resources.kind import (
    ADMINISTRATOR,
    CREATOR,
    EVERYBODY,
    MAKER,
    Act,
    Body,
    Kind,
)
from bricklane_local.resources.unique import UniqueValues, with_article
from bricklane_local.store.database import DuplicateKeyError
from bricklane_local.workspace.paths import normal

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.identity.principals import Principal

CREATED_BY, FOLDER = "_creator", "_folder"
PAGE_TOKEN = "p"  # noqa: S105 (begins the tokens of pages)
# How many documents are read at once, at least and at most, while a page is put together.
SMALLEST_CHUNK, CHUNK = 50, 500
WORDS = {
    ADMINISTRATOR: "workspace administrators",
    CREATOR: "who made it",
    MAKER: "who made it and workspace administrators",
}


class Records:
    """Makes, finds, changes and deletes resources, and refuses who may not.

    Args:
        workspace: whose resources.
        kind: their row.
    """

    def __init__(self, workspace: Workspace, kind: Kind) -> None:
        self._workspace = workspace
        self._space = workspace.space
        self.kind = kind
        self._unique = UniqueValues(self._space, kind)

    def act(self, caller: Principal) -> Act:
        """Return the act of somebody now."""
        return Act(self._workspace, caller, self._workspace.cloud.clock.now())

    def create(self, sent: Body, caller: Principal) -> Body:
        """Make a resource and its access control list.

        Args:
            sent: what the client wants.
            caller: becomes its owner, or manages it.

        Raises:
            ApiError: when the caller may not, a required field is missing, the kind's check
                refuses, or a value that must be unique is taken.
        """
        self._require_creation(caller)
        with self._space.database.transaction():
            return self._create(sent, self.act(caller))

    def _create(self, sent: Body, act: Act) -> Body:
        kind = self.kind
        body = {**kind.defaults, **self.taken_over(sent), CREATED_BY: act.caller.user_name}
        self._require_fields(body)
        self._put_in_folder(act, body)
        number = self._number()
        body[kind.key] = kind.new_key(act, body, number)
        body |= kind.made(act, body)
        body |= kind.changed(act, body)
        kind.check(act, body, None)
        self._insert(body, number)
        if kind.guard.acl and kind.own_list:
            permissions = self._workspace.permissions
            permissions.grant_at_creation(kind.guard.acl, self._acl_id(body), act.caller, [])
        return body

    def _acl_id(self, body: Body) -> str:
        return str(body[self.kind.key]) if self.kind.acl_id is None else self.kind.acl_id(body)

    def found(self, body: Body, entries: list[dict[str, str]]) -> None:
        """Store a resource that a new workspace has.

        Args:
            body: as it is stored.
            entries: of its access control list.
        """
        self._insert(body, self._number())
        if self.kind.guard.acl and self.kind.own_list:
            acl_id = self._acl_id(body)
            self._workspace.permissions.replace(self.kind.guard.acl, acl_id, entries)

    def _number(self) -> int:
        return self._space.database.next_number(f"{self._space.name}/{self.kind.document}")

    def _require_fields(self, body: Body) -> None:
        for name in self.kind.required:
            if body.get(name) in (None, ""):
                raise missing(name)

    def _require_creation(self, caller: Principal) -> None:
        needed, access = self.kind.guard.create, self._workspace.access
        if needed == ADMINISTRATOR:
            access.require_administrator(caller, f"create {with_article(self.kind.name)}")
        elif needed != EVERYBODY and not access.entitled(caller, needed):
            raise ApiError(
                "PERMISSION_DENIED",
                f"{caller.user_name} cannot create {with_article(self.kind.name)}: that takes the "
                f"entitlement {needed}",
            )

    def _put_in_folder(self, act: Act, body: Body) -> None:
        folder = self.kind.folder(act, body)
        if folder:
            folder = normal(folder)
            self._workspace.access.require_path(act.caller, folder, MANAGE)
            body[FOLDER] = folder

    def taken_over(self, sent: Body) -> Body:
        """Return what a client may set of what it sent."""
        unwanted = {*self.kind.outputs, *self.kind.controls, self.kind.key} - {
            *self.kind.required,
            *self.kind.unique,
        }
        return {
            name: value
            for name, value in sent.items()
            if value is not None and name not in unwanted and not name.startswith("_")
        }

    def _insert(self, body: Body, number: int) -> None:
        kind, key = self.kind, str(body[self.kind.key])
        try:
            self._space.insert(kind.document, key, body, position=number)
        except DuplicateKeyError:
            raise self._unique.taken(kind.key, key) from None
        self._unique.claim(body)

    def find(self, value: str, by: str = "") -> Body | None:
        """Return the resource with a key, or with another unique value, or None.

        Args:
            value: of the field.
            by: one of the kind's unique fields; "" for its key.
        """
        if by and by != self.kind.key:
            key = self._unique.key_of(by, value)
            return None if key is None else self._space.get(self.kind.document, key)
        return self._space.get(self.kind.document, value)

    def get(self, value: str, by: str = "") -> Body:
        """Return the resource with a key, or with another unique value.

        Raises:
            ApiError: the kind's ``missing`` when there is none.
        """
        found = self.find(value, by)
        if found is None:
            text = self.kind.missing_text
            message = text.format(name=self.kind.name, field=by or self.kind.key, value=value)
            raise ApiError(self.kind.missing, message)
        return found

    def wanted(self, value: str, caller: Principal, level: str, by: str = "") -> Body:
        """Return a resource if the caller holds ``level`` on it.

        Raises:
            ApiError: the kind's ``missing``, or PERMISSION_DENIED.
        """
        found = self.get(value, by)
        if not self.allows(found, caller, level):
            what = f"{self.kind.name} {found[self.kind.key]}"
            if level in WORDS:
                raise ApiError(
                    "PERMISSION_DENIED",
                    f"{caller.user_name} cannot do this with {what}: only {WORDS[level]} can.",
                )
            raise denied(caller, level, what)
        return found

    def allows(self, body: Body, caller: Principal, level: str) -> bool:
        """Say whether the caller holds a level, or is who a word in its place means."""
        if level == EVERYBODY:
            return True
        if level == ADMINISTRATOR:
            return caller.is_admin
        if level in (CREATOR, MAKER):
            own = body[CREATED_BY] == caller.user_name
            return bool(own or (level == MAKER and caller.is_admin))
        row = KINDS[self.kind.guard.acl]
        return self._workspace.access.allows(caller, row, self._acl_id(body), level)

    def change(self, old: Body, sent: Body, caller: Principal, removed: Iterable[str] = ()) -> Body:
        """Set fields of a resource; those that are not sent stay.

        Args:
            old: as it is stored.
            sent: what the client wants.
            caller: who changes it.
            removed: fields that it shall not have any more.

        Raises:
            ApiError: as :meth:`create` does.
        """
        gone = {*removed} - {*self.kind.required, *self.kind.outputs, self.kind.key}
        kept = {name: value for name, value in old.items() if name not in gone}
        return self.save(old, {**kept, **self.taken_over(sent)}, caller)

    def replace(self, old: Body, sent: Body, caller: Principal) -> Body:
        """Set all fields of a resource; those that are not sent get their defaults.

        Raises:
            ApiError: as :meth:`create` does.
        """
        own = {*self.kind.outputs, self.kind.key}
        kept = {name: old[name] for name in old if name in own or name.startswith("_")}
        body = {**self.kind.defaults, **kept, **self.taken_over(sent)}
        self._require_fields(body)
        return self.save(old, body, caller)

    def save(self, old: Body, body: Body, caller: Principal) -> Body:
        """Store a changed resource, after the kind's check, and return it.

        Raises:
            ApiError: when the check refuses, or a value that must be unique is taken.
        """
        act, kind, key = self.act(caller), self.kind, str(old[self.kind.key])
        self._require_kept(old)
        with self._space.database.transaction():
            body[kind.key] = old[kind.key]
            body |= kind.changed(act, body)
            kind.check(act, body, old)
            self._unique.claim(body, old)
            self._space.update(kind.document, key, body)
        return body

    def put(self, body: Body) -> None:
        """Store what the server itself changed of a resource, such as its state."""
        self._space.update(self.kind.document, str(body[self.kind.key]), body)

    def is_trashed(self, body: Body) -> bool:
        """Say whether a resource is in the trash, which it is by the fields of its kind's."""
        trash = self.kind.trash
        return trash is not None and all(body.get(name) == trash[name] for name in trash)

    def _require_kept(self, body: Body) -> None:
        if self.is_trashed(body):
            raise ApiError(
                "PERMISSION_DENIED",
                f"The {self.kind.name} {body[self.kind.key]} is in the trash",
            )

    def delete(self, body: Body, caller: Principal) -> None:
        """Delete a resource and its access control list, or move it to the trash.

        Raises:
            ApiError: PERMISSION_DENIED for one that is in the trash already.
        """
        self._require_kept(body)
        kind = self.kind
        with self._space.database.transaction():
            kind.removed(self.act(caller), body)
            self._unique.release(body)
            if kind.trash is not None:
                self.put({**body, **kind.trash})
                return
            self.forget(body)

    def forget(self, body: Body) -> None:
        """Drop the document and the access control list of a resource."""
        self._space.delete(self.kind.document, str(body[self.kind.key]))
        if self.kind.guard.acl and self.kind.own_list:
            self._workspace.permissions.forget(self.kind.guard.acl, self._acl_id(body))

    def restore(self, body: Body, fields: Body, caller: Principal) -> None:
        """Take a resource out of the trash.

        Args:
            body: as it is stored.
            fields: that it has when it is not in the trash.
            caller: who restores it.

        Raises:
            ApiError: when it is not in the trash, or its place has been taken.
        """
        key = str(body[self.kind.key])
        if not self.is_trashed(body):
            raise invalid(f"The {self.kind.name} {key} is not in the trash")
        with self._space.database.transaction():
            self._unique.claim(body)
            restored = {**body, **fields}
            self.save(restored, dict(restored), caller)

    def all(self) -> list[Body]:
        """Return all resources of the kind, whoever sees them."""
        return [document.body for document in self._space.select(self.kind.document)]

    def show(self, body: Body) -> Body:
        """Return a resource as the API shows it."""
        shown = self.kind.shown(self._workspace, body)
        return {name: value for name, value in shown.items() if not name.startswith("_")}

    def page(
        self,
        caller: Principal,
        *,
        limit: int | None = None,
        token: str = "",
        descending: bool = False,
        trashed: bool = False,
        where: Callable[[Body], bool] | None = None,
    ) -> tuple[list[Body], str]:
        """Return what the caller sees, and the token of the next page or "".

        Args:
            caller: sees what its level allows.
            limit: how many at most; None for all.
            token: of the page, as the page before gave it; "" for the first.
            descending: newest first.
            trashed: with what is in the trash.
            where: shows only what it is true for.
        """
        found: list[Body] = []
        sees = self._sight(caller)
        after = _position(token) if token else None
        chunk = CHUNK if limit is None else min(CHUNK, max(SMALLEST_CHUNK, limit + 1))
        while True:
            documents = self._space.select(
                self.kind.document, descending=descending, limit=chunk, after=after
            )
            for document in documents:
                body = document.body
                wanted = (trashed or not self.is_trashed(body)) and (where is None or where(body))
                if wanted and sees(body):
                    if len(found) == limit:
                        return found, f"{PAGE_TOKEN}{after}"
                    found.append(body)
                after = document.position
            if len(documents) < chunk:
                return found, ""

    def _sight(self, caller: Principal) -> Callable[[Body], bool]:
        """Return what says whether the caller sees a resource, for one list of many."""
        level, access = self.kind.guard.see, self._workspace.access
        kind = KINDS.get(self.kind.guard.acl)
        if caller.is_admin or level == EVERYBODY or kind is None:
            return lambda body: self.allows(body, caller, level)
        folders: dict[str, bool] = {}

        def sees(body: Body) -> bool:
            acl_id = self._acl_id(body)
            if access.listed(caller, kind, acl_id, level):
                return True
            # A folder holds many resources: what it lets the caller see is looked up once.
            path = kind.path(self._workspace, acl_id) or str(body.get(FOLDER) or "")
            if path not in folders:
                folders[path] = bool(path) and access.allows_path(caller, path, level)
            return folders[path]

        return sees


def _position(token: Any) -> int:
    text = str(token)
    if not text.startswith(PAGE_TOKEN) or not text[1:].isdigit():
        raise invalid(f"page_token {token!r} was not given by this server")
    return int(text[1:])
