"""Typed documents: dataclasses kept in the store, by key and parent."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from bricklane_local.forge.errors import not_found

if TYPE_CHECKING:
    from dataclasses import Field

    from bricklane_local.store.database import Document, Space


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


R = TypeVar("R", bound=_Dataclass)


class Records(Generic[R]):
    """The documents of one kind, as instances of one dataclass.

    Keys begin with the repository's id and a slash, so that all that belongs to a repository can be
    found. A field that a stored document lacks takes the dataclass's default.

    Args:
        space: where they are stored.
        kind: their kind.
        model: the dataclass; its fields hold JSON values only.
    """

    def __init__(self, space: Space, kind: str, model: type[R]) -> None:
        self._space = space
        self._kind = kind
        self._model = model
        self._names = frozenset(field.name for field in fields(model))

    def _load(self, body: dict[str, Any]) -> R:
        return self._model(**{name: body[name] for name in self._names & body.keys()})

    def put(
        self, key: str, record: R, *, parent: str, position: int = 0, blob: str | None = None
    ) -> R:
        """Store ``record``, replacing the one with the same key, and return it."""
        self._space.put(
            self._kind, key, asdict(record), parent=parent, position=position, blob=blob
        )
        return record

    def update(self, key: str, record: R) -> R:
        """Store new values of a record that keeps its parent and position, and return it."""
        self._space.update(self._kind, key, asdict(record))
        return record

    def find(self, key: str) -> R | None:
        """Return the record ``key``, or None."""
        body = self._space.get(self._kind, key)
        return None if body is None else self._load(body)

    def get(self, key: str) -> R:
        """Return the record ``key``.

        Raises:
            ForgeApiError: 404.
        """
        record = self.find(key)
        if record is None:
            raise not_found()
        return record

    def document(self, key: str) -> Document | None:
        """Return the whole document ``key``, for its blob and parent."""
        return self._space.find(self._kind, key)

    def under(self, parent: str, *, descending: bool = False) -> list[R]:
        """Return the records under ``parent``, by position."""
        found = self._space.select(self._kind, parent=parent, descending=descending)
        return [self._load(document.body) for document in found]

    def all(self) -> list[R]:
        """Return the records of every repository, by position."""
        return [self._load(document.body) for document in self._space.select(self._kind)]

    def count(self, parent: str) -> int:
        """Return how many records are under ``parent``."""
        return self._space.count(self._kind, parent=parent)

    def remove(self, key: str) -> bool:
        """Remove the record ``key``; say whether there was one."""
        return self._space.delete(self._kind, key)

    def remove_under(self, parent: str) -> None:
        """Remove all records under ``parent``."""
        self._space.delete_children(self._kind, parent)
