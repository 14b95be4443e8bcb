"""The deployment flow: one commit to one target."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from bricklane.bundle import cli
from bricklane.bundle.access import secrets
from bricklane.bundle.cli import BundleError
from bricklane.delivery import guard, locks, records, wheels
from bricklane.delivery.checkout import clean_checkout
from bricklane.delivery.gate import check_tested, passed_elsewhere
from bricklane.delivery.testing import TestsFailedError, commands_for, prepare, run_tests
from bricklane.delivery.world import Deployment
from bricklane.errors import BricklaneError
from bricklane.flow import Report, Step, run_flow
from bricklane.forge.errors import ForgeError
from bricklane.forge.model import DeploymentState, Release
from bricklane.forge.protocol import Forge
from bricklane.gitflow.versions import TagFormat, parse_version
from bricklane.testing.levels.running import Place, reports_folder
from bricklane.testing.levels.workspace import SUMMARY_FILE, told
from bricklane.testing.policy import running

# What the Databricks CLI begins the line with that says what is wrong.
PROBLEM = "Error: "


def _never(_: Deployment) -> bool:
    return False


def _check(world: Deployment) -> None:
    if not world.options.any_branch:
        guard.check_branch(world.kinds, world.target.name, world.branch, world.commit)
    if world.development:
        return
    guard.check_committed(world.git, world.target.name)
    if world.forge is not None and world.ci is None and not world.options.any_branch:
        head = world.forge.branch(world.branch)
        remote = world.settings.gitflow.remote
        guard.check_pushed(head.commit if head else None, world.branch, world.commit, remote)


def _check_tested(world: Deployment) -> None:
    if world.options.untested:
        world.say(f"not asked for: {world.target.name} gets what nobody has tested")
    elif world.forge is None:
        raise BricklaneError(
            f"{world.target.name} gets only what was tested, and the forge is not asked",
            hint="leave --no-record out\nor, knowing what you do: --untested",
        )
    else:
        world.tested = check_tested(world.forge, world.settings, world.commit, world.tree)
        world.say(f"tested in {world.tested.environment}: {world.tested.content.version}")


def _look_back(world: Deployment) -> None:
    world.passed = passed_elsewhere(_forge(world), world.settings, world.target.name, world.tree)
    for level, record in world.passed.items():
        world.say(
            f"{level} tests do not run again: {record.environment} passed them with the same files "
            f"({record.content.version}, commit {record.commit[:10]})"
        )


def _counts_elsewhere(world: Deployment) -> bool:
    """Return whether tests of another target may count, as those of a release never do."""
    known = world.settings.targets[world.target.name]
    return is_recorded(world) and bool(known.tested_in) and not becomes_version(world)


def _check_out(world: Deployment) -> None:
    top = world.stack.enter_context(
        clean_checkout(world.git, world.commit, world.branch, world.environment)
    )
    world.root = top / world.settings.root.resolve().relative_to(world.git.top.resolve())


def _provide_wheels(world: Deployment) -> None:
    root = world.deployed_from()
    if world.options.wheels is not None:
        world.wheels = wheels.place(world.options.wheels, root)
    elif world.tested is not None:
        _fetch_tested(world)
    elif not _fetch_kept(world) and world.settings.build and world.file.artifacts:
        world.wheels = wheels.build(
            root, world.settings.build, world.source.committed_at, world.say
        )
        world.built = True
    for name, digest in world.wheels.items():
        world.say(f"{name} sha256:{digest}")


def _fetch_tested(world: Deployment) -> None:
    assert world.tested is not None  # noqa: S101  (the caller asked)
    expected = world.tested.content.wheels
    if not expected:
        return
    forge = _forge(world)
    release = release_of(world, forge)
    if release is None:
        raise BricklaneError(
            f"there is no release {world.version} with the wheels that were tested",
            hint="deploy the branch to staging again: its wheels are kept then",
        )
    world.wheels = wheels.fetch(forge, release, expected, world.deployed_from())


def _fetch_kept(world: Deployment) -> bool:
    """Take the wheels that were built before from the same tree, when the release has them."""
    if world.forge is None or not becomes_version(world):
        return False
    release = release_of(world, world.forge)
    manifest = wheels.kept(world.forge, release)
    if release is None or manifest is None or manifest.tree != world.tree:
        return False
    world.wheels = wheels.fetch(world.forge, release, manifest.wheels, world.deployed_from())
    return True


def release_of(world: Deployment, forge: Forge) -> Release | None:
    """Return the release, draft or not, of the version that is deployed."""
    return forge.release(tag_of(world))


def tag_of(world: Deployment) -> str:
    """Return the tag of the version that is deployed."""
    return TagFormat(world.settings.gitflow.tag).name(parse_version(world.version))


def becomes_version(world: Deployment) -> bool:
    """Return whether the branch that is deployed becomes a version when it is merged."""
    kind = world.kinds.of_branch(world.branch)
    return kind is not None and kind.tag


def _check_policy(world: Deployment) -> None:
    """Refuse a bundle that breaks the rules of a target; a person's own copy may."""
    if world.development:
        return
    document = cli.validate(world.bundle())
    findings = running.examine(
        world.settings, world.file, world.target.name, document, world.deployed_from()
    )
    if (refused := running.refusal(findings, world.target.name)) is not None:
        raise refused
    for finding in findings:
        world.say(f"policy: {running.line_of(finding)}")


