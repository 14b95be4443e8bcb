"""The look at a remote Spark before it is used: is it one that can serve this cloud?"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.compute.choices import CHECK_SECONDS
from bricklane_local.compute.spark.errors import SparkError
from bricklane_local.compute.spark.plugin_jar import sources_digest
from bricklane_local.compute.workers.modules import runtime_copy
from bricklane_local.compute.workers.zygote import inherited

if TYPE_CHECKING:
    from bricklane_local.compute.spark.endpoint import SparkEndpoint
    from bricklane_local.paths import StatePaths

LOGGER = logging.getLogger(__name__)
# Versions of Spark that the plugin fits.
SPARK_LINE = "4.1."
PLUGIN, RECORD = "spark.bricklane.plugin", "spark.bricklane.record"
_PREPARE = "prepare it anew with `bricklane local spark-plugin` and start it with what that writes"
# What the program finds → what is said of the remote, and what to do.
_PROBLEMS = {
    "connect": ("does not answer as Spark Connect does: {detail}", "is it the right port?"),
    "refused": ("refuses the token of this cloud: {detail}", "it is in the file {token}"),
    "version": (
        "is Spark {detail}, and the plugin of this cloud fits Spark {line}x",
        "start a Spark {line}x there",
    ),
    "delta": ("has no Delta Lake", _PREPARE),
    PLUGIN: (
        "does not have the plugin of this cloud in this version of bricklane (found: {detail})",
        _PREPARE,
    ),
    RECORD: (
        "serves another cloud: its setting spark.bricklane.record is {detail}, not {record}",
        _PREPARE,
    ),
    "open": ("lets in anybody, so the plugin of this cloud is not at work in it", _PREPARE),
    "callback": (
        "cannot use the catalogs of this cloud: {detail}",
        "--spark-callback-host is by which it reaches this machine",
    ),
    "storage": (
        "does not see the files of this cloud in {storage}: {detail}",
        "--storage-root must be a folder that it has at the same path, and may write to",
    ),
}


class RemoteCheck:
    """Looks whether a remote Spark can serve a cloud, by a program that uses it as runs do.

    Args:
        paths: of the cloud.
        python: interpreter of the runtime's environment, which has pyspark.
        identity: gives the settings of a session of the administrator for as long as it is open;
            none when the cloud has no workspace.
    """

    def __init__(
        self,
        paths: StatePaths,
        python: Path,
        identity: Callable[[], AbstractContextManager[dict[str, str]]],
    ) -> None:
        self._paths = paths
        self._python = python
        self._identity = identity

    async def __call__(self, endpoint: SparkEndpoint) -> None:
        """Look at it.

        Raises:
            SparkError: naming the remote and everything that is wrong with it.
        """
        name = f"sc://{endpoint.host}:{endpoint.port}"
        folder = self._paths.spark_remote / f"check-{secrets.token_hex(8)}"
        folder.mkdir(parents=True, mode=0o700)
        try:
            (folder / "asked").write_text(folder.name, encoding="utf-8")
            with self._identity() as identity:
                found = await self._ask(name, self._question(endpoint, folder, identity))
            problems = list(found["problems"])
            written = [part.read_text("utf-8") for part in (folder / "answer").glob("*.txt")]
            if not problems and "".join(written).strip() != folder.name:
                problems = [{"what": "storage", "detail": "what it wrote is not here"}]
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if problems:
            raise self._error(name, problems)
        LOGGER.info("the remote Spark %s is Spark %s and can be used", name, found["version"])

    def _question(
        self, endpoint: SparkEndpoint, folder: Path, identity: dict[str, str]
    ) -> dict[str, Any]:
        return {
            "remote": endpoint.remote,
            "token": endpoint.token,
            "line": SPARK_LINE,
            "settings": {
                PLUGIN: sources_digest(),
                RECORD: str(self._paths.spark_remote_record),
            },
            "identity": identity,
            "folder": folder.as_uri(),
        }

    async def _ask(self, name: str, question: dict[str, Any]) -> dict[str, Any]:
        modules = runtime_copy(self._paths.spark_remote / "python")
        process = await asyncio.create_subprocess_exec(
            str(self._python),
            "-P",
            "-m",
            "bricklane_runtime.remote_check",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**inherited(), "PYTHONPATH": str(modules)},
        )
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                output, errors = await process.communicate(json.dumps(question).encode())
        except TimeoutError:
            raise SparkError(
                f"The remote Spark {name} did not answer within {CHECK_SECONDS:.0f} s",
                hint="is it a Spark Connect server, and not busy for all of its cores?",
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            last = errors.decode(errors="replace").strip().splitlines()[-1:]
            raise SparkError(f"The remote Spark {name} could not be looked at: {''.join(last)}")
        found: dict[str, Any] = json.loads(output)
        return found

    def _error(self, name: str, problems: list[dict[str, str]]) -> SparkError:
        values = {
            "line": SPARK_LINE,
            "storage": self._paths.storage,
            "record": self._paths.spark_remote_record,
            "token": self._paths.spark_token,
        }
        texts, hints = [], []
        for problem in problems:
            text, hint = _PROBLEMS[problem["what"]]
            detail = problem["detail"] or "none"
            texts.append(text.format(**values, detail=detail))
            hints.append(hint.format(**values))
        joined = ", and ".join(texts)
        return SparkError(f"The remote Spark {name} {joined}", hint="\n".join(dict.fromkeys(hints)))
