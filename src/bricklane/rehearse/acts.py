"""The acts of scenarios: what people do, and what they wait for.

An act is a function of the stage; its keyword-only arguments are what a scenario tells it. People
act through git, the forge and ``bricklane``, never through the internals of either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bricklane.errors import BricklaneError
from bricklane.forge.errors import ForgeError
from bricklane.forge.model import CheckState, MergeMethod, PullRequest, PullRequestState
from bricklane.rehearse import edits, privileges, proofs, provisioning
from bricklane.rehearse.runs import failed_run, finished_run, wait_for_approval
from bricklane.rehearse.stage import DEVELOPER, MANAGER, Stage

if TYPE_CHECKING:
    from bricklane.forge.model import WorkflowRun

CHECK_SECONDS = 300.0
PUBLISH = "publish-new-release.yml"
SIGN_INS = ("secret", "oidc")
BUMPS = {"major": "MAJOR", "minor": "MINOR"}


def project(stage: Stage, *, sign_in: str = "secret") -> None:
    """Make the project and its repository, provision what both need, and push; dev is deployed."""
    if sign_in not in SIGN_INS:
        raise BricklaneError(
            f"CI cannot sign in by {sign_in!r}; it is one of: {', '.join(SIGN_INS)}"
        )
    oidc = sign_in == "oidc"
    provisioning.new_project(stage, oidc=oidc)
    provisioning.make_repository(stage)
    provisioning.provision(stage, oidc=oidc)
    provisioning.first_push(stage)
    _deploying(stage, "deploy-dev.yml", stage.settings.gitflow.develop)


def feature(
    stage: Stage, *, name: str, message: str, edit: Sequence[Mapping[str, Any]], merge: bool = True
) -> None:
    """Develop a feature, open its pull request and, when it is green, merge it."""
    develop = stage.settings.gitflow.develop
    branch = _commit_on_new_branch(stage, f"feature/{name}", develop, message, edit)
    opened = _open(stage, branch, develop, message)
    if merge:
        _merge(stage, opened, MergeMethod.MERGE)
        _deployed(stage, "deploy-dev.yml", develop)


def draft_release(stage: Stage, *, bump: str) -> None:
    """Draft a release; staging gets it."""
    if bump not in BUMPS:
        raise BricklaneError(f"a release cannot be {bump!r}; it is one of: {', '.join(BUMPS)}")
    stage.screen.happened(MANAGER, f"starts the workflow draft-new-release ({bump})")
    _dispatch(stage, "draft-new-release.yml", {"bump": BUMPS[bump]})
    branch = _newest(stage, "release/")
    stage.screen.happened("draft-new-release", f"made branch {branch} and its pull request")
    _deployed(stage, "deploy-staging.yml", branch)


def fix(
    stage: Stage, *, message: str, edit: Sequence[Mapping[str, Any]], kind: str, fails: str = ""
) -> None:
    """Push a commit to the open release or hotfix branch; staging gets it, or fails saying so."""
    branch = _newest(stage, f"{kind}/")
    stage.git("fetch", "--quiet", "origin")
    stage.git("switch", "--quiet", "-C", branch, f"origin/{branch}")
    _commit(stage, message, edit)
    stage.git("push", "--quiet", "origin", branch)
    stage.screen.happened(DEVELOPER, f"pushes a fix to {branch}: {message}")
    if fails:
        failed_run(stage, workflow="deploy-staging.yml", commit=stage.head(branch))
        proofs.log_says(stage, stage.head(branch), fails)
    else:
        _deployed(stage, "deploy-staging.yml", branch)


def publish(stage: Stage, *, kind: str = "release", approve: bool = True) -> None:
    """Merge the release or hotfix into main and answer for its entry into production."""
    (pull_request, *_) = stage.open_pull_requests(prefix=f"{kind}/")
    # Who merges starts the run, which somebody else has to approve.
    _merge(stage, pull_request, MergeMethod.MERGE, login=DEVELOPER)
    stage.pull_request = pull_request.number
    # A run that a pull request started is known by the head that it had.
    merged = stage.forge().pull_request(pull_request.number) or pull_request
    _answer(stage, pull_request, merged.head_commit, approve=approve)


def publish_again(stage: Stage) -> None:
    """Start the publication of the pull request merged last once more; another approves it."""
    pull_request = _pull_request(stage)
    main = stage.settings.gitflow.main
    inputs = {"pull_request": str(pull_request.number)}
    stage.forge().dispatch_workflow(PUBLISH, ref=main, inputs=inputs)
    stage.screen.happened(DEVELOPER, f"starts the workflow publish-new-release for {inputs}")
    _answer(stage, pull_request, stage.head(main), approve=True)


def _answer(stage: Stage, pull_request: PullRequest, commit: str, *, approve: bool) -> None:
    run = wait_for_approval(stage, PUBLISH, commit)
    said = "tested on staging" if approve else "not this week"
    stage.forge(MANAGER).review_run(run.id, ["prod"], approve=approve, comment=said)
    stage.screen.happened(MANAGER, f"{'approves' if approve else 'rejects'} prod: {said}")
    if approve:
        finished_run(stage, run)
        stage.screen.happened("publish-new-release", f"deployed {pull_request.head} to prod")
    else:
        failed_run(stage, run)
        stage.screen.happened("publish-new-release", "ended without touching prod")


def merge_back(stage: Stage) -> None:
    """Merge the open back-merges; dev gets what production got."""
    develop = stage.settings.gitflow.develop
    found = list(stage.open_pull_requests(prefix="back-merge/"))
    if not found:
        raise BricklaneError("there is no open back-merge pull request to merge")
    for pull_request in found:
        _merge(stage, pull_request, MergeMethod.MERGE)
    if any(one.base == develop for one in found):
        _deploying(stage, "deploy-dev.yml", develop)
    for one in found:
        if one.base != develop:
            _deployed(stage, "deploy-staging.yml", one.base)


def bug_fix(stage: Stage, *, name: str, message: str, edit: Sequence[Mapping[str, Any]]) -> None:
    """Open a pull request that fixes a bug of production, made from main."""
    settings = stage.settings.gitflow
    branch = _commit_on_new_branch(stage, f"feature/{name}", settings.main, message, edit)
    _open(stage, branch, settings.develop, message, wait=False)


def draft_hotfix(stage: Stage) -> None:
    """Make a hotfix of the pull request that was opened last; staging gets it."""
    stage.screen.happened(
        MANAGER, f"starts the workflow draft-new-hotfix for pull request {stage.pull_request}"
    )
    _dispatch(stage, "draft-new-hotfix.yml", {"pull_request": str(stage.pull_request)})
    branch = _newest(stage, "hotfix/")
    stage.screen.happened("draft-new-hotfix", f"made branch {branch} and its pull request")
    replaced = stage.forge().pull_request(stage.pull_request)
    if replaced is None or replaced.state is not PullRequestState.CLOSED:
        raise BricklaneError(f"pull request {stage.pull_request} was not closed by its hotfix")
    _deployed(stage, "deploy-staging.yml", branch)


def resolve(stage: Stage, *, take: str) -> None:
    """Resolve the conflict of the open back-merge in favour of one side and push the result."""
    listed = next(iter(stage.open_pull_requests(prefix="back-merge/")))

    def known() -> PullRequest | None:
        # Lists do not say it, and a forge takes a moment to find out.
        found = stage.forge().pull_request(listed.number)
        return found if found is not None and found.mergeable is not None else None

    pull_request = stage.until(
        f"whether pull request {listed.number} merges",
        known,
        seconds=CHECK_SECONDS,
        detail=lambda: "the forge does not know yet",
    )
    if pull_request.mergeable is not False:
        raise BricklaneError(f"pull request {pull_request.number} has no conflict to resolve")
    stage.screen.say(f"pull request {pull_request.number} does not merge, as the forge says")
    stage.git("fetch", "--quiet", "origin")
    stage.git("switch", "--quiet", "-C", pull_request.head, f"origin/{pull_request.head}")
    side = {"ours": "ours", "theirs": "theirs"}[take]
    stage.git("merge", "--quiet", "--no-edit", "-X", side, f"origin/{pull_request.base}")
    stage.git("push", "--quiet", "origin", pull_request.head)
    stage.screen.happened(DEVELOPER, f"resolves the conflict in {pull_request.head}")


def failing_checks(stage: Stage, *, says: str) -> None:
    """See the checks of the last pull request fail, and the forge refuse its merge."""
    pull_request = _pull_request(stage)
    state = _checked(stage, pull_request)
    if state is not CheckState.FAILURE:
        raise BricklaneError(f"the checks of pull request {pull_request.number} did not fail")
    failed_run(stage, workflow="pull-request.yml", commit=pull_request.head_commit)
    proofs.log_says(stage, pull_request.head_commit, says)
    try:
        stage.forge().merge_pull_request(
            pull_request.number, method=MergeMethod.MERGE, head_commit=pull_request.head_commit
        )
    except ForgeError as refusal:
        stage.screen.say(f"the forge refuses the merge: {refusal.message}")
        return
    raise BricklaneError(f"the forge merged pull request {pull_request.number} with failed checks")


def refused_publish(stage: Stage, *, says: str) -> None:
    """See a publication refused whose tree staging has not tested green."""
    proofs.publish_refuses(stage, says)


def expect(
    stage: Stage,
    *,
    versions: Mapping[str, str] | None = None,
    tags: Sequence[str] | None = None,
    same_wheels: Sequence[str] = (),
    contains: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Check what is deployed where, which tags exist, and which branch contains which."""
    settle(stage)
    proofs.expect(stage, versions or {}, tags, same_wheels, contains or {})


