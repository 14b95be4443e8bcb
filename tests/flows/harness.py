"""Flows that are killed and run again: a runner, worlds to play in, and what is left to compare."""

from __future__ import annotations

import difflib
import json
import os
import pprint
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bricklane.forge.github.adapter import GitHub
from bricklane.tools.cache import cache_root
from tests.flows.cloud import DEVELOPER, PERSON, Clone, LocalCloud

KILLED = -9
ZYGOTE = Path(__file__).with_name("zygote.py")
ROOT = Path(__file__).parents[2]
SECONDS = 120.0
SHORT = 4
# Set it to anything to kill long flows at moments, too, at which the world is the same.
EVERY = "BRICKLANE_TEST_EVERY_KILL"


@dataclass(frozen=True)
class Ended:
    """How a command line ended.

    Args:
        code: exit status; negative for a signal.
        text: what it printed, errors included.
        effects: what it changed, in order.
    """

    code: int
    text: str
    effects: tuple[str, ...]


class Runner:
    """Runs bricklane's command line, each time in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, str(ZYGOTE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            text=True,
        )
        assert self._answer() == {"ready": True}

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], 2 * SECONDS)
        line = self._process.stdout.readline() if ready else ""
        assert line, "the runner of command lines does not answer"
        found: dict[str, Any] = json.loads(line)
        return found

    def run(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        at: int = 0,
        when: str = "",
        seconds: float = SECONDS,
    ) -> Ended:
        """Run the command line in ``folder``.

        It is killed ``when`` (before, after) effect ``at``, or with its children when so many
        ``seconds`` have passed, wherever it is then.
        """
        output, error, log = (self.folder / name for name in ("output", "error", "effects"))
        log.unlink(missing_ok=True)
        order = {
            "words": list(words), "folder": str(folder), "environment": dict(environment),
            "at": at, "when": when, "seconds": seconds,
            "output": str(output), "error": str(error), "log": str(log),
        }  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code = self._answer()["code"]
        text = output.read_text("utf-8") + error.read_text("utf-8")
        effects = log.read_text("utf-8").splitlines() if log.exists() else []
        return Ended(code, text, tuple(effects))

    def close(self) -> None:
        """End the process that forks."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@dataclass
class World:
    """One repository with a clone, in which one flow is played.

    Args:
        stage: where it stands.
        name: ``owner/name`` of the repository.
        clone: of the developer.
        forge: the developer's client.
    """

    stage: Stage
    name: str
    clone: Clone
    forge: GitHub
    memory: dict[str, Any] = field(default_factory=dict)

    def environment(self, login: str = DEVELOPER, **more: str) -> dict[str, str]:
        """Return the environment of a command line, with nothing of the machine's user."""
        kept = {
            name: os.environ[name] for name in ("PATH", "LANG", "JAVA_HOME") if name in os.environ
        }
        home = self.clone.folder.parent / "home"
        home.mkdir(exist_ok=True)
        return {
            **kept,
            **PERSON,
            "HOME": str(home),
            **self.stage.shared,
            **({} if "GITHUB_TOKEN" in more else {"GITHUB_TOKEN": self.stage.cloud.token(login)}),
            **more,
        }

    def run(
        self,
        *words: str,
        at: int = 0,
        when: str = "",
        seconds: float = SECONDS,
        **more: str,
    ) -> Ended:
        """Run ``bricklane WORDS`` in the clone, killed as the runner says."""
        environment = self.environment(**more)
        return self.stage.runner.run(
            words, self.clone.folder, environment, at=at, when=when, seconds=seconds
        )

    def succeed(self, *words: str, **more: str) -> Ended:
        """Run ``bricklane WORDS`` and demand that it succeeds."""
        ended = self.run(*words, **more)
        assert ended.code == 0, f"bricklane {' '.join(words)}: {ended.code}\n{ended.text}"
        return ended

    def ask(self, path: str) -> Any:
        """Return what the forge's API has under the repository, all pages."""
        found: list[Any] = []
        page = 1
        while True:
            answer = self.stage.cloud.ask(
                "GET",
                f"/repos/{self.name}/{path}{'&' if '?' in path else '?'}per_page=100&page={page}",
            )
            rows = answer.json()
            if not isinstance(rows, list):
                return rows
            found += rows
            if len(rows) < 100:
                return found
            page += 1

    def state(self) -> dict[str, Any]:
        """Return what is there now, on the forge and in the clone, without what time decides."""
        from tests.flows.snapshot import snapshot

        return snapshot(self)


@dataclass
class Stage:
    """A cloud and a runner, shared by all worlds of a module.

    Args:
        cloud: with the forge.
        runner: of command lines.
        folder: for clones.
        shared: environment of every command line.
    """

    cloud: LocalCloud
    runner: Runner
    folder: Path
    shared: dict[str, str] = field(default_factory=dict)
    worlds: int = 0

    @contextmanager
    def world(self, scene: Scene) -> Iterator[World]:
        """Make a repository and a clone of it, as ``scene`` wants them."""
        self.worlds += 1
        name = self.cloud.create(f"w{self.worlds}")
        folder = self.folder / f"w{self.worlds}" / "clone"
        shutil.copytree(scene.template, folder, symlinks=True)
        config = folder / ".git" / "config"
        text = re.sub(r"url = .*", f"url = {self.cloud.remote(name)}", config.read_text("utf-8"))
        config.write_text(text, "utf-8")
        clone = Clone(folder, self.cloud.token())
        clone.git("push", "--quiet", "origin", "refs/remotes/origin/*:refs/heads/*", "--tags")
        world = World(self, name, clone, self.cloud.forge(name), {"repository": name})
        try:
            scene.arrange(world)
            yield world
        finally:
            world.forge.api.close()


