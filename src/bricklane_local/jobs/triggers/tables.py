"""Table update: a run starts when the data of tables has changed.

Source: https://docs.databricks.com/en/jobs/trigger-table-update.html. What a table's Delta log says
is believed: commits that change no data, such as those of OPTIMIZE, do not count.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.kinds import TABLE
from bricklane_local.catalog.names import full_name_of
from bricklane_local.catalog.privileges import SELECT
from bricklane_local.catalog.tables import DELTA
from bricklane_local.jobs.run_as import named
from bricklane_local.jobs.triggers.changes import check_waits, next_look, waited
from bricklane_local.jobs.triggers.kind import Body, Look, TriggerKind, Verdict

if TYPE_CHECKING:
    from bricklane_local.catalog.callers import Caller
    from bricklane_local.catalog.metastore import Metastore

FIELD = "trigger.table_update"
ANY, ALL = "ANY_UPDATED", "ALL_UPDATED"
CHANGING = ("add", "remove")


def _check(_settings: Body, body: Body) -> None:
    names = body.get("table_names") or []
    if not names:
        raise invalid(f"Missing required field: {FIELD}.table_names")
    for name in names:
        if len(str(name).split(".")) != 3:
            raise invalid(f"{FIELD}.table_names must be CATALOG.SCHEMA.TABLE each, got {name!r}")
    condition = body.get("condition") or ANY
    if condition not in (ANY, ALL):
        raise invalid(f"{FIELD}.condition must be {ANY} or {ALL}, got {condition!r}")
    check_waits(FIELD, body)


def delta_log(metastore: Metastore, caller: Caller, name: str) -> Path:
    """Return the folder of a table's Delta log.

    Raises:
        ApiError: when there is no such table that the job's principal may read and that has one.
    """
    full_name = full_name_of(name, TABLE)
    metastore.standing(caller, TABLE, full_name).require(SELECT)
    body = metastore.body(TABLE, full_name)
    if body.get("data_source_format") != DELTA or not body.get("storage_location"):
        raise invalid(f"{FIELD}: {name} is a {body['table_type']}; only Delta tables are watched")
    return metastore.locations.folder(body["storage_location"]) / "_delta_log"


def _versions(log: Path) -> list[int]:
    try:
        names = [path.name for path in log.iterdir() if path.suffix == ".json"]
    except FileNotFoundError:
        return []
    return sorted(int(name[:20]) for name in names if name[:20].isdigit())


def _changed(file: Path) -> int | None:
    """Return when a commit was made that changed data, in milliseconds; None for another one."""
    actions: list[dict[str, Any]] = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    data = [body for action in actions for name, body in action.items() if name in CHANGING]
    if not any(body.get("dataChange", True) for body in data):
        return None
    made = [action["commitInfo"].get("timestamp") for action in actions if "commitInfo" in action]
    return int(next(filter(None, made), None) or file.stat().st_mtime_ns // 1_000_000)


def _new(log: Path, after: int) -> tuple[int, Body | None]:
    """Return a table's newest version, and its last change of data behind ``after``."""
    versions = _versions(log)
    change = None
    for version in (version for version in versions if version > after):
        timestamp = _changed(log / f"{version:020d}.json")
        if timestamp is not None:
            change = {"version": version, "timestamp": timestamp}
    return max(versions, default=after), change


async def _look(look: Look) -> Verdict:
    workspace = look.workspace
    names = [str(name) for name in look.body["table_names"]]
    memory = look.memory or {}
    seen, pending = dict(memory.get("seen", {})), dict(memory.get("pending", {}))
    begun = time.monotonic()
    try:
        principal = named(workspace, str(look.job["run_as_user_name"]))
        metastore = workspace.cloud.metastore
        caller = metastore.principals.caller(principal, workspace.id)
        logs = {name: delta_log(metastore, caller, name) for name in names}
    except ApiError as error:
        # A table that is made later is new in all that it has.
        seen = {name: seen.get(name, -1) for name in names}
        memory = {"seen": seen, "pending": pending}
        return Verdict(next_look(look, 0), memory=memory, problem=error.message)
    for name, log in logs.items():
        seen[name], change = await asyncio.to_thread(_new, log, seen.get(name, -1))
        if change and look.memory is not None:
            pending[name] = change
    due = next_look(look, time.monotonic() - begun)
    memory = {"seen": seen, "pending": pending}
    wanted = all if look.body.get("condition") == ALL else any
    if not wanted(name in pending for name in names):
        return Verdict(due, memory=memory)
    if not waited(look, max(change["timestamp"] for change in pending.values())):
        return Verdict(due, memory=memory)
    return Verdict(due, fires=True, memory={"seen": seen, "pending": {}}, details=_details(pending))


def _details(pending: dict[str, Body]) -> dict[str, str]:
    details = {"table_update.updated_tables": json.dumps(sorted(pending))}
    for name, change in pending.items():
        details[f"table_update.{name}.version"] = str(change["version"])
        details[f"table_update.{name}.commit_timestamp"] = str(change["timestamp"])
    return details


TABLE_UPDATE = TriggerKind(
    ("trigger", "table_update"), "TABLE", _check, lambda _body, now: now, _look, watches=True
)
