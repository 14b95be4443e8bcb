"""The tree of workspace objects and what may be done with it.

Source: https://docs.databricks.com/api/workspace/workspace; where the CLI relies on a behaviour
that the reference does not state, the comment says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.identity.principals import Principal
from bricklane_local.store.blobs import Blobs
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Document, Space
from bricklane_local.workspace.paths import normal, parent_of

KIND = "object"
# Made with the workspace and never deleted.
ROOTS = ("/", "/Users", "/Shared", "/Repos")


class ObjectType(StrEnum):
    """Kinds of workspace objects."""

    DIRECTORY = "DIRECTORY"
    NOTEBOOK = "NOTEBOOK"
    FILE = "FILE"
    DASHBOARD = "DASHBOARD"
    REPO = "REPO"


# Kinds that hold other objects.
FOLDERS = (ObjectType.DIRECTORY, ObjectType.REPO)


@dataclass(frozen=True, slots=True)
class WorkspaceObject:
    """One object of the tree.

    Args:
        path: absolute, without ``/Workspace``.
        object_id: numeric id, kept when the content is overwritten.
        object_type: which kind.
        language: of a notebook, else None.
        format: how a notebook's content is stored, ``SOURCE`` or ``JUPYTER``, else None.
        created_at: milliseconds since the epoch.
        modified_at: milliseconds since the epoch.
        created_by: user name of whoever made it.
        size: bytes of content.
        blob: digest of the content, None for directories.
        resource_id: by which an API of its own knows it, "" for the object id.
    """

    path: str
    object_id: int
    object_type: ObjectType
    created_at: int
    modified_at: int
    created_by: str
    language: str | None = None
    format: str | None = None
    size: int = 0
    blob: str | None = None
    resource_id: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether it holds other objects."""
        return self.object_type in FOLDERS

    @property
    def acl_id(self) -> str:
        """Its id in the permissions API."""
        return self.resource_id or str(self.object_id)

    def info(self) -> dict[str, Any]:
        """Return the ``ObjectInfo`` of the API."""
        body: dict[str, Any] = {
            "path": self.path,
            "object_type": self.object_type,
            "object_id": self.object_id,
            "resource_id": self.acl_id,
        }
        if self.language:
            body["language"] = self.language
        if not self.is_folder:
            body |= {"created_at": self.created_at, "modified_at": self.modified_at}
        if self.object_type is ObjectType.FILE:
            body["size"] = self.size
        return body


