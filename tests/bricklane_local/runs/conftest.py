"""Runs on real Spark: a cloud, and short ways to run a notebook or a job on it."""

from __future__ import annotations

import base64
import subprocess
import textwrap
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.sql import StatementState
from databricks.sdk.service.workspace import ImportFormat, Language

if TYPE_CHECKING:
    from conftest import Server

WAIT_SECONDS = 180
PIPELINES = "/api/2.0/pipelines"
PENDING, RUNNING = StatementState.PENDING, StatementState.RUNNING
SUCCEEDED = StatementState.SUCCEEDED


class Workbench:
    """Runs jobs on one cloud.

    Args:
        server: the cloud, which has Spark.
        compute: the options it was started with.
    """

    def __init__(self, server: Server, compute: list[str]) -> None:
        self.server = server
        self.compute = compute
        self.client = server.client()
        self._count = 0

    def notebook(self, *cells: str, path: str = "", language: Language = Language.PYTHON) -> str:
        """Store a notebook of ``cells`` and return its path."""
        self._count += 1
        path = path or f"/Shared/notebook {self._count}"
        mark = "--" if language is Language.SQL else "#"
        parted = f"\n\n{mark} COMMAND ----------\n\n".join(cells)
        source = f"{mark} Databricks notebook source\n{parted}\n"
        self.client.workspace.import_(
            path,
            content=base64.b64encode(source.encode()).decode(),
            format=ImportFormat.SOURCE,
            language=language,
            overwrite=True,
        )
        return path

    def task(self, *cells: str, key: str = "main", **more: Any) -> dict[str, Any]:
        """Return a task that runs a notebook of ``cells``."""
        parameters = more.pop("parameters", {})
        body = {"notebook_path": self.notebook(*cells), "base_parameters": parameters}
        return {"task_key": key, "notebook_task": body, **more}

    def create(self, *tasks: dict[str, Any], **settings: Any) -> int:
        """Create a job and return its id."""
        return int(
            self._post("create", {"name": "job", "tasks": list(tasks), **settings})["job_id"]
        )

    def start(self, job_id: int, **body: Any) -> int:
        """Start a run of a job and return its id."""
        return int(self._post("run-now", {"job_id": job_id, **body})["run_id"])

    def cancel(self, run_id: int) -> None:
        """Ask a run to end."""
        self._post("runs/cancel", {"run_id": run_id})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: Any = self.client.api_client.do("POST", f"/api/2.2/jobs/{path}", body=body)
        return dict(answer)

    def get(self, run_id: int) -> dict[str, Any]:
        """Return a run as it is now, with all attempts."""
        query = {"run_id": run_id, "include_history": "true"}
        answer: Any = self.client.api_client.do("GET", "/api/2.2/jobs/runs/get", query=query)
        return dict(answer)

    def until(
        self, run_id: int, wanted: Callable[[dict[str, Any]], bool], seconds: float = WAIT_SECONDS
    ) -> dict[str, Any]:
        """Return a run as soon as it is as wanted; fail when that takes too long."""
        deadline = time.monotonic() + seconds
        while not wanted(run := self.get(run_id)):
            assert time.monotonic() < deadline, run
            time.sleep(0.05)
        return run

    def wait(self, wanted: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        """Wait for a condition; fail when that takes too long."""
        deadline = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def finish(self, run_id: int) -> dict[str, Any]:
        """Return a run when it has ended."""
        return self.until(run_id, lambda run: run["status"]["state"] == "TERMINATED")

    def run(self, *tasks: dict[str, Any], **settings: Any) -> dict[str, Any]:
        """Create a job, run it and return the ended run."""
        return self.finish(self.start(self.create(*tasks, **settings)))

    def output(self, run: dict[str, Any], key: str = "main") -> dict[str, Any]:
        """Return the output of the latest attempt at a task."""
        task = [item for item in run["tasks"] if item["task_key"] == key][-1]
        query = {"run_id": task["run_id"]}
        path = "/api/2.2/jobs/runs/get-output"
        answer: Any = self.client.api_client.do("GET", path, query=query)
        return dict(answer)

    def result(self, *cells: str, **more: Any) -> str:
        """Run a notebook of ``cells`` and return what it exits with."""
        run = self.run(self.task(*cells, **more))
        output = self.output(run)
        assert run["state"]["result_state"] == "SUCCESS", output
        return str(output["notebook_output"].get("result"))


class Desk:
    """Makes and updates pipelines of one cloud.

    Args:
        bench: with the cloud.
    """

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.client = bench.client
        (warehouse,) = self.client.warehouses.list()
        self._warehouse = str(warehouse.id)

    def sql(self, *statements: str) -> list[list[Any]]:
        """Run statements; return the rows of the last."""
        rows: list[list[Any]] = []
        for statement in statements:
            done = self.client.statement_execution.execute_statement(statement, self._warehouse)
            while done.status and done.status.state in (PENDING, RUNNING):
                done = self.client.statement_execution.get_statement(str(done.statement_id))
            assert done.status is not None
            assert done.status.state is SUCCEEDED, done.status.error
            rows = list((done.result and done.result.data_array) or [])
        return rows

    def problem(self, statement: str) -> str:
        """Run a statement that fails; return its message."""
        done = self.client.statement_execution.execute_statement(statement, self._warehouse)
        while done.status and done.status.state in (PENDING, RUNNING):
            done = self.client.statement_execution.get_statement(str(done.statement_id))
        assert done.status is not None
        assert done.status.error is not None, statement
        return str(done.status.error.message)

    def file(self, path: str, text: str) -> str:
        """Store a file or notebook and return its path."""
        folder = path.rpartition("/")[0]
        self.client.workspace.mkdirs(folder)
        content: Any = textwrap.dedent(text).strip().encode()
        self.client.workspace.upload(path, content, format=ImportFormat.AUTO, overwrite=True)
        return path

    def create(self, name: str, *files: str, **fields: Any) -> str:
        """Make a pipeline of files."""
        libraries = [{"file": {"path": path}} for path in files]
        body = {"name": name, "catalog": "dev", "schema": "shop", "libraries": libraries, **fields}
        answer: Any = self.client.api_client.do("POST", PIPELINES, body=body)
        return str(answer["pipeline_id"])

    def update(self, pipeline_id: str, **fields: Any) -> dict[str, Any]:
        """Update a pipeline; return the update once it has ended."""
        path = f"{PIPELINES}/{pipeline_id}/updates"
        started: Any = self.client.api_client.do("POST", path, body=fields)
        return self.until(pipeline_id, started["update_id"], "COMPLETED", "FAILED", "CANCELED")

    def until(self, pipeline_id: str, update_id: str, *states: str) -> dict[str, Any]:
        """Return an update as soon as it is in one of some states."""
        path = f"{PIPELINES}/{pipeline_id}/updates/{update_id}"
        while True:
            answer: Any = self.client.api_client.do("GET", path)
            if answer["update"]["state"] in states:
                return dict(answer["update"])
            time.sleep(0.1)

    def events(self, update: dict[str, Any], kind: str) -> list[dict[str, Any]]:
        """Return the events of a kind of an update, oldest first."""
        query = {
            "max_results": "250",
            "order_by": "timestamp asc",
            "filter": f"update_id='{update['update_id']}' AND event_type='{kind}'",
        }
        path = f"{PIPELINES}/{update['pipeline_id']}/events"
        answer: Any = self.client.api_client.do("GET", path, query=query)
        return list(answer.get("events") or [])

    def quality(self, update: dict[str, Any]) -> dict[str, Any]:
        """Return rows, dropped rows and failures by expectation of each flow that completed."""
        found = {}
        for event in self.events(update, "flow_progress"):
            progress = event["details"]["flow_progress"]
            if progress["status"] != "COMPLETED":
                continue
            quality = progress.get("data_quality") or {}
            failed = {e["name"]: e["failed_records"] for e in quality.get("expectations", [])}
            counts = (progress["metrics"]["num_output_rows"], quality.get("dropped_records"))
            found[event["origin"]["flow_name"].removeprefix("dev.shop.")] = (*counts, failed)
        return found

    def published(self, pipeline_id: str, table: str) -> None:
        """Wait until a table has all events of a pipeline."""
        ends = [
            self.sql(f"SELECT max(sequence.control_plane_seq_no) FROM {source}")  # noqa: S608
            for source in (f"event_log('{pipeline_id}')", table)
        ]
        if ends[0] != ends[1]:
            time.sleep(0.1)
            self.published(pipeline_id, table)

    def errors(self, update: dict[str, Any]) -> str:
        """Return what an update that failed says of its failure, to the end of the test."""
        assert update["state"] == "FAILED", update
        return "\n".join(event["message"] for event in self.events(update, "update_progress"))


@pytest.fixture(scope="session")
def build_jar(compute: list[str]) -> Callable[[str, Path], Path]:
    """Compile a Scala source with the compiler among Spark's jars, and pack its classes."""
    folders = dict(zip(compute[::2], compute[1::2], strict=True))
    java = Path(folders["--java"]) / "bin" / "java"
    (jars,) = Path(folders["--spark"]).glob("venv/lib/python*/site-packages/pyspark/jars")

    def build(source: str, jar: Path) -> Path:
        text, classes = jar.with_suffix(".scala"), jar.with_suffix("")
        text.write_text(source, encoding="utf-8")
        classes.mkdir()
        words = ["-Xss8m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", "scala.tools.nsc.Main"]
        command = [java, *words, "-usejavacp", "-d", classes, text]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        with zipfile.ZipFile(jar, "w") as archive:
            for file in sorted(classes.rglob("*.class")):
                archive.write(file, file.relative_to(classes))
        return jar

    return build


@pytest.fixture(scope="session")
def bench(
    tmp_path_factory: pytest.TempPathFactory,
    compute: list[str],
    start: Callable[..., Server],
) -> Iterator[Workbench]:
    """A workbench on a running cloud with Spark, which takes seconds to start: one for all."""
    server = start(tmp_path_factory.mktemp("cloud") / "state", *compute)
    yield Workbench(server, compute)
    server.local("down")


@pytest.fixture(scope="session")
def bench_of() -> Callable[[Server, list[str]], Workbench]:
    """Make a workbench on another cloud that runs."""
    return Workbench


@pytest.fixture(scope="session")
def desk_of() -> Callable[[Workbench], Desk]:
    """Make a desk for pipelines on another cloud that runs."""
    return Desk


@pytest.fixture(scope="session")
def pipelines(bench: Workbench) -> Desk:
    """A desk for pipelines on the running cloud."""
    return Desk(bench)
