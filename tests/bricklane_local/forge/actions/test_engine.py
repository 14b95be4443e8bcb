"""What the engine decides, with jobs that end when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bricklane_local.forge.actions.runner.execution import Result
from bricklane_local.forge.actions.runs.attempts import begin_attempt
from bricklane_local.forge.actions.runs.engine import Engine
from bricklane_local.forge.actions.runs.model import JobRun, Run
from bricklane_local.forge.forge import Forge
from bricklane_local.forge.paths import ForgePaths
from bricklane_local.store.blobs import Blobs
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database

SHA = "1" * 40


class Scripted:
    """A job that ends when it is told how."""

    def __init__(self, job: JobRun) -> None:
        self.job = job
        self.end: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    async def run(self) -> Result:
        return await self.end

    def cancel(self) -> None:
        if not self.end.done():
            self.end.set_result(Result("cancelled"))


class Stage:
    """An engine without act, and a repository."""

    def __init__(self, folder: Path, limit: int = 9) -> None:
        database = Database(folder / "db.sqlite")
        blobs = Blobs(database, folder / "blobs")
        paths = ForgePaths(folder / "forge", folder / "forge.json")
        self.clock = Clock()
        self.forge = Forge(database, blobs, self.clock, paths, "http://127.0.0.1:1")
        self.repository = self.forge.repositories.create(self.forge.users.owner, "flights")
        self.store = self.forge.actions.store
        self.running: dict[str, Scripted] = {}
        self.engine = Engine(self.forge, self.store, self._execute, limit)

    def _execute(self, _: Any, job: JobRun, __: Any) -> Any:
        self.running[job.name] = Scripted(job)
        return self.running[job.name]

    def start(self, jobs: str, head: str = "") -> Run:
        """Begin a run of a workflow with these jobs."""
        run = Run(
            self.forge.next_id(),
            self.repository.id,
            *(1, ".github/workflows/x.yml", "X", 1, 1, "push", "title", "refs/heads/main"),
            *(SHA, "main", SHA, self.repository.id, "developer", "developer"),
        )
        text = f"on: push\n{head}\njobs:\n{jobs}"
        self.store.add_run(run, text, {})
        self.engine.add(run)
        self.engine.pump()
        return run

    async def end(self, name: str, conclusion: str = "success", **more: Any) -> None:
        """End a running job."""
        self.running.pop(name).end.set_result(Result(conclusion, **more))
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    def states(self, run: Run) -> dict[str, str]:
        return {job.name: job.conclusion or job.status for job in self.store.jobs(run)}

    def ended(self, run: Run) -> str | None:
        found = self.store.run(run.repository, run.id)
        return found.conclusion if found else None


def played(folder: Path, play: Callable[[Stage], Awaitable[None]], limit: int = 9) -> None:
    async def whole() -> None:
        stage = Stage(folder, limit)
        try:
            await play(stage)
        finally:
            await stage.engine.stop()
            stage.forge.database.close()

    asyncio.run(whole())


def job(settings: str = "") -> str:
    return f"{{runs-on: ubuntu-latest, steps: [{{run: 'true'}}]{settings and ', ' + settings}}}"


def test_outputs_and_results_reach_the_jobs_after(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        run = stage.start(
            f"  a: {job()}\n"
            f"  b: {job('''needs: a, name: 'B ${{ needs.a.outputs.v }}' ''')}\n"
            f"  c: {job('''needs: a, if: needs.a.outputs.v == 2''')}\n"
            f"  d: {job('''needs: [b, c], if: always()''')}\n"
            f"  e: {job('''needs: c''')}\n"
            f"  f: {job('''needs: e, if: failure()''')}\n"
        )
        await stage.settle()
        await stage.end("a", outputs={"v": "1"})
        assert stage.states(run) == {
            "a": "success",
            "B 1": "in_progress",
            "c": "skipped",
            "d": "blocked",
            "e": "skipped",
            "f": "skipped",
        }
        await stage.end("B 1", "failure", message="no")
        await stage.end("d")
        assert stage.ended(run) == "failure"

    played(tmp_path, play)


def test_a_failure_in_a_matrix_cancels_the_rest_unless_told_otherwise(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        matrix = "strategy: {matrix: {n: [1, 2, 3]}, max-parallel: 2}"
        run = stage.start(f"  m: {job(matrix)}")
        await stage.settle()
        assert sorted(stage.running) == ["m (1)", "m (2)"]
        await stage.end("m (1)", "failure")
        await stage.settle()
        assert stage.states(run) == {"m (1)": "failure", "m (2)": "cancelled", "m (3)": "cancelled"}
        assert stage.ended(run) == "failure"
        slow = stage.start(f"  m: {job(matrix.replace('max', 'fail-fast: false, max'))}")
        await stage.settle()
        await stage.end("m (1)", "failure")
        assert sorted(stage.running) == ["m (2)", "m (3)"]
        assert stage.states(slow)["m (2)"] == "in_progress"

    played(tmp_path, play)


def test_jobs_of_different_runs_share_a_group(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        text = f"  deploy: {job('concurrency: {group: Prod}')}"
        first, second, third = (stage.start(text) for _ in range(3))
        await stage.settle()
        assert stage.states(first) == {"deploy": "in_progress"}
        assert stage.states(second) == {"deploy": "cancelled"}
        assert stage.states(third) == {"deploy": "pending"}
        await stage.end("deploy")
        await stage.settle()
        assert stage.states(third) == {"deploy": "in_progress"}
        other = stage.start(text, head="concurrency: prod")
        assert other.status == "pending"
        await stage.end("deploy")
        assert stage.states(other) == {"deploy": "in_progress"}

    played(tmp_path, play)


def test_a_queue_for_each_branch_keeps_the_place_of_others_in_the_queue_for_all(
    tmp_path: Path,
) -> None:
    async def play(stage: Stage) -> None:
        text = f"  deploy: {job('concurrency: staging')}"
        release, hotfix, older, newer = (
            stage.start(text, head=f"concurrency: staging-{branch}")
            for branch in ("release", "hotfix", "release", "release")
        )
        await stage.settle()
        assert stage.states(release) == {"deploy": "in_progress"}
        assert stage.states(hotfix) == {"deploy": "pending"}
        assert stage.states(older) == {"deploy": "cancelled"}
        assert newer.status == "pending"
        for run in (release, hotfix, newer):
            assert stage.states(run) == {"deploy": "in_progress"}
            await stage.end("deploy")
            await stage.settle()
            assert stage.states(run) == {"deploy": "success"}

    played(tmp_path, play)


def test_a_wait_and_a_review_are_both_asked_for(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        me = stage.forge.users.owner
        rules = {"wait_timer": 5, "reviewers": [me.id]}
        stage.forge.environments.save(stage.repository, "prod", **rules)
        run = stage.start(f"  deploy: {job('environment: Prod')}")
        assert stage.states(run) == {"deploy": "waiting"}
        said = {"user": me.login, "state": "approved", "comment": "", "at": 0}
        assert [row.environment for row in stage.engine.approve(run, ["prod"], said)] == ["prod"]
        stage.engine.pump()
        assert stage.states(run) == {"deploy": "waiting"}
        stage.clock.offset += 6 * 60_000
        stage.engine.pump()
        assert stage.states(run) == {"deploy": "in_progress"}

    played(tmp_path, play)


def test_cancelling_ends_what_waits_and_lets_clean_up_jobs_run(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        run = stage.start(
            f"  a: {job()}\n  b: {job()}\n  c: {job('needs: [a, b]')}\n"
            f"  d: {job('needs: c, if: cancelled()')}\n"
        )
        await stage.settle()
        assert stage.states(run) == {
            "a": "in_progress",
            "b": "queued",
            "c": "blocked",
            "d": "blocked",
        }
        stage.engine.cancel(run)
        stage.engine.pump()
        await stage.settle()
        assert stage.states(run)["c"] == "cancelled"
        await stage.end("d")
        assert (stage.ended(run), stage.states(run)["d"]) == ("cancelled", "success")

    played(tmp_path, play, limit=1)


def test_running_failed_jobs_again_keeps_the_others(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        run = stage.start(
            f"  a: {job()}\n  b: {job()}\n"
            f"  c: {job('''needs: [a, b], name: 'c${{ needs.a.outputs.v }}' ''')}\n"
        )
        await stage.settle()
        await stage.end("a", outputs={"v": "7"})
        await stage.end("b", "failure")
        assert stage.ended(run) == "failure"
        done = stage.store.run(run.repository, run.id)
        assert done is not None
        begin_attempt(
            stage.forge,
            stage.store,
            done,
            "release-manager",
            lambda row: row.conclusion == "failure",
        )
        stage.engine.add(done)
        stage.engine.pump()
        await stage.settle()
        assert list(stage.running) == ["b"]
        await stage.end("b")
        await stage.end("c7")
        assert stage.ended(run) == "success"
        assert (done.attempt, done.triggering_actor) == (2, "release-manager")
        assert len(stage.store.jobs(done, 0)) == 6

    played(tmp_path, play)


def test_one_broken_run_does_not_stop_the_others(tmp_path: Path, caplog: Any) -> None:
    async def play(stage: Stage) -> None:
        group = 'concurrency: "${{ fromJSON(github.actor).x }}"'
        broken = stage.start(f"  a: {job(group)}")
        assert stage.states(broken) == {"a": "failure"}
        stuck = stage.start(f"  a: {job()}", head="concurrency: '${{ github.absent }}'")
        assert stage.ended(stuck) == "failure"
        fine = stage.start(f"  a: {job()}")
        await stage.settle()
        assert stage.states(fine) == {"a": "in_progress"}

    played(tmp_path, play)
