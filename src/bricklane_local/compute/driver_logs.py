"""Logs of drivers where clusters are told to deliver them (``cluster_log_conf``).

Source: https://docs.databricks.com/en/compute/configure.html (log delivery): below the destination,
``CLUSTER_ID/driver/``, in ``stdout`` and ``stderr``. Delivered when a program on the cluster has
ended. ``log4j-active.log`` is of programs with a Spark of their own.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.kinds import VOLUME
from bricklane_local.catalog.privileges import WRITE_VOLUME
from bricklane_local.compute.spark.programs import LOG
from bricklane_local.files_api.tree import names_of, within
from bricklane_local.resources.clusters.clusters import CLUSTER
from bricklane_local.resources.kind import Body
from bricklane_local.resources.records import Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.identity.principals import Principal

# File of a run folder → its name where it is delivered.
DELIVERED = {"driver.stdout": "stdout", "driver.stderr": "stderr", LOG: LOG}
STATUS = "cluster_log_status"
_ROOT, _DEPTH = "Volumes", 4


def delivers(cluster: Body) -> bool:
    """Say whether a cluster has a place for its logs."""
    return any((cluster.get("cluster_log_conf") or {}).values())


def deliver(
    workspace: Workspace, principal: Principal, cluster: Body, cluster_id: str, folder: Path
) -> str:
    """Add the logs of a program that has ended to those of its cluster.

    Args:
        workspace: of the cluster.
        principal: as whom the program acted, who must be able to write there.
        cluster: its definition.
        cluster_id: its id.
        folder: that has the logs.

    Returns:
        Why they could not be delivered, or "".
    """
    conf = cluster.get("cluster_log_conf") or {}
    stores = [name for name, place in conf.items() if place]
    if not stores:
        return ""
    destination = str(conf[stores[0]].get("destination") or "")
    try:
        _add(folder, _place(workspace, principal, stores[0], destination) / cluster_id / "driver")
        problem = ""
    except ApiError as error:
        problem = error.message
    except OSError as error:
        problem = error.strerror or str(error)
    _note(workspace, cluster_id, problem)
    return problem and (
        f"The logs of cluster {cluster_id} could not be delivered to {destination}: {problem}"
    )


def _place(workspace: Workspace, principal: Principal, store: str, destination: str) -> Path:
    if store not in ("dbfs", "volumes"):
        raise ApiError(
            "INVALID_PARAMETER_VALUE",
            f"the local workspace delivers to dbfs and volumes, not {store}",
        )
    names = names_of(destination.removeprefix("dbfs:"))
    if names[:1] != [_ROOT]:
        return within(workspace.cloud.paths.dbfs(workspace.name), names, destination)
    metastore, full_name = workspace.cloud.metastore, ".".join(names[1:_DEPTH]).lower()
    caller = metastore.principals.caller(principal, workspace.id)
    metastore.standing(caller, VOLUME, full_name).require(WRITE_VOLUME)
    root = metastore.locations.volume_folder(full_name)
    return within(root, names[_DEPTH:], destination)


def _add(folder: Path, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, shown in DELIVERED.items():
        if (folder / name).exists():
            with (folder / name).open("rb") as source, (place / shown).open("ab") as target:
                shutil.copyfileobj(source, target)


def _note(workspace: Workspace, cluster_id: str, problem: str) -> None:
    """Let a cluster that is there show how its delivery went."""
    records = Records(workspace, CLUSTER)
    body = records.find(cluster_id)
    if body is not None:
        status = {"last_attempted": workspace.cloud.clock.now()}
        records.put({**body, STATUS: status | ({"last_exception": problem} if problem else {})})
