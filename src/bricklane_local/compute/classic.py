"""Whether a Python task may run on classic Spark, which the access mode of its compute decides.

Source: https://docs.databricks.com/en/compute/access-mode-limitations.html,
https://docs.databricks.com/api/workspace/clusters/create (``data_security_mode``) and
https://docs.databricks.com/en/compute/serverless/limitations.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bricklane_local.compute.sources import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from bricklane_local.compute.pool import ComputePool

Body = dict[str, Any]
# Ours; Databricks takes any setting, and does nothing by this one.
SETTING = "spark.bricklane.classic"
MODE = "data_security_mode"
ALWAYS, NEEDED, NEVER = "always", "needed", "never"
AUTOMATIC = "DATA_SECURITY_MODE_AUTO"
# What is in the name of the runtimes for which Databricks then chooses dedicated access.
DEDICATED_RUNTIMES = ("-ml-", "-gpu-")
# Modes in which processes of several users are kept apart, with what Databricks calls them.
ISOLATED: Mapping[str, str] = {
    "USER_ISOLATION": "standard access mode",
    "DATA_SECURITY_MODE_STANDARD": "standard access mode",
    AUTOMATIC: "standard access mode, which Databricks chooses for it",
    "LEGACY_TABLE_ACL": "table access control",
}
WITHOUT = "has Spark Connect without SparkContext and RDDs. Use `spark` and DataFrames, or run "
DEDICATED = f'on a cluster with {MODE} "SINGLE_USER"'
REMOTE = (
    "this cloud uses the Spark at {}, and has no classic Spark beside it. Use `spark` and "
    "DataFrames, or a cloud with a Spark of its own (`bricklane local up --spark-remote none`)"
)
SWITCH = f'"{SETTING}" to "true" in the spark_conf of its cluster'


# Heap of one task's virtual machine, of which there may be as many as there are running tasks.
HEAP_MEGABYTES = 1024


@dataclass(frozen=True, slots=True)
class Classic:
    """What a task is told of classic Spark.

    Args:
        when: it runs on it: ``always``, ``never``, or when its code needs it (``needed``).
        advice: for code that asks for it in vain.
    """

    when: str
    advice: str


def classic_of(cluster: Body, remote: str = "") -> Classic:
    """Return what a task is told whose compute is a cluster, or serverless.

    Args:
        cluster: its definition; empty for serverless compute.
        remote: the Spark of somebody else that the cloud uses; "" for its own.

    Raises:
        SourceError: its settings ask for what its access mode does not have, or are no answer.
    """
    wanted = (cluster.get("spark_conf") or {}).get(SETTING)
    if wanted is not None and str(wanted) not in ("true", "false"):
        raise SourceError(f'{SETTING} is "{wanted}" in spark_conf: it takes "true" or "false"')
    apart = _isolation(cluster)
    if remote and not apart:
        if str(wanted) == "true":
            raise SourceError(f'{SETTING} is "true" in spark_conf, but {REMOTE.format(remote)}')
        return Classic(NEVER, REMOTE.format(remote))
    if apart and str(wanted) == "true":
        raise SourceError(
            f'{SETTING} is "true" in spark_conf, but {apart} {WITHOUT}the task {DEDICATED}'
        )
    if apart:
        return Classic(NEVER, f"{apart} {WITHOUT}this {DEDICATED}")
    if wanted is None:
        return Classic(
            NEEDED,
            "this runs on Spark Connect, because nothing that was read of its code before it began "
            f"needs classic Spark. Set {SWITCH}",
        )
    refused = f'this runs on Spark Connect, because "{SETTING}" is "false". Set {SWITCH}'
    return Classic(ALWAYS if str(wanted) == "true" else NEVER, refused)


def _isolation(cluster: Body) -> str:
    """Return the words for compute that keeps users apart, "" for any other."""
    if not cluster:
        return "serverless compute"
    mode = str(cluster.get(MODE) or (AUTOMATIC if cluster.get("kind") else "NONE"))
    runtime = str(cluster.get("spark_version") or "")
    if mode == AUTOMATIC and any(part in runtime for part in DEDICATED_RUNTIMES):
        return ""
    return f"a cluster with {MODE} {mode} ({ISOLATED[mode]})" if mode in ISOLATED else ""


async def classic_part(
    classic: Classic,
    cluster: Body,
    pool: ComputePool,
    folder: Path,
    session: Mapping[str, str],
    jars: Sequence[Path],
) -> Body:
    """Return what a worker is told of classic Spark, and write what that takes into its folder.

    Args:
        classic: whether there is any.
        cluster: whose settings it has.
        pool: of the cloud.
        folder: of the run.
        session: settings that say for whom it acts.
        jars: of the task's libraries.
    """
    told: Body = {"when": classic.when, "advice": classic.advice}
    if classic.when == NEVER:
        return told
    chosen = cluster.get("spark_conf") or {}
    command = await pool.program(folder, session, chosen, most_megabytes=HEAP_MEGABYTES, jars=jars)
    return {**told, "command": command}