def _plan(world: Deployment) -> None:
    _check_policy(world)
    world.plan = cli.plan(world.bundle(), force=world.options.any_branch)
    wheels.check_unchanged(world.deployed_from(), world.wheels)
    if world.plan.warnings:
        world.say(world.plan.warnings)
    for change in world.plan.effective:
        world.say(f"  {change.action:8} {change.kind}.{change.key}")
    world.say(f"plan: {world.plan}")


def _begin_record(world: Deployment) -> None:
    forge, environment = _forge(world), world.forge_environment
    newest = list(islice(records.records(forge, environment), locks.LOOKED_THROUGH))
    world.interrupted = locks.interrupted(newest)
    world.record = records.begin(
        forge, environment, world.commit, world.branch, world.content, next(iter(newest), None)
    )


def _deploy(world: Deployment) -> None:
    assert world.plan is not None  # noqa: S101  (the step before makes it)
    plan_file = None
    if world.plan.applicable:
        plan_file = world.folder() / "plan.json"
        plan_file.write_text(world.plan.text, "utf-8")
    try:
        _run_deploy(world, plan_file, force_lock=world.options.force_lock)
    except BundleError as error:
        if not _may_break_lock(world, error):
            raise
        world.say("the lock was left by a run that is over; it is broken")
        _run_deploy(world, plan_file, force_lock=True)
    world.deployed = True
    wheels.check_unchanged(world.deployed_from(), world.wheels)
    if world.ci is not None or commands_for(world.settings, world.target.name):
        world.summary = cli.summary(world.bundle())


def _run_deploy(world: Deployment, plan_file: Path | None, *, force_lock: bool) -> None:
    cli.deploy(
        world.bundle(),
        show=world.say,
        plan_file=plan_file,
        force=world.options.any_branch,
        force_lock=force_lock,
        auto_approve=world.options.auto_approve,
        fail_on_active_runs=world.options.fail_on_active_runs,
    )


def _may_break_lock(world: Deployment, error: BundleError) -> bool:
    if world.forge is None or not locks.is_held(error):
        return False
    try:
        return locks.is_left_behind(world.forge, world.interrupted, world.ci)
    except ForgeError as unknown:
        world.say(f"whether the lock's run is over is not known: {unknown.message}")
        return False


def _test(world: Deployment) -> None:
    assert world.summary is not None  # noqa: S101  (deploying asks for it when there are tests)
    environment = told(
        world.target,
        world.summary,
        world.folder() / SUMMARY_FILE,
        world.environment,
        world.options.profile,
    )
    place = Place(
        settings=world.settings,
        root=world.deployed_from(),
        reports=reports_folder(world.settings.root),
        environment=environment,
        secrets=secrets(world.environment),
        target=world.target.name,
    )
    prepare(place)
    run_tests(place, world.levels, world.say, world.tests.append)


def _manifest(world: Deployment) -> wheels.Manifest:
    return wheels.Manifest(world.version, world.commit, world.tree, world.wheels)


def _are_kept(world: Deployment) -> bool:
    forge = _forge(world)
    return wheels.kept(forge, release_of(world, forge)) == _manifest(world)


def _keep(world: Deployment) -> None:
    forge = _forge(world)
    tag = tag_of(world)
    release = forge.release(tag) or forge.save_release(
        tag, name=tag, body="", target=world.commit, draft=True
    )
    wheels.keep(forge, release, world.deployed_from(), _manifest(world))


def _passed(world: Deployment) -> str:
    return ", ".join(f"{level} in {one.environment}" for level, one in world.passed.items())


def _finish_record(world: Deployment) -> None:
    tested = ", ".join(filter(None, (*(level.name for level in world.tests), _passed(world))))
    said = f"deployed {world.version}; " + (f"tests passed: {tested}" if tested else "no tests")
    _mark(world, DeploymentState.SUCCESS, said)


def _mark(world: Deployment, state: DeploymentState, description: str) -> None:
    assert world.record is not None  # noqa: S101  (the record is begun before)
    records.mark(
        _forge(world),
        world.record,
        world.forge_environment,
        world.commit,
        state,
        description,
        world.content,
    )


def _forge(world: Deployment) -> Forge:
    assert world.forge is not None  # noqa: S101  (steps that need it are in the flow only with one)
    return world.forge


