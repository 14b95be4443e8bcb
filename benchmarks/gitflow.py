"""Row 5: what comes next in a repository with a long history."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks.measurement import (
    Comparison,
    Samples,
    Settings,
    processor_seconds,
    stopwatch,
    turns,
)
from benchmarks.programs import run

COMMITS = 50_000
TAGS = 1_000
# So many follow the last tag.
UNRELEASED = COMMITS // TAGS
FILES = 200
RATIO_LIMIT = 3
# Cheap enough for many samples, short enough to need them.
SAMPLES_A_ROUND = 4
BEGINNING = 1_600_000_000
PERSON = "Benchmark <benchmark@example.com>"
BUNDLE = "bundle:\n  name: benchmark\ntargets:\n  dev:\n    mode: development\n"


class EmptyForge:
    """A forge that has nothing but the repository, and answers at once."""

    def branch(self, name: str) -> None:
        """There is no such branch."""

    def pull_requests(self, **_: object) -> Iterator[object]:
        """There are no pull requests."""
        return iter(())

    def login(self) -> str:
        """Return who asks."""
        return "benchmark"


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure the next version and the plan of a release."""
    settings.say(f"making {COMMITS} commits and {TAGS} tags")
    clone = make_repository(settings.folder)
    works: dict[str, Callable[[], object]] = {
        "next version": lambda: next_version(clone),
        "plan of a release": lambda: plan(clone),
    }
    for what, work in works.items():
        samples, processor = Samples(), Samples()
        sides: dict[str, Callable[[], object]] = {"ours": work, "peer": lambda: describe(clone)}
        for side in sides.values():  # Reads the repository from disk.
            side()
        for side_name in turns(settings.rounds * SAMPLES_A_ROUND):
            with (
                stopwatch(samples.of(side_name)),
                stopwatch(processor.of(side_name), processor_seconds),
            ):
                sides[side_name]()
        yield Comparison(what, "s", samples.ours, samples.peer, RATIO_LIMIT)
        yield Comparison(
            f"{what}, processor time", "s", processor.ours, processor.peer, RATIO_LIMIT
        )


def make_repository(folder: Path) -> Path:
    """Make a remote with a long history, and return the folder of a clone of it."""
    remote, clone = folder / "remote.git", folder / "clone"
    run("git", "init", "--quiet", "--bare", "--initial-branch=develop", remote)
    with subprocess.Popen(
        ["git", "-C", remote, "fast-import", "--quiet"], stdin=subprocess.PIPE
    ) as importing:
        assert importing.stdin is not None
        importing.stdin.writelines(part.encode() for part in history())
    assert importing.returncode == 0
    # As forges keep them, and as a clone does: reading a file for each would be what is measured.
    run("git", "-C", remote, "pack-refs", "--all")
    run("git", "-C", remote, "update-ref", "refs/heads/main", f"1.{TAGS - 1}.0^0")
    run("git", "clone", "--quiet", remote, clone)
    (clone / "databricks.yml").write_text(BUNDLE, "utf-8")
    return clone


def history() -> Iterable[str]:
    """Yield the input of git fast-import."""
    for number in range(1, COMMITS + 1):
        message, text = f"feat: change {number}\n", f"{number}\n"
        when = f"{PERSON} {BEGINNING + 60 * number} +0000"
        yield f"commit refs/heads/develop\nmark :{number}\ncommitter {when}\n"
        yield f"data {len(message)}\n{message}"
        yield f"M 100644 inline file{number % FILES}\ndata {len(text)}\n{text}\n"
        if number % UNRELEASED == 1:
            tag = f"1.{number // UNRELEASED}.0"
            yield f"tag {tag}\nfrom :{number}\ntagger {when}\ndata {len(tag)}\n{tag}\n"


def next_version(clone: Path) -> str:
    """Return the next version, as ``bricklane next-version`` finds it."""
    from bricklane.gitflow.kinds import Bump
    from bricklane.gitflow.next import next_of_clone

    return str(next_of_clone(clone, Bump.MINOR, fetch=False))


def plan(clone: Path) -> list[str]:
    """Return the steps of a release, as ``bricklane release draft --minor --plan`` finds them."""
    from typing import cast

    from bricklane.flow import Outcome, run_flow
    from bricklane.forge.protocol import Forge
    from bricklane.gitflow.flows import drafting
    from bricklane.gitflow.git import Git
    from bricklane.gitflow.kinds import RELEASE, Bump
    from bricklane.gitflow.project import Project
    from bricklane.project.loading import load

    told: list[str] = []

    def report(name: str, detail: str, outcome: Outcome) -> None:
        told.append(f"{name}: {detail} ({outcome.value})")

    forge = cast("Forge", EmptyForge())
    project = Project.of(load(clone), Git.open(clone, "origin"), forge)
    world = drafting.prepare_release(project, project.kinds.named(RELEASE), Bump.MINOR)
    run_flow(drafting.steps_of(world), world, report, plan=True)
    return told


def describe(clone: Path) -> str:
    """Run the peer."""
    return run("git", "describe", folder=clone)
