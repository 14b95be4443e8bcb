"""The benchmarks: one row each. Another one is another row, and its function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks import (
    delivering,
    deployments,
    gitflow,
    idle,
    lasting,
    lists,
    memory,
    notebooks,
    permissions,
    rehearsal,
    startup,
    suites,
)
from benchmarks.measurement import KEPT_ROUNDS, Comparison, Settings
from benchmarks.minilake import VERSION as MINILAKE


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One row.

    Args:
        row: its number, by which ``--rows`` chooses it.
        title: what is measured, as a heading.
        peer: what it is measured beside.
        measure: does it; yields comparisons as they are complete.
        kept_rounds: with fewer, the medians are not kept.
    """

    row: int
    title: str
    peer: str
    measure: Callable[[Settings], Iterator[Comparison]]
    kept_rounds: int = KEPT_ROUNDS


BENCHMARKS = (
    Benchmark(
        1,
        "`databricks bundle deploy`, the same again, and `destroy`",
        "the in-memory fake server that the Databricks CLI is tested with, built from the CLI's "
        "own Go module; the same CLI and the same bundle of jobs with two notebook tasks each. "
        "The local workspace has stored every change on disk before it answers",
        deployments.measure,
    ),
    Benchmark(
        2,
        "A notebook run of `spark.range(1).count()`, and of one that does nothing, `run-now` to "
        "terminated, warm",
        "a PySpark process started to do the same in local mode (to do nothing is to start a "
        "session and to stop it)",
        notebooks.measure,
    ),
    Benchmark(
        3,
        "`bricklane deploy`: build, validate, plan shown, deploy",
        "the bare Databricks CLI doing `bundle validate` and `bundle deploy` of the same bundle of "
        "jobs with two notebook tasks each, to the same local workspace",
        delivering.measure,
    ),
    Benchmark(
        4,
        "`bricklane --help`",
        "`databricks --help`",
        startup.measure,
    ),
    Benchmark(
        5,
        "Next version and plan of a release, with 50,000 commits and 1,000 tags",
        "`git describe` in the same clone. Ours is the engine in a running process with all the "
        "git processes that it starts, the remote in the next folder, its references packed as a "
        "server keeps them, and a forge without pull requests; how long bricklane takes to start "
        "is row 4",
        gitflow.measure,
    ),
    Benchmark(
        6,
        "Memory of an idle local cloud without Spark",
        f"minilake {MINILAKE} from PyPI, without Docker; one workspace each",
        memory.measure,
    ),
    Benchmark(
        7,
        "`bricklane rehearse`: the whole scenario `release`, tools and packages cached",
        "nothing: it has no peer",
        rehearsal.measure,
        kept_rounds=1,  # Each takes minutes.
    ),
    Benchmark(
        8,
        f"A pytest run of {suites.TESTS} small Spark tests in {suites.MODULES} modules",
        "the same tests with a conftest made by hand (`local[*]`, no UI, two shuffle partitions): "
        "one session for the process, or for each module. Cold means that the plugin's Spark is "
        "started by the run, warm that an earlier run has left it",
        suites.measure,
        kept_rounds=1,  # Four suites, of which each takes a minute or more.
    ),
    Benchmark(
        9,
        "Whether a user of 40 nested groups may read a table, in a large account",
        "nothing: it has no peer. The account has 1,000 users, 200 groups in chains of 20, and "
        "5,000 grants. The first two rows are processor time of the server's own check, from the "
        "token to the answer; the last is what a client waits, its own time included",
        permissions.measure,
    ),
    Benchmark(
        10,
        "Share of one core that an idle local cloud takes",
        f"nothing: it has no peer. Each sample is processor time over {idle.SECONDS:g} s",
        idle.measure,
    ),
    Benchmark(
        11,
        f"Lists of runs in a workspace with {lists.RUNS:,} runs that have ended",
        f"nothing: it has no peer. Pages of {lists.PAGE} runs by HTTP, what the client waits; each "
        f"sample is of {lists.REQUESTS} requests",
        lists.measure,
    ),
    Benchmark(
        12,
        f"What {lasting.RUNS:,} runs leave behind, of which each {lasting.REAL_EACH}th is on Spark",
        f"nothing: it has no peer. The first {(lasting.WARM + 1) * lasting.EVERY:,} runs load what "
        "is loaded once; after them, the cache of the growing database may take up to 8 MiB",
        lasting.measure_soak,
        kept_rounds=1,  # Each takes minutes.
    ),
    Benchmark(
        13,
        "Runs while workers, Spark and server are killed at random and the network between them "
        "and their client is cut: whether each is found and ends as it is said to",
        "nothing: it has no peer. A run may fail; one that is said to have succeeded must have "
        "finished, and none may do its work twice. Of the cuts half close connections, and half "
        "make them silent for up to two seconds",
        lasting.measure_kills,
        kept_rounds=1,  # Each takes minutes.
    ),
)