CHECK = Step("check the branch", _never, _check, lambda w: w.branch or "detached HEAD")
CHECK_TESTED = Step("check what was tested", _never, _check_tested, lambda w: w.commit[:10])
LOOK_BACK = Step("look where it was tested", _never, _look_back, lambda w: f"tree {w.tree[:10]}")
CHECK_OUT = Step(
    "check out", lambda w: w.root is not None, _check_out, lambda w: f"commit {w.commit[:10]}"
)
WHEELS = Step("provide the wheels", _never, _provide_wheels)
PLAN = Step("validate and plan", _never, _plan, lambda w: w.target.name)
BEGIN_RECORD = Step(
    "record the beginning", _never, _begin_record, lambda w: f"environment {w.forge_environment}"
)
DEPLOY = Step("deploy", _never, _deploy, lambda w: f"{w.version} to {w.target.name}")
TEST = Step("test", lambda w: not w.levels, _test, lambda w: ", ".join(w.levels) or _passed(w))
KEEP_WHEELS = Step("keep the wheels", _are_kept, _keep, lambda w: f"release {w.version}")
FINISH_RECORD = Step(
    "record the outcome", _never, _finish_record, lambda w: f"environment {w.forge_environment}"
)


def _always(_: Deployment) -> bool:
    return True


def is_recorded(world: Deployment) -> bool:
    """Return whether the deployment is written down on the forge."""
    return world.forge is not None


def is_gated(world: Deployment) -> bool:
    """Return whether the target takes only what was tested elsewhere.

    It is the target of the branch that releases and hotfixes are merged into.
    """
    return world.target.name in {
        world.kinds.named(kind.merges_into).target for kind in world.kinds.releasing()
    }


# Step → whether a deployment has it; in this order.
DEPLOYMENT: tuple[tuple[Step[Deployment], Callable[[Deployment], bool]], ...] = (
    (CHECK, lambda w: not w.merged),
    (CHECK_TESTED, is_gated),
    (LOOK_BACK, _counts_elsewhere),
    (CHECK_OUT, lambda w: w.merged or not w.development),
    (WHEELS, lambda w: w.options.wheels is not None or bool(w.file.artifacts)),
    (PLAN, _always),
    (BEGIN_RECORD, is_recorded),
    (DEPLOY, _always),
    (TEST, lambda w: bool(commands_for(w.settings, w.target.name))),
    (KEEP_WHEELS, lambda w: is_recorded(w) and becomes_version(w)),
    (FINISH_RECORD, is_recorded),
)


def steps_of(world: Deployment) -> tuple[Step[Deployment], ...]:
    """Return the steps that a deployment has."""
    return tuple(step for step, needed in DEPLOYMENT if needed(world))


def run_deployment(world: Deployment, report: Report, *, plan: bool = False) -> None:
    """Deploy, test and record; or, with ``plan``, do what changes nothing and say the rest.

    Args:
        world: the deployment.
        report: of its steps.
        plan: whether to stop after the plan.

    Raises:
        BricklaneError: from the step that failed. What was begun is recorded as failed.
    """
    steps = steps_of(world)
    cut = steps.index(PLAN) + 1
    run_flow(steps[:cut], world, report)
    if plan:
        run_flow(steps[cut:], world, report, plan=True)
        return
    try:
        run_flow(steps[cut:], world, report)
    except BricklaneError as error:
        theirs = _is_anothers(world, error)
        _record_failure(world, _give_back(world) if theirs else _failure(world, error))
        raise
    except KeyboardInterrupt:
        _record_failure(world, (DeploymentState.ERROR, "interrupted"))
        raise


def _failure(world: Deployment, error: BricklaneError) -> tuple[DeploymentState, str]:
    lines = error.message.splitlines()
    said = next((line for line in lines if line.startswith(PROBLEM)), lines[0])
    if isinstance(error, TestsFailedError):
        return DeploymentState.FAILURE, said
    how_far = "deployed, but then" if world.deployed else "not deployed"
    return DeploymentState.FAILURE, f"{how_far}: {said.removeprefix(PROBLEM)}"


def _record_failure(world: Deployment, outcome: tuple[DeploymentState, str]) -> None:
    """Record a failure; when that fails too, the failure itself is what the user has to see."""
    if world.record is None:
        return
    try:
        _mark(world, *outcome)
    except BricklaneError as error:
        world.say(f"the failure could not be recorded: {error.message}")


def _is_anothers(world: Deployment, error: BricklaneError) -> bool:
    """Return whether the record is of a deployment that goes on, and holds the lock."""
    held = isinstance(error, BundleError) and locks.is_held(error)
    taken = world.interrupted if held else None
    return taken is not None and taken.id == world.record and taken.unfinished


def _give_back(world: Deployment) -> tuple[DeploymentState, str]:
    assert world.interrupted is not None  # noqa: S101  (the caller asked)
    world.run_url = world.interrupted.log_url
    return DeploymentState.IN_PROGRESS, world.interrupted.description
