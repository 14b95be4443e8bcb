"""Where Spark is, for clients that hold a session of their own, such as tests.

Databricks has no such route: its Spark Connect is at the workspace's own address, behind TLS.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.faults import PREFIX
from bricklane_local.app.routing import Route


async def spark_connect(call: Call) -> dict[str, Any]:
    """Return where Spark Connect listens, and what a session says to be one of this workspace.

    The token opens sessions and stands for nobody: a session acts as the principal whose access
    token its setting ``spark.bricklane.token`` has, and without one it may read nothing.
    """
    from bricklane_local.compute.specification import workspace_settings
    from bricklane_local.compute.tasks import NOT_INSTALLED
    from bricklane_local.errors import LocalError

    if call.cloud.pool is None:
        raise ApiError("TEMPORARILY_UNAVAILABLE", NOT_INSTALLED)
    try:
        endpoint = await call.cloud.pool.spark()
    except LocalError as error:
        raise ApiError("TEMPORARILY_UNAVAILABLE", error.message) from None
    return {
        "remote": endpoint.remote,
        "token": endpoint.token,
        "settings": workspace_settings(call.workspace),
    }


ROUTES = [
    Route(
        "GET",
        f"{PREFIX}/spark",
        spark_connect,
        proved_by="the pytest plugin",
        note="not a route of Databricks: Spark Connect of this cloud, for `spark` of tests",
    )
]
