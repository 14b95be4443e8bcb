"""Libraries of clusters: which are wanted where, and what became of them.

Source: https://docs.databricks.com/api/workspace/libraries.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import missing
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.permissions.levels import ATTACH, MANAGE
from bricklane_local.resources.clusters.clusters import CLUSTER
from bricklane_local.resources.clusters.lifecycle import CLUSTERS, RUNNING
from bricklane_local.resources.kind import Body
from bricklane_local.resources.records import Records

FIELD = "_libraries"
INSTALLED, INSTALLING, PENDING = "INSTALLED", "INSTALLING", "PENDING"
LEAVING = "UNINSTALL_ON_RESTART"


def _cluster(call: Call, level: str) -> tuple[Records, Body]:
    records = Records(call.workspace, CLUSTER)
    return records, records.wanted(call.text("cluster_id"), call.caller, level)


def _wanted(call: Call) -> list[Body]:
    libraries = call.body.get("libraries")
    if not libraries:
        raise missing("libraries")
    return list(libraries)


def _status(call: Call, cluster: Body) -> Body:
    running = CLUSTERS.now(cluster, call.cloud.clock.now())[0] == RUNNING
    libraries = call.workspace.libraries
    # What a server that was killed has left is taken up when somebody asks.
    libraries.begin(cluster["cluster_id"])
    ready = {"status": INSTALLING if libraries.real else INSTALLED}

    def status(item: Body) -> Body:
        if item["leaving"]:
            return {"status": LEAVING}
        return item.get("result", ready) if running else {"status": PENDING}

    statuses = [
        {"library": item["library"], "is_library_for_all_clusters": False, **status(item)}
        for item in cluster[FIELD]
    ]
    answer: Body = {"cluster_id": cluster["cluster_id"]}
    return answer | {"library_statuses": statuses} if statuses else answer


def install(call: Call) -> None:
    """Install libraries on a cluster: now when it is active, and whenever it starts."""
    records, cluster = _cluster(call, MANAGE)
    wanted = _wanted(call)
    kept = [item for item in cluster[FIELD] if item["library"] not in wanted]
    added = [{"library": library, "leaving": False} for library in wanted]
    records.put({**cluster, FIELD: [*kept, *added]})
    call.workspace.libraries.begin(cluster["cluster_id"])


def uninstall(call: Call) -> None:
    """Note that libraries leave a cluster when it restarts; from one that does not run, at once."""
    records, cluster = _cluster(call, MANAGE)
    wanted = _wanted(call)
    running = CLUSTERS.now(cluster, call.cloud.clock.now())[0] == RUNNING
    left = [
        {**item, "leaving": True} if item["library"] in wanted else item for item in cluster[FIELD]
    ]
    records.put({**cluster, FIELD: left if running else [x for x in left if not x["leaving"]]})


def cluster_status(call: Call) -> Body:
    """Return the libraries of a cluster."""
    return _status(call, _cluster(call, ATTACH)[1])


def all_statuses(call: Call) -> dict[str, Any]:
    """Return the libraries of every cluster that the caller sees."""
    found, _token = Records(call.workspace, CLUSTER).page(call.caller)
    return {"statuses": [_status(call, cluster) for cluster in found]}


SDK = "compute.LibrariesAPI"
NOTE = (
    "`whl`, `pypi` and `requirements` for Python tasks and commands, `jar` and `maven` for these "
    "and JAR tasks; other kinds end as FAILED by name; noted only by a cloud without Spark"
)
ROUTES = [
    Route(
        method,
        f"/api/2.0/libraries/{name}",
        handler,
        sdk=sdk and f"{SDK}.{sdk}",
        fidelity=Fidelity.REAL,
        proved_by="databricks-sdk",
        note=NOTE,
    )
    for method, name, handler, sdk in (
        ("POST", "install", install, "install"),
        ("POST", "uninstall", uninstall, "uninstall"),
        ("GET", "cluster-status", cluster_status, None),
        ("GET", "all-cluster-statuses", all_statuses, None),
    )
]
