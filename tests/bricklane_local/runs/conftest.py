"""Runs on real Spark: a cloud, and short ways to run a notebook or a job on it."""

from __future__ import annotations

import base64
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.workspace import ImportFormat, Language

if TYPE_CHECKING:
    from conftest import Server

WAIT_SECONDS = 180


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