def surroundings(cloud: LocalCloud) -> dict[str, str]:
    """Return the environment that a command line shares with all others."""
    return {
        "DATABRICKS_CONFIG_FILE": str(cloud.state / "config"),
        "BRICKLANE_CACHE_DIR": str(cache_root(os.environ)),
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv")),
    }


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """Start a cloud and a runner; both end with the block."""
    cloud = LocalCloud(folder / "state").up()
    try:
        runner = Runner(folder)
        try:
            yield Stage(cloud, runner, folder, surroundings(cloud))
        finally:
            runner.close()
    finally:
        cloud.down()


@dataclass(frozen=True)
class Scene:
    """What is there before a flow, and the flow.

    Args:
        template: a clone; its remote-tracking branches and tags are what the forge gets.
        words: of the command line; ``{name}`` is filled in from the world's memory.
        effects: how the log names what the flow changes, in order, by words that occur in it.
        arrange: does on the forge and in the clone what git does not carry.
        environment: of the command line, beside the usual one; filled in likewise.
        only: numbers of the effects to kill at, where another scene has the rest; empty for all.
    """

    template: Path
    words: tuple[str, ...]
    effects: tuple[str, ...]
    arrange: Callable[[World], None] = lambda _: None
    environment: Mapping[str, str] = field(default_factory=dict)
    only: tuple[int, ...] = ()

    def run(self, world: World, *, at: int = 0, when: str = "", seconds: float = SECONDS) -> Ended:
        """Run the flow in ``world``, killed as the runner says."""
        words = [word.format(**world.memory) for word in self.words]
        more = {name: text.format(**world.memory) for name, text in self.environment.items()}
        return world.run(*words, at=at, when=when, seconds=seconds, **more)


def difference(wanted: object, left: object) -> str:
    """Return how the second differs from the first, line by line."""
    lines = (pprint.pformat(each, width=100).splitlines() for each in (wanted, left))
    return "\n".join(difflib.unified_diff(*lines, "undisturbed", "killed", lineterm="", n=1))


def check_nothing_half_done(stage: Stage, scene: Scene) -> None:
    """Kill a flow before and after each of its effects, and demand that running it again mends it.

    Args:
        stage: where to play.
        scene: what to play.
    """
    with stage.world(scene) as world:
        ended = scene.run(world)
        assert ended.code == 0, ended
        wanted, effects = world.state(), ended.effects
    told = "\n".join(effects)
    assert len(effects) == len(scene.effects), told
    for effect, words in zip(effects, scene.effects, strict=True):
        assert words in effect, told
    for at, when in moments(len(effects), scene.only):
        told = f"killed {when} {effects[at - 1]}"
        with stage.world(scene) as world:
            ended = scene.run(world, at=at, when=when)
            assert ended.code == KILLED, f"not {told}: {ended}"
            ended = scene.run(world)
            assert ended.code == 0, f"{told}, then: {ended.text}"
            found = difference(wanted, world.state())
            assert not found, f"{told}:\n{found}"


def moments(effects: int, only: Collection[int]) -> Iterator[tuple[int, str]]:
    """Yield when to kill a flow of so many effects: number of the effect, and before or after it.

    Between two effects the world stays as it is. Of a long flow, the moment before an effect is
    therefore played as the one after the effect that it follows, unless all are asked for.
    """
    every = effects <= SHORT or bool(os.environ.get(EVERY))
    for at in range(1, effects + 1):
        if only and at not in only:
            continue
        if every or at == 1:
            yield at, "before"
        yield at, "after"


def check_killed_at_any_moment(stage: Stage, scene: Scene, parts: int) -> None:
    """Kill a flow with all that it has started, at moments spread over its time.

    What was under way on the other side may still end, after the flow was begun again; then that
    is told as somebody else's, and the next run finds it.

    Args:
        stage: where to play.
        scene: what to play.
        parts: into how many its time is divided; one kill between each two.
    """
    with stage.world(scene) as world:
        began = time.monotonic()
        ended = scene.run(world)
        took = time.monotonic() - began
        assert ended.code == 0, ended
        wanted = world.state()
    for part in range(1, parts):
        seconds = took * part / parts
        with stage.world(scene) as world:
            ended = scene.run(world, seconds=seconds)
            assert ended.code in (KILLED, 0), ended
            for _ in range(3):
                ended = scene.run(world)
                if ended.code == 0:
                    break
            assert ended.code == 0, f"killed after {seconds:.2f} s, then: {ended.text}"
            found = difference(wanted, world.state())
            assert not found, f"killed after {seconds:.2f} of {took:.2f} s:\n{found}"
