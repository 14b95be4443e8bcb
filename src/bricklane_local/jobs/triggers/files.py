"""File arrival: a run starts when a volume or an external location has new files.

Source: https://docs.databricks.com/en/jobs/file-arrival-triggers.html. A file that is written anew
under the same name is none; one that was deleted and comes back is.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.kinds import EXTERNAL_LOCATION, VOLUME
from bricklane_local.catalog.locations import STORES
from bricklane_local.catalog.privileges import READ_VOLUME
from bricklane_local.catalog.securables import described
from bricklane_local.catalog.storage.urls import covers, is_of_store
from bricklane_local.jobs.run_as import named
from bricklane_local.jobs.triggers.changes import check_waits, next_look, waited
from bricklane_local.jobs.triggers.kind import Body, Look, TriggerKind, Verdict

if TYPE_CHECKING:
    from bricklane_local.catalog.callers import Caller
    from bricklane_local.catalog.metastore import Metastore

FIELD = "trigger.file_arrival"
VOLUMES = "/Volumes/"


def _check(_settings: Body, body: Body) -> None:
    url = str(body.get("url") or "")
    if not url:
        raise invalid(f"Missing required field: {FIELD}.url")
    parts = url.strip("/").split("/")
    if not is_of_store(url) and (not url.startswith(VOLUMES) or len(parts) < 4):
        stores = ", ".join(f"{store}://" for store in STORES)
        raise invalid(
            f"{FIELD}.url must be {VOLUMES}CATALOG/SCHEMA/VOLUME, or in an external location "
            f"({stores}), or a folder below one of these; got {url!r}"
        )
    if ".." in parts or any(sign in url for sign in "*?["):
        raise invalid(f"{FIELD}.url cannot contain wildcards or '..', got {url!r}")
    check_waits(FIELD, body)


def _folder(metastore: Metastore, caller: Caller, url: str) -> Path:
    """Return the folder behind a location that the job's principal may read.

    Raises:
        ApiError: when there is none, or PERMISSION_DENIED.
    """
    if url.startswith(VOLUMES):
        names = url.strip("/").split("/")
        full_name = ".".join(names[1:4]).lower()
        metastore.standing(caller, VOLUME, full_name).require(READ_VOLUME)
        return metastore.locations.volume_folder(full_name).joinpath(*names[4:])
    for document in metastore.children(EXTERNAL_LOCATION):
        if covers(document.body["url"], url):
            securable = described(EXTERNAL_LOCATION, document.key, document.body)
            metastore.access.standing(caller, securable).require("READ_FILES")
            return metastore.locations.folder(url)
    raise ApiError(
        "EXTERNAL_LOCATION_DOES_NOT_EXIST",
        f"No parent external location was found for the path '{url}'",
    )


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            else:
                yield entry


def _present(folder: Path) -> dict[str, int]:
    """Return the files below a folder: digest of the path → last change in milliseconds."""
    found = {}
    try:
        for entry in _files(str(folder)):
            digest = blake2b(entry.path.encode(errors="surrogateescape"), digest_size=8)
            changed = entry.stat(follow_symlinks=False).st_ctime_ns // 1_000_000
            found[digest.hexdigest()] = changed
    except FileNotFoundError:
        # The folder is not there yet, or something vanished meanwhile: the next look sees it.
        pass
    return found


async def _look(look: Look) -> Verdict:
    workspace, url = look.workspace, str(look.body["url"])
    begun = time.monotonic()
    try:
        principal = named(workspace, str(look.job["run_as_user_name"]))
        metastore = workspace.cloud.metastore
        caller = metastore.principals.caller(principal, workspace.id)
        folder = _folder(metastore, caller, url)
    except ApiError as error:
        # Files that are there once the location can be read were not seen before it could.
        memory = look.memory or {"seen": []}
        return Verdict(next_look(look, 0), memory=memory, problem=error.message)
    present = await asyncio.to_thread(_present, folder)
    due = next_look(look, time.monotonic() - begun)
    if look.memory is None:
        return Verdict(due, memory={"seen": sorted(present)})
    seen = present.keys() & look.memory["seen"]
    new = present.keys() - seen
    if not new or not waited(look, max(present[name] for name in new)):
        return Verdict(due, memory={"seen": sorted(seen)})
    details = {"file_arrival.location": url}
    return Verdict(due, fires=True, memory={"seen": sorted(present)}, details=details)


FILE_ARRIVAL = TriggerKind(
    ("trigger", "file_arrival"), "FILE_ARRIVAL", _check, lambda _body, now: now, _look, watches=True
)
