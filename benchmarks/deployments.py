"""Row 1: a bundle deployed, deployed again and destroyed, by the same CLI with both servers."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import fakeworkspace
from benchmarks.localcloud import PROFILE, local_cloud
from benchmarks.measurement import Comparison, Samples, Settings, stopwatch, turns
from benchmarks.programs import client_environment, run, tool

STEPS = (
    ("deploy", ("bundle", "deploy")),
    ("deploy again, nothing changed", ("bundle", "deploy")),
    ("destroy", ("bundle", "destroy", "--auto-approve")),
)
# Beside the seconds of each step, because other work on the machine hardly changes it.
PROCESSOR = "all three, processor time of CLI and server"


@dataclass(frozen=True, slots=True)
class Size:
    """How bundles from a size on are measured.

    Args:
        jobs: the least number of jobs.
        ratio_limit: to reach; with many jobs the CLI's own work outweighs what a server can add.
        samples_a_round: more of those that are short, because other work disturbs them more.
    """

    jobs: int
    ratio_limit: float
    samples_a_round: int


SIZES = (Size(1, 1.4, 4), Size(100, 1.05, 2), Size(500, 1.05, 1))

HEAD = """\
bundle:
  name: benchmark
targets:
  dev:
    mode: development
    default: true
resources:
  jobs:
"""
JOB = """\
    job_{number:04}:
      name: job {number}
      description: One of {count} generated jobs
      parameters:
        - name: day
          default: "2013-01-01"
      tasks:
        - task_key: first
          notebook_task:
            notebook_path: src/task.py
        - task_key: second
          depends_on:
            - task_key: first
          notebook_task:
            notebook_path: src/task.py
"""
NOTEBOOK = "# Databricks notebook source\nspark.range(1).count()\n"


@dataclass(frozen=True, slots=True)
class Server:
    """One of the two servers.

    Args:
        pid: its process.
        environment: what the CLI sees when it is to use this server.
    """

    pid: int
    environment: Mapping[str, str]

    def processor_seconds(self) -> float:
        """Return what the server, and all programs that ended, have used of the processors."""
        own, ended = (
            psutil.Process(self.pid).cpu_times(),
            resource.getrusage(resource.RUSAGE_CHILDREN),
        )
        return float(own.user + own.system + ended.ru_utime + ended.ru_stime)


def write_bundle(folder: Path, jobs: int) -> None:
    """Write a bundle of so many jobs of two notebook tasks each."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "task.py").write_text(NOTEBOOK, "utf-8")
    text = HEAD + "".join(JOB.format(number=number, count=jobs) for number in range(jobs))
    (folder / "databricks.yml").write_text(text, "utf-8")


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure each step at each size.

    Raises:
        UnavailableError: when the CLI, or Go, is not installed.
        ProgramError: when a deployment fails.
    """
    cli = tool("databricks")
    settings.say("building the CLI's fake server")
    program = fakeworkspace.build(settings.folder / "fake-build")
    with (
        local_cloud(settings.folder / "cloud") as cloud,
        fakeworkspace.fake_workspace(program, settings.folder / "fake") as fake,
    ):
        cache = settings.folder / "client-cache"
        ours = client_environment(cloud.config, PROFILE, cache)
        peer = client_environment(fake.config, fakeworkspace.PROFILE, cache)
        servers = {"ours": Server(cloud.pid, ours), "peer": Server(fake.pid, peer)}
        for side, server in servers.items():  # Fills the CLI's caches.
            _play(cli, server, settings.folder / f"warm-{side}", 1)
        for jobs in settings.jobs:
            yield from _measure_size(settings, cli, servers, jobs)


def _measure_size(
    settings: Settings, cli: Path, servers: Mapping[str, Server], jobs: int
) -> Iterator[Comparison]:
    samples = {step: Samples() for step in (*(step for step, _ in STEPS), PROCESSOR)}
    size = next(size for size in reversed(SIZES) if jobs >= size.jobs)
    for number, side in enumerate(turns(settings.rounds * size.samples_a_round)):
        times = _play(cli, servers[side], settings.folder / f"bundle-{jobs}-{number}", jobs)
        shown = ", ".join(f"{seconds:.2f}" for seconds in times.values())
        settings.say(f"{jobs} jobs, {side}: {shown} s")
        for step, seconds in times.items():
            samples[step].of(side).append(seconds)
    noun = "1 job" if jobs == 1 else f"{jobs} jobs"
    for step, pair in samples.items():
        yield Comparison(f"{noun}: {step}", "s", pair.ours, pair.peer, size.ratio_limit)


def _play(cli: Path, server: Server, folder: Path, jobs: int) -> dict[str, float]:
    write_bundle(folder, jobs)
    times: dict[str, float] = {}
    used = server.processor_seconds()
    for step, arguments in STEPS:
        seconds: list[float] = []
        with stopwatch(seconds):
            run(cli, *arguments, folder=folder, environment=server.environment)
        times[step] = seconds[0]
    times[PROCESSOR] = round(server.processor_seconds() - used, 2)
    return times
