"""What has to exist before the first push: identities, grants, the repository, its environments."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from bricklane.errors import BricklaneError
from bricklane.forge.model import EnvironmentRules, MergeMethod, Ruleset
from bricklane.process import Command, run
from bricklane.rehearse.cloud import BRICKLANE
from bricklane.rehearse.stage import DEVELOPER, MANAGER, PROJECT, Stage, signature

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

TARGETS = ("dev", "staging", "prod")
CHECK = "checks"
SECONDS = 30
ALL_IN_CATALOG = ("USE_CATALOG", "CREATE_SCHEMA")


@dataclass(frozen=True, slots=True)
class Identity:
    """The service principal by which CI enters one workspace.

    Args:
        application_id: its client id.
        secret: its OAuth secret.
    """

    application_id: str
    secret: str

    def __repr__(self) -> str:
        return f"Identity({self.application_id})"


def identities(stage: Stage) -> dict[str, Identity]:
    """Make a service principal in each workspace and let it build in the workspace's catalog."""
    made = {}
    for target in TARGETS:
        made[target] = _identity(stage.cloud.administrator(target), target)
        stage.screen.say(f"service principal {made[target].application_id} in workspace {target}")
    return made


def _identity(client: WorkspaceClient, target: str) -> Identity:
    from databricks.sdk.service.catalog import PermissionsChange, Privilege

    principal = client.service_principals.create(display_name=f"{PROJECT} delivery")
    secret = client.service_principal_secrets_proxy.create(str(principal.id))
    if principal.application_id is None or secret.secret is None:
        raise BricklaneError(f"workspace {target} made a service principal without an id or secret")
    client.grants.update(
        "catalog",
        target,
        changes=[
            PermissionsChange(
                add=[Privilege(name) for name in ALL_IN_CATALOG], principal=principal.application_id
            )
        ],
    )
    return Identity(principal.application_id, secret.secret)


def new_project(stage: Stage, principals: dict[str, Identity]) -> None:
    """Make the project by ``bricklane new``, as a team would."""
    answers = {
        "project": PROJECT,
        "service_principal_staging": principals["staging"].application_id,
        "service_principal_prod": principals["prod"].application_id,
    }
    words = [word for key, value in answers.items() for word in ("--data", f"{key}={value}")]
    shutil.rmtree(stage.folder, ignore_errors=True)
    stage.folder.parent.mkdir(parents=True, exist_ok=True)
    arguments = (*BRICKLANE, "new", str(stage.folder), "--defaults")
    environment = {**stage.environment, **signature(DEVELOPER)}
    command = Command((*arguments, *words), stage.folder.parent, environment=environment)
    run(command, show=stage.screen.say)
    stage.screen.happened(DEVELOPER, f"makes the project in {stage.folder}")


def publish_repository(stage: Stage, principals: dict[str, Identity]) -> None:
    """Make the repository on the forge, with environments, secrets and rules."""
    _create(stage)
    forge = stage.forge()
    forge.save_variable("BRICKLANE_REQUIREMENT", requirement(stage))
    for target, principal in principals.items():
        prod = target == "prod"
        rules = EnvironmentRules(reviewers=(MANAGER,) if prod else ())
        forge.save_environment(target, rules)
        forge.save_variable("DATABRICKS_HOST", stage.cloud.workspaces[target], environment=target)
        forge.save_variable("DATABRICKS_CLIENT_ID", principal.application_id, environment=target)
        forge.save_secret("DATABRICKS_CLIENT_SECRET", principal.secret, environment=target)
    stage.screen.happened(DEVELOPER, f"makes repository {stage.repository} with its environments")
    stage.screen.say("dev, staging and prod with their secrets; prod waits for release-manager")


def protect(stage: Stage) -> None:
    """Let main and develop change by pull requests with green checks only."""
    settings = stage.settings.gitflow
    stage.forge().save_ruleset(
        Ruleset(
            name="delivery",
            branches=(settings.main, settings.develop),
            checks=(CHECK,),
            merge_methods=(MergeMethod.MERGE,),
        )
    )
    stage.screen.say(f"{settings.main} and {settings.develop} change by checked pull requests only")


def _create(stage: Stage) -> None:
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


def first_push(stage: Stage) -> None:
    """Push main and develop, before rules protect them."""
    settings = stage.settings.gitflow
    stage.git("remote", "add", "origin", f"{stage.cloud.forge}/{stage.repository}.git")
    stage.git("push", "--quiet", "origin", settings.main, settings.develop)
    stage.screen.happened(DEVELOPER, f"pushes {settings.main} and {settings.develop}")


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