def least_privilege(stage: Stage, *, job: str, catalog: str = "prod") -> None:
    """See who has no business in production refused: each tries, and is told what it lacks."""
    privileges.try_all(stage, job=job, catalog=catalog)


def run_production(stage: Stage, *, job: str) -> None:
    """Run the job in production, as its schedule would."""
    proofs.run_job(stage, "prod", job)


def show_table(stage: Stage, *, table: str, order: str, columns: Sequence[str] = ("*",)) -> None:
    """Show the first rows of a table of production, read through the SDK."""
    proofs.show_table(stage, "prod", table, order, columns)


def _commit_on_new_branch(
    stage: Stage, branch: str, base: str, message: str, edit: Sequence[Mapping[str, Any]]
) -> str:
    stage.git("fetch", "--quiet", "--prune", "origin")
    stage.git("switch", "--quiet", "--create", branch, f"origin/{base}", "--no-track")
    _commit(stage, message, edit)
    stage.git("push", "--quiet", "--set-upstream", "origin", branch)
    stage.screen.happened(DEVELOPER, f"pushes branch {branch}: {message}")
    return branch


def _commit(stage: Stage, message: str, edit: Sequence[Mapping[str, Any]]) -> None:
    edits.apply(stage.folder, edit)
    stage.git("add", "--all")
    stage.git("commit", "--quiet", "--message", message)


