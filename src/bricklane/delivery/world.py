"""What the steps of a deployment observe and act on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from bricklane.bundle.commands import Bundle
from bricklane.bundle.results import Plan, Summary
from bricklane.delivery import clone, guard
from bricklane.delivery.continuous import CiRun
from bricklane.delivery.environments import environment_of
from bricklane.delivery.records import Content, Record
from bricklane.delivery.versions import version_of
from bricklane.delivery.wheels import BUILT, Digests, build_environment
from bricklane.errors import BricklaneError, ExitCode
from bricklane.forge.protocol import Forge
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import Kinds
from bricklane.gitflow.people import BOT, login_in
from bricklane.project.bundlefile import DEVELOPMENT, BundleTarget
from bricklane.project.bundlefile import Bundle as BundleFile
from bricklane.project.settings import Settings
from bricklane.testing.reports.model import Level

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for.

    Args:
        profile: of the Databricks config file.
        any_branch: whether the branch does not matter.
        untested: whether production may get what was not tested.
        no_record: whether nothing is written down on the forge.
        wheels: folder with the wheels to deploy, instead of building them.
        auto_approve: whether the deployment may delete or recreate resources that hold data.
        force_lock: whether a lock that another deployment holds is broken.
        fail_on_active_runs: whether to refuse while something of the bundle runs.
    """

    profile: str = ""
    any_branch: bool = False
    untested: bool = False
    no_record: bool = False
    wheels: Path | None = None
    auto_approve: bool = False
    force_lock: bool = False
    fail_on_active_runs: bool = False


