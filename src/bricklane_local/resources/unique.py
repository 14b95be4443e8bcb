"""Values that no two resources of a kind share, such as names, as an index by which to find one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.store.database import DuplicateKeyError

if TYPE_CHECKING:
    from bricklane_local.resources.kind import Body, Kind
    from bricklane_local.store.database import Space


class UniqueValues:
    """The unique values of the resources of one kind in one workspace.

    Args:
        space: of the workspace.
        kind: says which fields have them.
    """

    def __init__(self, space: Space, kind: Kind) -> None:
        self._space = space
        self._kind = kind

    def _index(self, name: str) -> str:
        return f"{self._kind.document}.{name}"

    def taken(self, name: str, value: Any) -> ApiError:
        """Return the error for a value that another resource has."""
        one = with_article(self._kind.name)
        text = f"{one[0].upper()}{one[1:]} with the {name} {value} already exists"
        return ApiError(self._kind.taken, text)

    def claim(self, body: Body, old: Body | None = None) -> None:
        """Take the values of a resource, and leave those that it had before.

        Raises:
            ApiError: the kind's ``taken`` when another resource has one.
        """
        key = str(body[self._kind.key])
        for name in self._kind.unique:
            value, before = body.get(name), None if old is None else old.get(name)
            if value == before:
                continue
            if value is not None:
                try:
                    self._space.insert(self._index(name), str(value), {"key": key})
                except DuplicateKeyError:
                    raise self.taken(name, value) from None
            self._space.delete(self._index(name), str(before))

    def release(self, body: Body) -> None:
        """Leave the values of a resource to others."""
        for name in self._kind.unique:
            self._space.delete(self._index(name), str(body.get(name)))

    def key_of(self, name: str, value: str) -> str | None:
        """Return the key of the resource that has a value, or None."""
        found = self._space.get(self._index(name), value)
        return None if found is None else str(found["key"])


def with_article(name: str) -> str:
    """Return "an app", "a cluster"."""
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
