"""Executes tasks that need Python and Spark: one worker process for each attempt."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.compute.checkouts import CheckoutError
from bricklane_local.compute.claims import claim, cluster_made, compute_of
from bricklane_local.compute.classic import ALWAYS, classic_of, classic_part
from bricklane_local.compute.driver_logs import deliver, delivers
from bricklane_local.compute.jars import jars_for
from bricklane_local.compute.libraries import dependencies_of, java_libraries_of
from bricklane_local.compute.sources import SQL_FILE, SourceError, check_source
from bricklane_local.compute.spark.programs import clear_program
from bricklane_local.compute.specification import (
    TOKEN_SETTING,
    common,
    roots,
    workspace_settings,
)
from bricklane_local.jobs.clusters import cluster_id_of
from bricklane_local.jobs.execution import FAILURE_MESSAGE, Attempt, Outcome
from bricklane_local.jobs.run_as import acting
from bricklane_local.jobs.states import State
from bricklane_local.resources.clusters.activity import ClusterEndedError

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.environments import Overlay
    from bricklane_local.compute.pool import ComputePool
    from bricklane_local.compute.spark.endpoint import SparkEndpoint
    from bricklane_local.compute.workers import Exit
    from bricklane_local.identity.principals import Principal
    from bricklane_local.jobs.task_types.worker import Part

# Time between SIGTERM and SIGKILL for a task that is cancelled or timed out.
GRACE_SECONDS = 5.0
RESULT = "result.json"
LOG = "stdout.log"
NOT_INSTALLED = (
    "This cloud was started without Spark, so it cannot run tasks; install it with "
    "`bricklane tools install spark java` and start the cloud again with `bricklane local up`"
)
# A JVM beside the remote would compute here what the user wanted computed there.
_NO_JVM = (
    "The task {key} is a program with a Spark of its own, which would run on this machine and not "
    "on the remote Spark {remote} of this cloud; run it on a cloud with its own Spark "
    "(`bricklane local up --spark-remote none`), or make it a notebook, wheel or Python file"
)


class ComputeExecutor:
    """Runs the tasks of one workspace on the cloud's Spark.

    Args:
        workspace: whose tasks.
        pool: Spark, workers and environments of the cloud; None when it has no Spark.
    """

    def __init__(self, workspace: Workspace, pool: ComputePool | None) -> None:
        self._workspace = workspace
        self._pool = pool

    async def execute(self, attempt: Attempt, part: Part) -> Outcome:
        """Run one attempt in a process of its own.

        Args:
            attempt: the attempt.
            part: makes what of the worker's specification depends on the type of task.
        """
        if self._pool is None:
            return Outcome(State.COMPUTE_FAILED, NOT_INSTALLED, {"error": NOT_INSTALLED})
        # A run that a running task waits for must not wait for that task's place.
        nested = attempt.run.parent_task_run and attempt.run.run_type == "WORKFLOW_RUN"
        async with self._pool.place(nested=bool(nested)):
            return await self._run(attempt, part, self._pool)

    async def _run(self, attempt: Attempt, part: Part, pool: ComputePool) -> Outcome:
        from bricklane_local.compute.environments import EnvironmentFailure
        from bricklane_local.compute.spark.errors import SparkError
        from bricklane_local.compute.workers import WorkerError

        folder = self._workspace.run_folder(attempt.task_run.run_id)
        folder.mkdir(parents=True, exist_ok=True)
        tokens = self._workspace.cloud.tokens
        try:
            principal = acting(self._workspace, attempt.run)
        except ApiError as error:
            return Outcome(State.INVALID, error.message, {"error": error.message})
        token = tokens.issue_run(self._workspace.name, principal, attempt.task_run.run_id)
        try:
            async with self._workspace.checkouts.of(attempt, principal) as placed:
                with self._workspace.view.used_by(principal) as refused:
                    outcome = await self._work(placed, part, pool, folder, token)
        except CheckoutError as error:
            return Outcome(State.CHECKOUT_FAILED, str(error), {"error": str(error)})
        except SourceError as error:
            return Outcome(State.INVALID, str(error), {"error": str(error)})
        except ApiError as error:
            return Outcome(State.INVALID, error.message, {"error": error.message})
        except EnvironmentFailure as error:
            return Outcome(State.LIBRARY_FAILED, str(error), {"error": str(error)})
        except ClusterEndedError as error:
            return Outcome(State.CLUSTER_ENDED, str(error), {"error": str(error)})
        except (SparkError, WorkerError) as error:
            return Outcome(State.COMPUTE_FAILED, str(error), {"error": str(error)})
        else:
            _tell(folder, refused)
            return outcome
        finally:
            tokens.revoke_run(token)

    async def _work(
        self, attempt: Attempt, part: Part, pool: ComputePool, folder: Path, token: str
    ) -> Outcome:
        if attempt.kind.jvm and pool.remote is not None:
            raise SourceError(_NO_JVM.format(key=attempt.task_run.key, remote=pool.remote.name))
        principal = acting(self._workspace, attempt.run)
        check_source(self._workspace, attempt.kind.code(attempt.body), principal)
        claim(attempt, principal)
        existing = str(attempt.task.get("existing_cluster_id") or "")
        cluster = cluster_made(attempt, principal)
        try:
            async with self._workspace.activity.on(existing):
                installed = await self._workspace.libraries.installed(cluster)
                jars = await self._jars(attempt, installed, pool, principal)
                attempt = replace(attempt, jars=jars)
                own = part(attempt, folder)
                overlays, told = await asyncio.gather(
                    self._packages(attempt, cluster, installed, pool),
                    self._specified(attempt, own, cluster, pool, folder, token),
                )
                told["packages" if attempt.kind.alone else "sys_path"] = [
                    str(overlay.path) for overlay in overlays if overlay.path
                ]
                cold = any(overlay.cold for overlay in overlays) and not attempt.kind.alone
                attempt.on_running()
                end = await pool.run(told, cold=cold, grace=GRACE_SECONDS)
        finally:
            if attempt.kind.jvm or attempt.kind.classic:
                clear_program(folder)
            cluster_id = cluster_id_of(attempt.run, attempt.task_run)
            problem = deliver(self._workspace, principal, cluster, cluster_id, folder)
            _tell(folder, [problem] if problem else [])
        return _outcome(folder, end)

    async def _jars(
        self,
        attempt: Attempt,
        installed: list[dict[str, Any]],
        pool: ComputePool,
        principal: Principal,
    ) -> tuple[Path, ...]:
        """Return the jars of a task's libraries; of a task that has no use for them, none."""
        kind = attempt.kind
        if kind.alone and not kind.jvm:
            return ()
        libraries = java_libraries_of(attempt.run.settings, attempt.task, installed)
        libraries += kind.packages(attempt.body)
        return tuple(await jars_for(self._workspace, pool, libraries, principal))

    async def _specified(
        self,
        attempt: Attempt,
        own: dict[str, Any],
        cluster: dict[str, Any],
        pool: ComputePool,
        folder: Path,
        token: str,
    ) -> dict[str, Any]:
        """Return what the worker is told, all but its packages.

        Args:
            attempt: the attempt.
            own: what of it depends on the type of task.
            cluster: the definition of the cluster that the task names.
            pool: Spark and environments.
            folder: of the run.
            token: of the run.
        """
        kind = attempt.kind
        remote = pool.remote.name if pool.remote else ""
        classic = classic_of(cluster, remote) if kind.classic else None
        apart = kind.jvm or (classic and classic.when == ALWAYS)
        spark, _ = await asyncio.gather(
            _no_spark() if apart else pool.spark(),
            self._workspace.cloud.samples.ready(),
        )
        specification = self._common(attempt, folder, token, spark) | own
        specification["environment"] = {
            name: str(value) for name, value in (cluster.get("spark_env_vars") or {}).items()
        }
        specification["streams_apart"] = delivers(cluster)
        session = workspace_settings(self._workspace) | {TOKEN_SETTING: token}
        if kind.jvm:
            given = own["jvm"]
            command = await pool.program(folder, session, given["conf"])
            specification["jvm"] = given | {"command": command}
        else:
            specification["spark"]["jars"] = [str(jar) for jar in attempt.jars]
        if classic is not None:
            specification["classic"] = await classic_part(
                classic, cluster, pool, folder, session, attempt.jars
            )
        return specification

    async def _packages(
        self,
        attempt: Attempt,
        cluster: dict[str, Any],
        installed: list[dict[str, Any]],
        pool: ComputePool,
    ) -> list[Overlay]:
        """Return the packages of a task, and behind them those of the cluster that it names."""
        kind = attempt.kind
        jars = kind.jvm or not kind.alone
        own = dependencies_of(attempt.run.settings, attempt.task, jars=jars)
        overlay = await pool.environment(own, roots(self._workspace), alone=kind.alone)
        if kind.jvm:
            return [overlay]
        libraries = self._workspace.libraries
        return [overlay, *await libraries.overlays(cluster, pool, installed, alone=kind.alone)]

    def _common(
        self, attempt: Attempt, folder: Path, token: str, spark: SparkEndpoint | None
    ) -> dict[str, Any]:
        run, task_run = attempt.run, attempt.task_run
        return common(self._workspace, folder, token, run.acts_as, spark) | {
            "context": {
                "job_id": str(run.job_id),
                "job_name": run.name,
                "job_run_id": str(run.run_id),
                "run_id": str(task_run.run_id),
                "task_key": task_run.key,
                "attempt": task_run.attempt,
            },
            "compute": compute_of(attempt),
        }


