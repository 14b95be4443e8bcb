"""Publishing in continuous integration: what was merged goes to production, then gets its tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields

from bricklane.delivery import clone
from bricklane.delivery.continuous import CiRun
from bricklane.delivery.deploy import run_deployment
from bricklane.delivery.records import records
from bricklane.delivery.world import Deployment, Options, Say, declared_target
from bricklane.flow import Report, Step
from bricklane.gitflow.flows.publishing import PublishWorld, finish_of, prepare_merged
from bricklane.gitflow.project import Project
from bricklane.gitflow.remote import fetch_commits


@dataclass(frozen=True)
class Publication(PublishWorld):
    """What publishing a merged pull request works on.

    Args:
        deployment: of the merge commit to production.
        report: of the deployment's own steps.
    """

    deployment: Deployment
    report: Report


@contextmanager
def open_publication(
    project: Project,
    number: int,
    options: Options,
    environment: Mapping[str, str],
    ci: CiRun | None,
    say: Say,
    report: Report,
) -> Iterator[Publication]:
    """Return what publishing a merged pull request works on.

    Args:
        project: where.
        number: of the pull request.
        options: of the deployment.
        environment: of this process.
        ci: the run that publishes; None on a person's machine.
        say: takes each line of output.
        report: of the deployment's own steps.

    Raises:
        BricklaneError: when the pull request does not publish anything, or the bundle lacks the
            target of its base branch.
    """
    from bricklane.project.bundlefile import find_bundle, read_bundle

    merged = prepare_merged(project, number)
    fetch_commits(project.git, merged.merge_commit)
    file = read_bundle(find_bundle(project.settings.root))
    target = declared_target(file, project.kinds.named(merged.kind.merges_into).target)
    with ExitStack() as stack:
        deployment = Deployment(
            settings=project.settings,
            file=file,
            target=target,
            git=project.git,
            kinds=project.kinds,
            source=clone.commit(project.git, merged.merge_commit),
            branch=merged.base,
            options=options,
            environment=environment,
            forge=project.forge,
            ci=ci,
            say=say,
            stack=stack,
            merged=True,
        )
        values = {field.name: getattr(merged, field.name) for field in fields(merged)}
        yield Publication(**values, deployment=deployment, report=report)


def is_deployed(world: Publication) -> bool:
    """Return whether production has this commit: its newest deployment there went well."""
    found = records(world.project.forge, world.deployment.forge_environment)
    newest = next(found, None)
    return newest is not None and newest.commit == world.merge_commit and newest.good


def _deploy(world: Publication) -> None:
    run_deployment(world.deployment, world.report)


DEPLOY: Step[Publication] = Step(
    "deploy what was tested",
    is_deployed,
    _deploy,
    lambda world: f"{world.version} to {world.deployment.target.name}",
)


def steps_of(project: Project) -> tuple[Step[Publication], ...]:
    """Return the steps of publishing: production first, then tag, release and back-merges."""
    return (DEPLOY, *finish_of(project))
