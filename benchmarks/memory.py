"""Row 6: memory of a local cloud that waits for requests."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil

from benchmarks import minilake
from benchmarks.localcloud import local_cloud
from benchmarks.measurement import Comparison, Samples, Settings, UnavailableError, turns
from benchmarks.programs import ProgramError

IDLE_SECONDS = 3
MEBIBYTE = 1024 * 1024


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure both clouds, each started afresh for each sample and left alone for a while.

    Raises:
        UnavailableError: when minilake cannot be installed.
    """
    try:
        program = minilake.install()
    except ProgramError as error:
        raise UnavailableError(
            f"minilake {minilake.VERSION} cannot be installed: {error}"
        ) from None
    resident, proportional = Samples(), Samples()
    for number, side in enumerate(turns(settings.rounds)):
        folder = settings.folder / f"memory-{number}"
        if side == "ours":
            with local_cloud(folder) as cloud:
                rss, pss = tree_memory(cloud.pid)
        else:
            with minilake.running(program, folder) as pid:
                rss, pss = tree_memory(pid)
        settings.say(f"{side}: {pss:.0f} MiB, {rss:.0f} MiB resident")
        resident.of(side).append(rss)
        proportional.of(side).append(pss)
    yield Comparison("its own memory (PSS)", "MiB", proportional.ours, proportional.peer, 1.2)
    yield Comparison("resident memory (RSS)", "MiB", resident.ours, resident.peer, 1.2)


def tree_memory(pid: int) -> tuple[float, float]:
    """Return the memory of an idle process and its children in MiB: resident, and proportional.

    Where the system does not tell how pages are shared, both are the resident one.
    """
    time.sleep(IDLE_SECONDS)
    root = psutil.Process(pid)
    resident = proportional = 0.0
    for process in (root, *root.children(recursive=True)):
        details = process.memory_full_info()
        resident += details.rss / MEBIBYTE
        proportional += getattr(details, "pss", details.rss) / MEBIBYTE
    return round(resident, 1), round(proportional, 1)
