"""Deployments as they are written down on the forge, and read back.

A record is a deployment of the forge with the task :data:`TASK`. What was deployed stands in its
payload, how it went in its latest status; a commit status beside it says the same where people look
at commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bricklane.forge.model import CheckState, Deployment, DeploymentState
from bricklane.forge.protocol import Forge

TASK = "bricklane"

# States of a deployment that is over and went well. Forges call one inactive once another took its
# place: https://docs.github.com/en/rest/deployments/statuses (auto_inactive)
GOOD = frozenset({DeploymentState.SUCCESS, DeploymentState.INACTIVE})
UNFINISHED = frozenset({DeploymentState.PENDING, DeploymentState.IN_PROGRESS})

CHECK_STATES = {
    DeploymentState.IN_PROGRESS: CheckState.PENDING,
    DeploymentState.SUCCESS: CheckState.SUCCESS,
    DeploymentState.FAILURE: CheckState.FAILURE,
    DeploymentState.ERROR: CheckState.FAILURE,
}

# Forges cut descriptions of a status there.
DESCRIPTION_LIMIT = 140


@dataclass(frozen=True, slots=True)
class Content:
    """What is deployed, as the payload of a record holds it.

    Args:
        version: what people call it.
        tree: the SHA of the commit's tree.
        wheels: file name → SHA-256.
        tests: levels of tests that run after the deployment, in order.
        run_url: page of the run that deploys; empty outside of continuous integration.
        actor: login of whom a run deploys for; empty outside of continuous integration.
        untested: whether somebody demanded it although no other target had tested it.
        passed_in: level of tests that does not run again → environment where it passed.
    """

    version: str
    tree: str
    wheels: Mapping[str, str]
    tests: tuple[str, ...] = ()
    run_url: str = ""
    actor: str = ""
    untested: bool = False
    passed_in: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> dict[str, object]:
        """Return what is written down."""
        return {
            "version": self.version,
            "tree": self.tree,
            "wheels": dict(self.wheels),
            "tests": list(self.tests),
            "run_url": self.run_url,
            **({"actor": self.actor} if self.actor else {}),
            **({"untested": True} if self.untested else {}),
            **({"passed_in": dict(self.passed_in)} if self.passed_in else {}),
        }


@dataclass(frozen=True, slots=True)
class Record:
    """One deployment.

    Args:
        id: the forge's.
        environment: of the forge, normally the target's name.
        commit: its SHA.
        branch: it was deployed from.
        content: what was deployed.
        creator: login whose token wrote it; of a workflow's own token, the bot's.
        created_at: when it began.
        updated_at: when its latest status was set.
        state: where it stands.
        description: of its latest status.
        log_url: of its latest status, else the run's page.
    """

    id: int
    environment: str
    commit: str
    branch: str
    content: Content
    creator: str
    created_at: datetime
    updated_at: datetime
    state: DeploymentState
    description: str
    log_url: str

    @property
    def by(self) -> str:
        """Login of who deployed."""
        return self.content.actor or self.creator

    @property
    def good(self) -> bool:
        """Whether it was deployed and its tests were green."""
        return self.state in GOOD

    @property
    def unfinished(self) -> bool:
        """Whether it is still going on, or was killed."""
        return self.state in UNFINISHED

    @property
    def broken_off(self) -> bool:
        """Whether somebody ended it before it was over."""
        return self.state is DeploymentState.ERROR

    @property
    def deployed_at(self) -> datetime:
        """When it was last deployed, as far as its latest status tells."""
        return self.updated_at if self.state is DeploymentState.SUCCESS else self.created_at

    @property
    def tests(self) -> str:
        """What is known of its tests, in a word or two."""
        passed = [f"{level} in {where}" for level, where in self.content.passed_in.items()]
        levels = "; ".join(filter(None, (", ".join(self.content.tests), ", ".join(passed))))
        if not levels:
            return "none"
        if self.good:
            return f"passed ({levels})"
        return "running" if self.unfinished else self.description or "failed"


def check_name(environment: str) -> str:
    """Return the name of the commit status that speaks of deployments to an environment."""
    return f"{TASK}/{environment}"


def read(deployment: Deployment) -> Record | None:
    """Return the record that a deployment is; None for one of somebody else."""
    if deployment.task != TASK:
        return None
    payload = deployment.payload
    tests = payload.get("tests")
    content = Content(
        version=str(payload.get("version") or ""),
        tree=str(payload.get("tree") or ""),
        wheels=_strings(payload.get("wheels")),
        tests=tuple(map(str, tests)) if isinstance(tests, list | tuple) else (),
        run_url=str(payload.get("run_url") or ""),
        actor=str(payload.get("actor") or ""),
        untested=payload.get("untested") is True,
        passed_in=_strings(payload.get("passed_in")),
    )
    return Record(
        id=deployment.id,
        environment=deployment.environment,
        commit=deployment.commit,
        branch=deployment.ref,
        content=content,
        creator=deployment.creator,
        created_at=deployment.created_at,
        updated_at=deployment.updated_at,
        state=deployment.state,
        description=deployment.description,
        log_url=deployment.log_url or content.run_url,
    )


def _strings(value: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def records(
    forge: Forge, environment: str | None = None, commit: str | None = None
) -> Iterator[Record]:
    """Yield the records of an environment, or of all, newest first."""
    for deployment in forge.deployments(environment=environment, commit=commit, task=TASK):
        record = read(deployment)
        if record is not None:
            yield record


def begin(
    forge: Forge,
    environment: str,
    commit: str,
    branch: str,
    content: Content,
    newest: Record | None,
) -> int:
    """Write down that a deployment begins and return its id.

    When the environment's newest record has the same commit and content, that is taken up again: a
    killed run left it, or the same is deployed once more. One that failed stays as it is.

    Args:
        forge: keeps the records.
        environment: it goes to.
        commit: its SHA.
        branch: it is deployed from; may be empty.
        content: what is deployed.
        newest: the environment's newest record; None when there is none.
    """
    if newest is not None and newest.commit == commit and _may_go_on(newest, content):
        number = newest.id
    else:
        number = forge.create_deployment(
            environment=environment,
            commit=commit,
            ref=branch or commit,
            task=TASK,
            payload=content.payload(),
            description=f"{content.version} to {environment}",
        ).id
    mark(forge, number, environment, commit, DeploymentState.IN_PROGRESS, "deploying", content)
    return number


def _may_go_on(record: Record, content: Content) -> bool:
    same = replace(record.content, run_url=content.run_url, actor=content.actor) == content
    return same and (record.unfinished or record.good)


def mark(
    forge: Forge,
    number: int,
    environment: str,
    commit: str,
    state: DeploymentState,
    description: str,
    content: Content,
) -> None:
    """Write down where a deployment stands, on the commit and then on the deployment.

    In this order, because the deployment is what is read back: when it says that it is over, all is
    written.

    Args:
        forge: has the deployment.
        number: the deployment's id.
        environment: it goes to.
        commit: its SHA.
        state: where it stands.
        description: one line.
        content: says where its log is.
    """
    line = " ".join(description.split())[:DESCRIPTION_LIMIT]
    url = content.run_url
    check = check_name(environment)
    forge.set_check(commit, check, CHECK_STATES[state], description=line, url=url)
    forge.set_deployment_status(number, state, description=line, log_url=url)
