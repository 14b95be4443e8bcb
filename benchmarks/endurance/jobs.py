"""The jobs API of a local cloud, as far as endurance needs it, and the cloud's processes."""

from __future__ import annotations

import configparser
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from benchmarks.endurance.network import Link, links
from benchmarks.localcloud import LOCAL, PROFILE
from benchmarks.programs import run

# What a broken connection is called before an answer has begun, and after.
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
# How often what reads is asked when connections break.
READS = 20
CONDITION = {"op": "EQUAL_TO", "left": "1", "right": "1"}


@dataclass(frozen=True, slots=True)
class Cloud:
    """A local cloud that may be killed and started again.

    Args:
        state: its state folder.
        options: of ``bricklane local up``, such as ``--spark``.
    """

    state: Path
    options: Sequence[str | Path] = ()
    # One connection that stays, as clients have; so there is one that can be cut.
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def up(self) -> None:
        """Start it on a free port."""
        run(*LOCAL, "up", "--state", self.state, "--port", "0", *self.options)

    def down(self) -> None:
        """Stop it."""
        self._session.close()
        run(*LOCAL, "down", "--state", self.state)

    @property
    def process(self) -> psutil.Process:
        """Its server."""
        return psutil.Process(json.loads((self.state / "server.json").read_bytes())["pid"])

    @property
    def links(self) -> dict[str, Link]:
        """What connects this process, as its client, and the processes of the cloud."""
        return links(
            {
                "client": lambda: [psutil.Process()],
                "server": self._servers,
                "Spark": lambda: [found for server in self._servers() for found in spark(server)],
                "worker": lambda: [
                    found for server in self._servers() for found in workers(server)
                ],
            }
        )

    def _servers(self) -> list[psutil.Process]:
        """Return its server, or nothing while it is being started."""
        try:
            return [self.process]
        except (OSError, ValueError, psutil.Error):
            return []

    def ask(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Send a request as the administrator of the first workspace and return the answer.

        What reads is asked again when the connection breaks.

        Raises:
            requests.RequestException: when it cannot be reached or refuses.
        """
        config = configparser.ConfigParser(interpolation=None)
        config.read(self.state / "config", encoding="utf-8")
        profile = config[PROFILE]
        headers = {"Authorization": f"Bearer {profile['token']}"}
        url = f"{profile['host']}{path}"
        answer = None
        for left in reversed(range(READS if method == "GET" else 1)):
            try:
                answer = self._session.request(
                    method, url, headers=headers, timeout=60, **arguments
                )
                break
            except BROKEN:
                if not left:
                    raise
                time.sleep(0.5)
        assert answer is not None
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    def create(self, *tasks: dict[str, Any], **settings: Any) -> int:
        """Create a job and return its id."""
        body = {"name": "endurance", "tasks": list(tasks), **settings}
        return int(self.ask("POST", "/api/2.2/jobs/create", json=body)["job_id"])

    def start(self, job_id: int, **body: Any) -> int:
        """Start a run and return its id."""
        answer = self.ask("POST", "/api/2.2/jobs/run-now", json={"job_id": job_id, **body})
        return int(answer["run_id"])

    def state_of(self, run_id: int) -> str:
        """Return a run's result, "" while it goes on."""
        found = self.ask("GET", "/api/2.2/jobs/runs/get", params={"run_id": run_id})
        return str(found["state"].get("result_state", ""))

    def end_of(self, run_id: int) -> str:
        """Wait for the end of a run and return its result."""
        while not (state := self.state_of(run_id)):
            time.sleep(0.1)
        return state

    def active(self, job_id: int) -> int:
        """Return how many runs of a job are active, as far as one page shows them."""
        params: dict[str, Any] = {"job_id": job_id, "active_only": "true", "limit": 25}
        return len(self.ask("GET", "/api/2.2/jobs/runs/list", params=params).get("runs", []))

    def runs_of(self, job_id: int) -> set[int]:
        """Return the ids of all runs of a job."""
        found: set[int] = set()
        params: dict[str, Any] = {"job_id": job_id, "limit": 25}
        while True:
            page = self.ask("GET", "/api/2.2/jobs/runs/list", params=params)
            found |= {item["run_id"] for item in page.get("runs", [])}
            if "next_page_token" not in page:
                return found
            params["page_token"] = page["next_page_token"]

    def kill_server(self) -> None:
        """Kill the server, wait until all that it had started has ended too, and start it."""
        server = self.process
        children = server.children(recursive=True)
        os.kill(server.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs([server, *children], timeout=60)
        assert not alive, f"left behind: {alive}"
        self.up()

    def kill_spark(self) -> bool:
        """Kill Spark; say whether there was one."""
        return _kill(spark(self.process))

    def kill_worker(self) -> bool:
        """Kill the process of a task; say whether there was one."""
        return _kill(workers(self.process))


def spark(server: psutil.Process) -> list[psutil.Process]:
    """Return the process of Spark, if there is one."""
    return _named("java", _children(server))


def workers(server: psutil.Process) -> list[psutil.Process]:
    """Return the processes of tasks, of which each is watched by one and runs in another."""
    zygotes = _named("python", _children(server))
    watching = [worker for zygote in zygotes for worker in _children(zygote)]
    return [*watching, *(child for worker in watching for child in _children(worker))]


def _named(name: str, processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if name in _name(process)]


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []


def _kill(processes: list[psutil.Process]) -> bool:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue  # it ended by itself meanwhile
        return True
    return False