def _open(stage: Stage, head: str, base: str, title: str, *, wait: bool = True) -> PullRequest:
    opened = stage.forge().create_pull_request(
        head=head, base=base, title=title, body=f"{title}, as discussed."
    )
    stage.pull_request = opened.number
    stage.screen.happened(DEVELOPER, f"opens pull request {opened.number} into {base}")
    stage.screen.say(opened.url)
    if wait:
        _checked(stage, opened)
    return opened


def _pull_request(stage: Stage) -> PullRequest:
    found = stage.forge().pull_request(stage.pull_request)
    if found is None:
        raise BricklaneError("nobody has opened a pull request yet")
    return found


def _checked(stage: Stage, pull_request: PullRequest) -> CheckState:
    """Wait for the required checks of a pull request and return what they say together."""
    required = {check for rules in stage.forge().rulesets() for check in rules.checks}

    def verdict() -> CheckState | None:
        checks = {
            check.name: check.state for check in stage.forge().checks(pull_request.head_commit)
        }
        states = {checks.get(name, CheckState.PENDING) for name in required}
        if CheckState.FAILURE in states:
            return CheckState.FAILURE
        return None if CheckState.PENDING in states else CheckState.SUCCESS

    return stage.until(
        f"checks of pull request {pull_request.number}",
        verdict,
        seconds=CHECK_SECONDS,
        detail=lambda: ", ".join(sorted(required)),
    )


def _merge(
    stage: Stage, pull_request: PullRequest, method: MergeMethod, login: str = MANAGER
) -> None:
    if _checked(stage, pull_request) is CheckState.FAILURE:
        raise BricklaneError(
            f"the checks of pull request {pull_request.number} failed", hint=pull_request.url
        )
    stage.screen.say(f"checks of pull request {pull_request.number} are green")
    current = stage.forge(login).pull_request(pull_request.number) or pull_request
    stage.forge(login).merge_pull_request(
        pull_request.number, method=method, head_commit=current.head_commit
    )
    stage.screen.happened(
        login,
        f"merges pull request {pull_request.number}: {pull_request.head} → {pull_request.base}",
    )


def _deploying(stage: Stage, workflow: str, branch: str) -> None:
    """Let a deployment go on while people go on; the next that waits for one waits for both."""
    stage.deploying.append((workflow, branch, stage.head(branch)))


def _deployed(stage: Stage, workflow: str, branch: str) -> None:
    _deploying(stage, workflow, branch)
    settle(stage)


def settle(stage: Stage) -> None:
    """Wait for the deployments that are still going on, and show them.

    Raises:
        BricklaneError: when one of them fails.
    """
    while stage.deploying:
        workflow, branch, commit = stage.deploying[0]
        run = finished_run(stage, workflow=workflow, commit=commit)
        del stage.deploying[0]
        stage.screen.happened(workflow.removesuffix(".yml"), f"deployed and tested {branch}")
        stage.screen.say(run.url)


def _dispatch(stage: Stage, workflow: str, inputs: Mapping[str, str]) -> WorkflowRun:
    forge = stage.forge(MANAGER)
    known = {run.id for run in forge.workflow_runs(file=workflow)}
    branch = stage.settings.gitflow.develop
    forge.dispatch_workflow(workflow, ref=branch, inputs=inputs)
    return finished_run(stage, workflow=workflow, commit=stage.head(branch), known=known)


def _newest(stage: Stage, prefix: str) -> str:
    branches = stage.forge().branches(prefix)
    if not branches:
        raise BricklaneError(f"there is no branch {prefix}* on the forge")
    return max(branch.name for branch in branches)


# The name in a scenario → what it does.
ACTS: Mapping[str, Callable[..., None]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        project,
        feature,
        draft_release,
        fix,
        publish,
        publish_again,
        merge_back,
        bug_fix,
        draft_hotfix,
        resolve,
        failing_checks,
        refused_publish,
        expect,
        least_privilege,
        run_production,
        show_table,
    )
}
