"""Playing a scenario: act after act, then what came of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane.process import run
from bricklane.rehearse import cloud as clouds
from bricklane.rehearse.acts import ACTS, settle
from bricklane.rehearse.packages import path_with_uv, uv_environment
from bricklane.rehearse.proofs import latest, wheels_in
from bricklane.rehearse.provisioning import TARGETS
from bricklane.rehearse.screen import Screen, timeline_table
from bricklane.rehearse.stage import DEVELOPER, PROJECT, Stage

if TYPE_CHECKING:
    from bricklane.rehearse.scenario import Scenario


def play(scenario: Scenario, screen: Screen, *, cloud: str, folder: Path) -> Stage:
    """Play a scenario from its first act to its last on a fresh local cloud.

    Args:
        scenario: what to play.
        screen: shows it.
        cloud: name of the local cloud; what is in it is deleted.
        folder: takes the project; what is in it is deleted.

    Returns:
        The stage as the last act left it; the cloud still runs.

    Raises:
        BricklaneError: from the act that failed.
    """
    screen.headline(f"{scenario.name}: {scenario.title}")
    environment = uv_environment(folder, os.environ)
    with screen.waiting("starting a forge and an account"):
        local = clouds.start(cloud, environment, fresh=True)
    screen.happened("bricklane", f"started the local cloud {cloud}")
    screen.say(f"forge: {local.forge}")
    path = {"PATH": path_with_uv(os.environ)}
    stage = Stage(local, folder / PROJECT, screen, {**environment, **path})
    for act in scenario.acts:
        screen.headline(act.name.replace("-", " "))
        ACTS[act.name](stage, **act.parameters)
    settle(stage)
    return stage


def epilogue(stage: Stage) -> None:
    """Show what is deployed where, the history, the timeline, and where to look."""
    screen = stage.screen
    screen.headline("what is where")
    status = stage.bricklane("status", COLUMNS=str(screen.console.width))
    for line in run(status).output.splitlines():
        screen.say(line)
    for target in TARGETS:
        record = latest(stage, target)
        for name, digest in wheels_in(stage, target).items():
            version = record.content.version if record else "?"
            screen.say(f"{target}: {version} runs {name}, sha256 {digest}")
    screen.headline("git log --graph")
    stage.git("fetch", "--quiet", "--prune", "--tags", "origin")
    graph = ("--graph", "--oneline", "--decorate", "--remotes", "--date-order", "-n", "40")
    screen.say(stage.git("log", *graph), indent="")
    screen.console.print()
    screen.console.print(timeline_table(screen.timeline))
    _look(stage)


def _look(stage: Stage) -> None:
    name = stage.cloud.name
    stage.screen.headline("look around")
    for line in (
        f"{stage.cloud.forge}/{stage.repository}",
        f"  signs in {DEVELOPER} with the token in {stage.cloud.state / 'forge.json'}",
        f"cd {stage.folder}",
        f"export DATABRICKS_CONFIG_FILE={stage.cloud.config}",
        f"databricks jobs list --profile {PROJECT}-prod",
        f"bricklane local logs --name {name}",
        f"bricklane local down --name {name}    # stops it; the state stays",
    ):
        stage.screen.say(line)