class WorkspaceObjects:
    """The tree of one workspace.

    Args:
        space: where its documents are.
        blobs: where its contents are.
        clock: for times of creation and change.
    """

    def __init__(self, space: Space, blobs: Blobs, clock: Clock) -> None:
        self._space = space
        self._blobs = blobs
        self._clock = clock
        # Raised by every change, so that views of the tree know when they are out of date.
        self.generation = 0
        # Told of each object that is deleted, by whoever has an API of its own for some.
        self.on_deletion: list[Callable[[WorkspaceObject], None]] = []

    def ensure_home(self, principal: Principal) -> None:
        """Make the root folders and the home of ``principal`` where they are missing."""
        with self._space.database.transaction():
            for path in (*ROOTS, principal.home):
                if self.find(path) is None:
                    self._add_directory(path, principal)

    def find(self, path: str) -> WorkspaceObject | None:
        """Return the object at the normal path ``path``, or None."""
        document = self._space.find(KIND, path)
        return None if document is None else _object(document)

    def get(self, path: str) -> WorkspaceObject:
        """Return the object at ``path``.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST when there is none.
        """
        path = normal(path)
        found = self.find(path)
        if found is None:
            raise ApiError("RESOURCE_DOES_NOT_EXIST", f"Path ({path}) doesn't exist.")
        return found

    def by_id(self, object_id: str) -> WorkspaceObject | None:
        """Return the object with the id ``object_id``, or None."""
        if not object_id.isdigit():
            return None
        document = self._space.at_position(KIND, int(object_id))
        return None if document is None else _object(document)

    def children(self, path: str) -> list[WorkspaceObject]:
        """Return what a directory holds, or the object itself when it is none."""
        found = self.get(path)
        if not found.is_folder:
            return [found]
        children = [_object(d) for d in self._space.select(KIND, parent=found.path)]
        return sorted(children, key=lambda child: child.path)

    def under(self, path: str) -> list[WorkspaceObject]:
        """Return every object below the directory ``path``, parents before children."""
        prefix = "/" if path == "/" else f"{path}/"
        found = (self.find(key) for key in self._space.keys_under(KIND, prefix))
        return [item for item in found if item is not None and item.path != "/"]

    def content(self, found: WorkspaceObject) -> bytes:
        """Return the content of a notebook or file."""
        return b"" if found.blob is None else self._blobs.get(found.blob)

    def make_directories(self, path: str, principal: Principal) -> None:
        """Make the directory ``path`` and all that are missing above it.

        Raises:
            ApiError: RESOURCE_ALREADY_EXISTS when a file or notebook is in the way.
        """
        missing: list[str] = []
        current = normal(path)
        while True:
            found = self.find(current)
            if found is None:
                missing.append(current)
                current = parent_of(current)
                continue
            if not found.is_folder:
                raise ApiError(
                    "RESOURCE_ALREADY_EXISTS",
                    f"Cannot create directory {normal(path)}: {found.path} is a "
                    f"{found.object_type.lower()}.",
                )
            break
        with self._space.database.transaction():
            for directory in reversed(missing):
                self._add_directory(directory, principal)

    def make_repo(self, path: str, principal: Principal) -> WorkspaceObject:
        """Make an empty git folder in an existing directory.

        Raises:
            ApiError: RESOURCE_ALREADY_EXISTS when something has the path;
                RESOURCE_DOES_NOT_EXIST when the parent directory is missing.
        """
        path = normal(path)
        if self.find(path) is not None:
            raise ApiError("RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
        self._require_directory(parent_of(path))
        return self._add_directory(path, principal, ObjectType.REPO)

    def _add_directory(
        self, path: str, principal: Principal, kind: ObjectType = ObjectType.DIRECTORY
    ) -> WorkspaceObject:
        now = self._clock.now()
        made = WorkspaceObject(path, self._next_id(), kind, now, now, principal.user_name)
        self._write(made)
        return made

    def write(
        self,
        path: str,
        blob: str,
        principal: Principal,
        *,
        object_type: ObjectType,
        language: str | None = None,
        source_format: str | None = None,
        resource_id: str = "",
        overwrite: bool,
    ) -> WorkspaceObject:
        """Put content that is already a blob at ``path``, in an existing directory.

        Raises:
            ApiError: RESOURCE_ALREADY_EXISTS when the path is taken and ``overwrite`` is not
                set, or when an object of another kind has it; RESOURCE_DOES_NOT_EXIST when the
                parent directory is missing.
        """
        path = normal(path)
        existing = self.find(path)
        if existing is not None and not overwrite:
            raise ApiError("RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
        if existing is not None and existing.object_type is not object_type:
            raise ApiError(
                "RESOURCE_ALREADY_EXISTS",
                f"Cannot overwrite the {existing.object_type.lower()} {path} with a "
                f"{object_type.lower()}: delete it first.",
            )
        self._require_directory(parent_of(path))
        now = self._clock.now()
        written = WorkspaceObject(
            path=path,
            object_id=existing.object_id if existing else self._next_id(),
            object_type=object_type,
            created_at=existing.created_at if existing else now,
            modified_at=now,
            created_by=existing.created_by if existing else principal.user_name,
            language=language,
            format=source_format,
            size=self._blobs.size(blob),
            blob=blob,
            resource_id=resource_id or (existing.resource_id if existing else ""),
        )
        self._write(written)
        return written

    def _require_directory(self, path: str) -> None:
        parent = self.find(path)
        if parent is None:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"The parent folder ({path}) does not exist.", status=404
            )
        if not parent.is_folder:
            raise invalid(f"The parent ({path}) is a {parent.object_type.lower()}, not a folder")

    def delete(self, path: str, *, recursive: bool) -> None:
        """Delete an object, and all below it when ``recursive``.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, DIRECTORY_NOT_EMPTY or DIRECTORY_PROTECTED.
        """
        found = self.get(path)
        if found.path in ROOTS:
            raise ApiError("DIRECTORY_PROTECTED", f"Folder ({found.path}) is protected.")
        below = self.under(found.path) if found.is_folder else []
        if below and not recursive:
            raise ApiError("DIRECTORY_NOT_EMPTY", f"Folder ({found.path}) is not empty")
        with self._space.database.transaction():
            for item in (found, *below):
                self._space.delete(KIND, item.path)
                for told in self.on_deletion:
                    told(item)
        self.generation += 1

    def forget(self, path: str) -> None:
        """Remove one object without telling anybody, for who has an API of its own for it."""
        if self._space.delete(KIND, normal(path)):
            self.generation += 1

    def _write(self, written: WorkspaceObject) -> None:
        body = asdict(written)
        del body["path"], body["blob"]
        self._space.put(
            KIND,
            written.path,
            body,
            parent=parent_of(written.path),
            position=written.object_id,
            blob=written.blob,
        )
        self.generation += 1

    def _next_id(self) -> int:
        return self._space.database.next_number("object", first=2_400_000_000_000_001)


def _object(document: Document) -> WorkspaceObject:
    body = document.body
    body["object_type"] = ObjectType(body["object_type"])
    return WorkspaceObject(path=document.key, blob=document.blob, **body)
