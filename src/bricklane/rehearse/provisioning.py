"""What has to exist before the first push: the repository, and what ``bootstrap`` provisions."""

from __future__ import annotations

import json
import shutil
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bricklane.errors import BricklaneError
from bricklane.process import Command, run
from bricklane.rehearse.cloud import BRICKLANE, find
from bricklane.rehearse.stage import DEVELOPER, MANAGER, PROJECT, Stage, signature

TARGETS = ("dev", "staging", "prod")
SECONDS = 30
REGION = "eu-central-1"


def new_project(stage: Stage, *, oidc: bool) -> None:
    """Make the project by ``bricklane new``, as a team would."""
    answers = {"project": PROJECT, "authentication": "oidc" if oidc else "secret"}
    words = [word for key, value in answers.items() for word in ("--data", f"{key}={value}")]
    shutil.rmtree(stage.folder, ignore_errors=True)
    stage.folder.parent.mkdir(parents=True, exist_ok=True)
    arguments = (*BRICKLANE, "new", str(stage.folder), "--defaults")
    environment = {**stage.environment, **signature(DEVELOPER)}
    command = Command((*arguments, *words), stage.folder.parent, environment=environment)
    run(command, show=stage.screen.say)
    stage.screen.happened(DEVELOPER, f"makes the project in {stage.folder}")


def make_repository(stage: Stage) -> None:
    """Make the empty repository on the forge."""
    import requests

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {stage.cloud.tokens[DEVELOPER]}"
    api = stage.cloud.api
    answers = [
        session.delete(f"{api}/repos/{stage.repository}", timeout=SECONDS),
        session.post(f"{api}/user/repos", json={"name": PROJECT, "private": True}, timeout=SECONDS),
        session.put(
            f"{api}/repos/{stage.repository}/collaborators/{MANAGER}",
            json={"permission": "maintain"},
            timeout=SECONDS,
        ),
    ]
    for answer in answers[1:]:
        if not answer.ok:
            raise BricklaneError(f"the forge answered {answer.status_code}: {answer.text}")
    stage.git("remote", "add", "origin", f"{stage.cloud.forge}/{stage.repository}.git")
    stage.forge().save_variable("BRICKLANE_REQUIREMENT", requirement(stage))
    stage.screen.happened(DEVELOPER, f"makes repository {stage.repository}")


def provision(stage: Stage, *, oidc: bool) -> None:
    """Provision the account, the workspaces and the repository by ``bricklane bootstrap``."""
    words = ["--profile", "account", "--reviewer", MANAGER, "--region", REGION]
    words += ["--oidc"] if oidc else []
    stage.screen.happened(DEVELOPER, "asks what bricklane bootstrap would do")
    _bootstrap(stage, *words, "--plan")
    stage.screen.happened(DEVELOPER, "lets bricklane bootstrap do it")
    _bootstrap(stage, *words)
    stage.cloud = find(stage.cloud.name)


def _bootstrap(stage: Stage, *words: str) -> None:
    config = str(stage.cloud.config)
    command = stage.bricklane("bootstrap", *words, DATABRICKS_CONFIG_FILE=config)
    run(command, show=stage.screen.say)


def first_push(stage: Stage) -> None:
    """Push main and develop, before rules protect them, and then let rules protect them."""
    settings = stage.settings.gitflow
    stage.git("add", "--all")
    stage.git("commit", "--quiet", "-m", "chore: provision three workspaces")
    stage.git("branch", "--force", settings.main, settings.develop)
    stage.git("push", "--quiet", "origin", settings.main, settings.develop)
    stage.screen.happened(DEVELOPER, f"pushes {settings.main} and {settings.develop}")
    _bootstrap(stage, "--profile", "account", "--skip-terraform")


def requirement(stage: Stage) -> str:
    """Return what the workflows install: this bricklane, released or not.

    An installation from a folder is built into a wheel first, because jobs install it from a file.
    """
    origin = metadata.distribution("bricklane").read_text("direct_url.json")
    url = json.loads(origin)["url"] if origin else ""
    if not url.startswith("file:"):
        return f"bricklane=={metadata.version('bricklane')}"
    source = Path(unquote(urlsplit(url).path))
    if source.is_file():
        return f"bricklane @ {source.as_uri()}"
    wheels = stage.folder.parent / "bricklane-wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    build = ("build", "--wheel", "--quiet", "--out-dir", str(wheels), str(source))
    run(Command((sys.executable, "-m", "uv", *build), stage.folder.parent))
    (wheel,) = wheels.glob("*.whl")
    return f"bricklane @ {wheel.as_uri()}"