async def _no_spark() -> None:
    """Stand where Spark is started for a task that has a Spark of its own."""


def _tell(folder: Path, messages: list[str]) -> None:
    """Add to a run's log what became of its files."""
    if messages:
        with (folder / LOG).open("a", encoding="utf-8") as log:
            log.writelines(f"{message}\n" for message in messages)


def _outcome(folder: Path, end: Exit) -> Outcome:
    """Read what the worker left; a worker that died leaves no result.

    Args:
        folder: the run folder.
        end: how the process ended.
    """
    try:
        result = json.loads((folder / RESULT).read_bytes())
    except FileNotFoundError:
        how = f"exit code {end.exit_code}" if end.signal is None else f"signal {end.signal}"
        message = f"The Python process of the task ended without a result ({how})"
        return Outcome(State.COMPUTE_FAILED, message, {"error": message})
    output: dict[str, Any] = {}
    if result.get("exit_value") is not None:
        output["result"] = result["exit_value"]
    if result["state"] == "SUCCESS":
        return Outcome(State.SUCCESS, output=output)
    error = result.get("error") or {}
    message = str(error.get("message") or "")
    kind = str(error.get("type") or "")
    part = "statement" if (folder / SQL_FILE).exists() else "cell"
    where = "" if error.get("cell_index") is None else f" ({part} {error['cell_index'] + 1})"
    output["error"] = (message if message.startswith(kind) else f"{kind}: {message}") + where
    output["error_trace"] = str(error.get("traceback") or "")
    return Outcome(State.FAILED, FAILURE_MESSAGE, output)
