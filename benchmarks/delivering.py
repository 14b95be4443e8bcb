"""Row 3: a bundle brought to a target by ``bricklane deploy``, and by the bare Databricks CLI."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.deployments import write_bundle
from benchmarks.localcloud import PROFILE, local_cloud
from benchmarks.measurement import (
    Comparison,
    Samples,
    Settings,
    processor_seconds,
    stopwatch,
    turns,
)
from benchmarks.programs import BRICKLANE, client_environment, run, tool
from bricklane.tools.cache import CACHE_VARIABLE, cache_root

JOBS = 100
RATIO_LIMIT = 1.1
SAMPLES_A_ROUND = 2
STEPS = ("first deployment", "the same again")
# Beside the seconds of each step, because other work on the machine hardly changes it.
PROCESSOR = "both, processor time without the server's"
IDENTITY = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com")


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure a first deployment of 100 jobs to a local workspace, and the same again.

    Raises:
        UnavailableError: when the CLI is not installed.
        ProgramError: when a deployment fails.
    """
    cli = tool("databricks")
    with local_cloud(settings.folder / "cloud") as cloud:
        environment = client_environment(cloud.config, PROFILE, settings.folder / "client-cache")
        # Bricklane finds its tools where it always does, wherever the CLI keeps its cache.
        environment[CACHE_VARIABLE] = str(cache_root(os.environ))
        for side in ("ours", "peer"):  # Fills the caches of both.
            _play(side, cli, environment, settings.folder / f"warm-{side}", 1)
        samples = {step: Samples() for step in (*STEPS, PROCESSOR)}
        for number, side in enumerate(turns(settings.rounds * SAMPLES_A_ROUND)):
            folder = settings.folder / f"bundle-{number}"
            times = _play(side, cli, environment, folder, JOBS)
            shown = ", ".join(f"{seconds:.2f}" for seconds in times.values())
            settings.say(f"{JOBS} jobs, {side}: {shown} s")
            for step, seconds in times.items():
                samples[step].of(side).append(seconds)
    for step, pair in samples.items():
        yield Comparison(f"{JOBS} jobs: {step}", "s", pair.ours, pair.peer, RATIO_LIMIT)


def _play(
    side: str, cli: Path, environment: Mapping[str, str], folder: Path, jobs: int
) -> dict[str, float]:
    write_bundle(folder, jobs)
    for words in (("init", "-q", "-b", "develop"), ("add", "."), (*IDENTITY, "commit", "-qm", "x")):
        run("git", *words, folder=folder)
    times: dict[str, float] = {}
    used: list[float] = []
    with stopwatch(used, processor_seconds):
        for step in STEPS:
            seconds: list[float] = []
            with stopwatch(seconds):
                _deploy(side, cli, folder, environment)
            times[step] = seconds[0]
    times[PROCESSOR] = used[0]
    run(cli, "bundle", "destroy", "--auto-approve", folder=folder, environment=environment)
    return times


def _deploy(side: str, cli: Path, folder: Path, environment: Mapping[str, str]) -> None:
    if side == "ours":
        run(BRICKLANE, "deploy", "--target", "dev", folder=folder, environment=environment)
        return
    run(cli, "bundle", "validate", folder=folder, environment=environment)
    run(cli, "bundle", "deploy", folder=folder, environment=environment)