@dataclass
class Deployment:
    """One deployment of one commit to one target.

    Args:
        settings: of the project.
        file: what its ``databricks.yml`` declares.
        target: one of them.
        git: the user's clone.
        kinds: of branches.
        source: the commit that is deployed.
        branch: it is deployed from; empty on a detached HEAD.
        options: what the user asked for.
        environment: of this process.
        forge: where it is recorded; None when it is not.
        ci: the run of continuous integration that deploys; None on a person's machine.
        say: takes each line of output.
        stack: ends what the steps begin: the checkout, temporary folders.
        merged: whether a merged pull request says what is deployed, and not what is checked out.
        root: the folder to deploy from, once there is one.
        wheels: digests of the wheels in its ``dist/``.
        built: whether these wheels were built, and not fetched or given.
        plan: what the deployment changes, once it is known.
        summary: what is deployed, once it was asked for.
        tests: the levels that ran.
        tested: what the gate found.
        passed: levels of tests that another target passed with the same tree, with its record.
        record: the id of the forge's record, once there is one.
        deployed: whether the Databricks CLI has done its part.
        interrupted: the record that a killed run left unfinished before.
    """

    settings: Settings
    file: BundleFile
    target: BundleTarget
    git: Git
    kinds: Kinds
    source: clone.Commit
    branch: str
    options: Options
    environment: Mapping[str, str]
    forge: Forge | None
    ci: CiRun | None
    say: Say
    stack: ExitStack
    merged: bool = False
    root: Path | None = None
    wheels: Digests = field(default_factory=dict)
    built: bool = False
    plan: Plan | None = None
    summary: Summary | None = None
    tests: list[Level] = field(default_factory=list)
    tested: Record | None = None
    passed: Mapping[str, Record] = field(default_factory=dict)
    record: int | None = None
    deployed: bool = False
    interrupted: Record | None = None

    @property
    def development(self) -> bool:
        """Whether everyone who deploys has a copy of their own at this target."""
        return self.target.mode == DEVELOPMENT

    @property
    def forge_environment(self) -> str:
        """The forge's environment for the target."""
        return environment_of(self.settings, self.target.name)

    @cached_property
    def run_url(self) -> str:
        """The page where the deployment's log is; empty on a person's machine."""
        return self.ci.url if self.ci else ""

    @property
    def commit(self) -> str:
        """The SHA of the commit that is deployed."""
        return self.source.sha

    @property
    def tree(self) -> str:
        """The SHA of the commit's tree."""
        return self.source.tree

    @cached_property
    def _own_version(self) -> str:
        return version_of(self.git, self.settings, self.kinds, self.branch, self.commit)

    @property
    def version(self) -> str:
        """What people call what is deployed."""
        return self.tested.content.version if self.tested else self._own_version

    @property
    def actor(self) -> str:
        """Login of whom a run deploys for; empty on a person's machine.

        A run that another workflow has started is the bot's, and works for who wrote the commit.
        """
        if self.ci is None or self.ci.actor != BOT[0]:
            return self.ci.actor if self.ci else ""
        return login_in(self.source.author) or self.ci.actor

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of tests that have to run."""
        wanted = self.settings.targets[self.target.name].tests
        return tuple(level for level in wanted if level not in self.passed)

    @property
    def content(self) -> Content:
        """What is written down of this deployment."""
        return Content(
            version=self.version,
            tree=self.tree,
            wheels=self.wheels,
            tests=self.levels,
            run_url=self.run_url,
            actor=self.actor,
            untested=self.options.untested,
            passed_in={level: record.environment for level, record in self.passed.items()},
        )

    def deployed_from(self) -> Path:
        """Return the folder to deploy from: the checkout, else the work tree as it is."""
        return self.root or self.settings.root

    @cached_property
    def _opened(self) -> Bundle:
        """The bundle with the CLI, which is looked for once: one on PATH is asked its version."""
        from bricklane.bundle.cli import open_bundle

        profile = self.options.profile
        return open_bundle(self.deployed_from(), self.target, self.environment, profile=profile)

    def bundle(self) -> Bundle:
        """Return the bundle as the Databricks CLI is asked about it now.

        Raises:
            BricklaneError: when the CLI is not installed.
        """
        built = {BUILT: "1"} if self.wheels else {}
        added = {**build_environment(self.source.committed_at), **built}
        environment = {**added, **self._opened.environment}
        return replace(self._opened, root=self.deployed_from(), environment=environment)

    def folder(self) -> Path:
        """Return a temporary folder that goes away with the deployment."""
        return Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="bricklane-")))


@contextmanager
def open_deployment(
    start: Path,
    target: str,
    options: Options,
    environment: Mapping[str, str],
    ci: CiRun | None,
    say: Say,
) -> Iterator[Deployment]:
    """Return what a deployment of the commit that is checked out works on.

    Args:
        start: a folder of the project.
        target: of the bundle; empty for its default one.
        options: what the user asked for.
        environment: of this process.
        ci: the run that deploys; None on a person's machine.
        say: takes each line of output.

    Raises:
        BricklaneError: when the project cannot be read, has no such target, or the forge is needed
            and cannot be reached.
    """
    from bricklane.gitflow.kinds import kinds_of
    from bricklane.project.bundlefile import find_bundle, read_bundle
    from bricklane.project.loading import settings_of

    file = read_bundle(find_bundle(start))
    settings = settings_of(file)
    declared = declared_target(file, target)
    forge = _forge(settings, declared) if recorded(declared, options, ci) else None
    git = _git(settings, forge)
    kinds = kinds_of(settings.gitflow)
    commit = clone.commit(git)
    with ExitStack() as stack:
        yield Deployment(
            settings=settings,
            file=file,
            target=declared,
            git=git,
            kinds=kinds,
            source=commit,
            branch=guard.branch_to_deploy(git, commit.sha, ci, kinds, declared.name),
            options=options,
            environment=environment,
            forge=forge,
            ci=ci,
            say=say,
            stack=stack,
        )


def _git(settings: Settings, forge: Forge | None) -> Git:
    """Return the clone, let in at the remote where there is a forge: a partial clone may fetch."""
    if forge is None:
        return Git.open(settings.root, settings.gitflow.remote)
    from bricklane.forge.opening import git_environment, git_secrets

    access = git_environment(settings)
    return Git.open(settings.root, settings.gitflow.remote, access, git_secrets(access))


def recorded(target: BundleTarget, options: Options, ci: CiRun | None) -> bool:
    """Return whether a deployment is written down on the forge.

    A person's own copy in a development target is not what the target has.
    """
    return not options.no_record and (ci is not None or target.mode != DEVELOPMENT)


def declared_target(file: BundleFile, name: str) -> BundleTarget:
    """Return the target called ``name``, or the default one when it is empty.

    Raises:
        BricklaneError: when there is none; the hint lists the targets.
    """
    defaults = [target for target in file.targets.values() if target.default]
    if not name and (defaults or len(file.targets) == 1):
        return (defaults or list(file.targets.values()))[0]
    if name in file.targets:
        return file.targets[name]
    problem = f"there is no target {name!r}" if name else "no target is the default one"
    raise BricklaneError(
        f"{file.file}: {problem}",
        hint=f"targets: {', '.join(file.targets) or 'none'}",
        exit_code=ExitCode.USAGE,
    )


def _forge(settings: Settings, target: BundleTarget) -> Forge:
    from bricklane.forge.errors import ForgeError
    from bricklane.forge.opening import open_forge

    try:
        return open_forge(settings)
    except ForgeError as error:
        hint = f"{error.hint}\n" if error.hint else ""
        raise ForgeError(
            f"deployments to {target.name} are recorded on the forge: {error.message}",
            hint=f"{hint}or, knowing that nothing will be recorded: --no-record",
            exit_code=error.exit_code,
        ) from None
