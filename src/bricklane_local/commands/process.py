"""The process of an execution context."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.compute.classic import Classic, classic_of, classic_part
from bricklane_local.compute.driver_logs import deliver, delivers
from bricklane_local.compute.jars import jars_for
from bricklane_local.compute.libraries import of_java
from bricklane_local.compute.specification import TOKEN_SETTING, common, workspace_settings

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.environments import Overlay
    from bricklane_local.compute.pool import ComputePool
    from bricklane_local.compute.spark.endpoint import SparkEndpoint
    from bricklane_local.compute.workers.callbacks import Callbacks, Connection
    from bricklane_local.identity.principals import Principal
    from bricklane_local.resources.kind import Body

GRACE_SECONDS = 2.0


async def _prepared(
    workspace: Workspace, pool: ComputePool, cluster: Body, caller: Principal
) -> tuple[list[Overlay], list[Path], SparkEndpoint]:
    """Return the packages and jars of a cluster's libraries, and where Spark is."""
    libraries = await workspace.libraries.installed(cluster)
    overlays, jars, spark, _ = await asyncio.gather(
        workspace.libraries.overlays(cluster, pool, libraries, alone=False),
        jars_for(workspace, pool, [item for item in libraries if of_java(item)], caller),
        pool.spark(),
        workspace.cloud.samples.ready(),
    )
    return overlays, jars, spark


async def _own_part(
    workspace: Workspace,
    pool: ComputePool,
    folder: Path,
    cluster: Body,
    classic: Classic,
    token: str,
    jars: list[Path],
) -> dict[str, Any]:
    """Return what the process is told beyond what every task is, of the cluster above all."""
    session = workspace_settings(workspace) | {TOKEN_SETTING: token}
    return {
        "kind": "execution_context",
        "classic": await classic_part(classic, cluster, pool, folder, session, jars),
        "compute": {"existing_cluster_id": cluster["cluster_id"]},
        "working_directory": str(folder),
        "streams_apart": delivers(cluster),
        "environment": dict(cluster.get("spark_env_vars") or {}),
        "context": {"cluster_id": cluster["cluster_id"]},
    }


@contextlib.asynccontextmanager
async def running(
    workspace: Workspace,
    pool: ComputePool,
    callbacks: Callbacks,
    folder: Path,
    cluster: Body,
    caller: Principal,
) -> AsyncIterator[Connection]:
    """Run a process for commands, with the libraries and variables of a cluster.

    Args:
        workspace: that it works for.
        pool: Spark, processes and environments.
        callbacks: where it connects to.
        folder: for its files; removed at the end.
        cluster: whose libraries and variables it has.
        caller: as whom it acts.

    Raises:
        LocalError: when Spark or the process cannot be started.
        EnvironmentFailure: when a library cannot be installed.
        SourceError: when a library is of a kind that cannot be installed, or its settings ask for
            what its access mode does not have.
    """
    classic = classic_of(cluster, pool.remote.name if pool.remote else "")
    overlays, jars, spark = await _prepared(workspace, pool, cluster, caller)
    told = await callbacks.expect()
    tokens = workspace.cloud.tokens
    token = tokens.issue_run(workspace.name, caller, 0)
    folder.mkdir(parents=True)
    specification = common(workspace, folder, token, caller.user_name, spark)
    specification |= await _own_part(workspace, pool, folder, cluster, classic, token, jars)
    specification["execution_context"] = told
    specification["sys_path"] = [str(overlay.path) for overlay in overlays if overlay.path]
    specification["spark"]["jars"] = [str(jar) for jar in jars]

    async def run() -> None:
        cold = any(overlay.cold for overlay in overlays)
        try:
            await pool.run(specification, cold=cold, grace=GRACE_SECONDS)
        finally:
            tokens.revoke_run(token)
            deliver(workspace, caller, cluster, cluster["cluster_id"], folder)
            shutil.rmtree(folder, ignore_errors=True)

    process, connection = await callbacks.connected(told, run(), "commands")
    try:
        yield connection
    finally:
        process.cancel()
        await asyncio.gather(process, return_exceptions=True)
