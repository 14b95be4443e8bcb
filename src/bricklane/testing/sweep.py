"""Finds and removes what tests have left in a workspace, such as after ``kill -9``.

Only what a test has marked is touched, and only when the time in its mark has passed; see
``marks.py``. Each kind of thing is a row that says where its mark stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bricklane.testing.making import FOLDER
from bricklane.testing.marks import TAG, until_in, until_of_name

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

SYSTEM_CATALOGS = frozenset({"system", "samples", "hive_metastore", "__databricks_internal"})
INFORMATION = "information_schema"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that a test has made and not removed.

    Args:
        kind: such as ``schema``.
        name: full name or path.
        until: when its time has passed.
        remove: removes it.
    """

    kind: str
    name: str
    until: datetime
    remove: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look.

    Args:
        client: the workspace.
        catalogs: names of the catalogs to look into.
        say: called with what could not be looked at, and why.
    """

    client: WorkspaceClient
    catalogs: tuple[str, ...]
    say: Callable[[str], None]


def find_leftovers(place: Place, now: datetime | None = None) -> list[Leftover]:
    """Return what tests have left and nobody needs any more, in the order to remove it.

    Args:
        place: where to look.
        now: the time by which theirs has to have passed; the current time by default.
    """
    due = now or datetime.now(UTC)
    found = [left for look in KINDS.values() for left in _looked(place, look)]
    return [left for left in found if left.until <= due]


def _looked(place: Place, look: Callable[[Place], Iterator[Leftover]]) -> Iterator[Leftover]:
    from databricks.sdk.errors import NotFound, PermissionDenied

    try:
        yield from look(place)
    except (NotFound, PermissionDenied) as error:
        place.say(str(error))


def every_catalog(client: WorkspaceClient) -> tuple[str, ...]:
    """Return the names of the catalogs that tests can have made something in."""
    names = (catalog.name or "" for catalog in client.catalogs.list())
    return tuple(name for name in names if name and name not in SYSTEM_CATALOGS)


def _schemas(place: Place) -> Iterator[Leftover]:
    for catalog in place.catalogs:
        for each in place.client.schemas.list(catalog):
            yield from _described(
                "schema",
                str(each.full_name),
                each.comment,
                lambda name: place.client.schemas.delete(name, force=True),
            )


def _in_schemas(place: Place) -> Iterator[tuple[str, str]]:
    for catalog in place.catalogs:
        for each in place.client.schemas.list(catalog):
            marked = until_in(each.comment or "", each.name or "")
            # What is in a schema that a test has made goes with it.
            if each.name != INFORMATION and not marked:
                yield catalog, str(each.name)


def _tables(place: Place) -> Iterator[Leftover]:
    for catalog, schema in _in_schemas(place):
        for each in place.client.tables.list(catalog, schema, omit_columns=True):
            yield from _described(
                "table", str(each.full_name), each.comment, place.client.tables.delete
            )


def _volumes(place: Place) -> Iterator[Leftover]:
    for catalog, schema in _in_schemas(place):
        for each in place.client.volumes.list(catalog, schema):
            yield from _described(
                "volume", str(each.full_name), each.comment, place.client.volumes.delete
            )


def _described(
    kind: str, name: str, comment: str | None, remove: Callable[[str], object]
) -> Iterator[Leftover]:
    until = until_in(comment or "", name.rpartition(".")[2])
    if until:
        yield Leftover(kind, name, until, lambda: remove(name))


def _jobs(place: Place) -> Iterator[Leftover]:
    for each in place.client.jobs.list():
        name = (each.settings.name if each.settings else None) or ""
        tags = (each.settings.tags if each.settings else None) or {}
        until = until_in(tags.get(TAG, ""), name)
        if until:
            yield Leftover("job", name, until, _deleting_job(place.client, each.job_id or 0))


def _deleting_job(client: WorkspaceClient, job_id: int) -> Callable[[], object]:
    return lambda: client.jobs.delete(job_id)


def _folders(place: Place) -> Iterator[Leftover]:
    from databricks.sdk.errors import NotFound, PermissionDenied

    for home in place.client.workspace.list("/Users"):
        try:
            entries = list(place.client.workspace.list(f"{home.path}/{FOLDER}"))
        except (NotFound, PermissionDenied):
            continue  # Nobody's tests have been there, or it is not ours to look at.
        for each in entries:
            path = str(each.path)
            until = until_of_name(path.rpartition("/")[2])
            if until:
                yield Leftover("folder", path, until, _deleting_folder(place.client, path))


def _deleting_folder(client: WorkspaceClient, path: str) -> Callable[[], object]:
    return lambda: client.workspace.delete(path, recursive=True)


def _scopes(place: Place) -> Iterator[Leftover]:
    for each in place.client.secrets.list_scopes():
        name = each.name or ""
        until = until_of_name(name)
        if until:
            yield Leftover("secret scope", name, until, _deleting_scope(place.client, name))


def _deleting_scope(client: WorkspaceClient, name: str) -> Callable[[], object]:
    return lambda: client.secrets.delete_scope(name)


# Kind → what finds leftovers of it. Jobs first, for what runs could make more.
KINDS: Mapping[str, Callable[[Place], Iterator[Leftover]]] = {
    "job": _jobs,
    "table": _tables,
    "volume": _volumes,
    "schema": _schemas,
    "folder": _folders,
    "secret scope": _scopes,
}
