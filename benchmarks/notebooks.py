"""Row 2: jobs with one small notebook, beside a PySpark process started for the same purpose."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from benchmarks.localcloud import LocalCloud, local_cloud
from benchmarks.measurement import Comparison, Samples, Settings, stopwatch, turns
from benchmarks.programs import ProgramError, run, tool

# What is measured → the expression whose value, which is 1, notebook and script give back.
STATEMENTS = {"notebook run": "spark.range(1).count()", "run of a notebook that does nothing": "1"}
RESULT = "1"
NOTEBOOK = "# Databricks notebook source\ndbutils.notebook.exit(str({statement}))\n"
SCRIPT = """\
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[*]").getOrCreate()
print({statement})
spark.stop()
"""
FOLDER = "/Shared/benchmark"
POLL_SECONDS = 0.02
REQUEST_SECONDS = 60


class Api:
    """The workspace's REST API, by one kept connection.

    Args:
        cloud: whose first workspace to call.
    """

    def __init__(self, cloud: LocalCloud) -> None:
        self._host = cloud.host
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {cloud.token}"

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send ``body`` to ``path`` and return the answer."""
        return self._answer(
            self._session.post(self._host + path, json=body, timeout=REQUEST_SECONDS)
        )

    def get(self, path: str, **query: object) -> Any:
        """Return the answer of ``path``."""
        return self._answer(
            self._session.get(
                self._host + path,
                params={name: str(value) for name, value in query.items()},
                timeout=REQUEST_SECONDS,
            )
        )

    def _answer(self, response: requests.Response) -> Any:
        if not response.ok:
            raise ProgramError(
                f"{response.request.method} {response.request.path_url}: {response.text}"
            )
        return response.json()


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure one run after another, from ``run-now`` until ``runs/get`` says it is over.

    Raises:
        UnavailableError: when Spark or Java is not installed.
        ProgramError: when a run fails.
    """
    spark, java = tool("spark"), tool("java")
    options = ("--spark", spark, "--java", java)
    with local_cloud(settings.folder / "spark-cloud", *options) as cloud:
        api = Api(cloud)
        for what, statement in STATEMENTS.items():
            job = _create_job(api, f"{FOLDER}/{what}", NOTEBOOK.format(statement=statement))
            script = settings.folder / "cold.py"
            script.write_text(SCRIPT.format(statement=statement), "utf-8")
            settings.say(f"{what}, for the first time")
            _check(_result(api, _run_job(api, job)))
            samples = Samples()
            for side in turns(settings.rounds):
                if side == "ours":
                    with stopwatch(samples.ours):
                        run_id = _run_job(api, job)
                    _check(_result(api, run_id))
                else:
                    with stopwatch(samples.peer):
                        printed = _run_script(script, spark, java)
                    _check(printed)
                settings.say(f"{side}: {samples.of(side)[-1]:.2f} s")
            yield Comparison(f"{what}, warm", "s", samples.ours, samples.peer, 0.25, 1.5)


def _create_job(api: Api, path: str, source: str) -> int:
    api.post("/api/2.0/workspace/mkdirs", {"path": str(Path(path).parent)})
    content = base64.b64encode(source.encode()).decode()
    notebook = {"path": path, "format": "SOURCE", "language": "PYTHON", "overwrite": True}
    api.post("/api/2.0/workspace/import", notebook | {"content": content})
    task = {"task_key": "main", "notebook_task": {"notebook_path": path}}
    return int(api.post("/api/2.2/jobs/create", {"name": "benchmark", "tasks": [task]})["job_id"])


def _run_job(api: Api, job: int) -> int:
    run_id = int(api.post("/api/2.2/jobs/run-now", {"job_id": job})["run_id"])
    while True:
        state = api.get("/api/2.2/jobs/runs/get", run_id=run_id)["state"]
        if "result_state" in state:
            break
        time.sleep(POLL_SECONDS)
    if state["result_state"] != "SUCCESS":
        raise ProgramError(f"the run of the notebook ended as {state}")
    return run_id


def _result(api: Api, run_id: int) -> str:
    (task,) = api.get("/api/2.2/jobs/runs/get", run_id=run_id)["tasks"]
    output = api.get("/api/2.2/jobs/runs/get-output", run_id=task["run_id"])
    return str(output["notebook_output"]["result"])


def _check(result: str) -> None:
    """Make sure that what was wanted was done."""
    if result.strip() != RESULT:
        raise ProgramError(f"the run gave {result!r}, not {RESULT}")


def _run_script(script: Path, spark: Path, java: Path) -> str:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    return run(
        *(spark / "venv" / "bin" / "python", script),
        folder=script.parent,
        environment=variables | {"JAVA_HOME": str(java)},
    )
