"""What ``bricklane.toml`` can say: every key with its default.

It holds only what a bundle cannot say. Targets, hosts and service principals are read from
``databricks.yml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# The usual levels of tests, in the order that they run, and the folder that has one for each.
LEVELS = ("unit", "integration", "e2e")
TESTS = "tests"


@dataclass(frozen=True, slots=True)
class GitFlowSettings:
    """``[gitflow]``: names of branches and tags.

    Args:
        preset: row set of branch kinds: ``gitflow`` or ``trunk``.
        remote: the git remote that is the forge.
        main: the branch of what is in production.
        develop: the branch of what comes next.
        prefixes: branch kind → prefix of its branches; those not named keep the preset's.
        tag: format of release tags; ``{version}`` stands for the version.
        changelog: file that takes the notes of each release, relative to the root; empty for none.
        version_files: ``pyproject.toml`` files whose ``project.version`` follows the release.
        delete_branches: whether a published release or hotfix branch is deleted on the forge.
    """

    preset: str = "gitflow"
    remote: str = "origin"
    main: str = "main"
    develop: str = "develop"
    prefixes: Mapping[str, str] = field(default_factory=dict)
    tag: str = "{version}"
    changelog: str = "CHANGELOG.md"
    version_files: tuple[str, ...] = ("pyproject.toml",)
    delete_branches: bool = True


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    """``[forge]``: where the repository lives; by default read from the remote's URL.

    Args:
        kind: which adapter: ``github``.
        repository: ``owner/name``; empty reads it from the remote, or in CI from the environment.
        api: URL of the REST API; empty takes ``GITHUB_API_URL``, or the remote's host.
        token_variable: the environment variable that holds the token.
    """

    kind: str = "github"
    repository: str = ""
    api: str = ""
    token_variable: str = "GITHUB_TOKEN"  # noqa: S105  (a name, not a token)


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """``[targets.NAME]``: what delivery does at one target of the bundle.

    Args:
        environment: the forge's environment; empty for the target's own name.
        tests: levels of ``[tests]`` that run after a deployment, in order.
        parallel: whether these levels run at the same time; then all run, whatever one comes to.
        tested_in: targets whose green tests of the same tree count here: levels that passed there
            are not run again. Branches that become versions are tested all the same.
        policy: rule of the bundle's policy → ``error``, ``warning`` or ``off`` in this target.
    """

    environment: str = ""
    tests: tuple[str, ...] = ()
    parallel: bool = False
    tested_in: tuple[str, ...] = ()
    policy: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LintSettings:
    """``[lint]``: static validation of notebooks, scripts and SQL files.

    Args:
        ignore: codes or names of rules that are off.
        exclude: patterns of files that are left out, relative to the root.
        per_file: pattern of files → codes or names of rules that are off in them.
    """

    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotebookSettings:
    """``[notebooks]``: notebooks that ``pytest --notebooks`` runs without a test of their own.

    Args:
        skip: pattern of files → why they are left out.
        widgets: pattern of files → values of widgets, by name.
    """

    skip: Mapping[str, str] = field(default_factory=dict)
    widgets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestingSettings:
    """``[testing]``: how levels of tests are run and judged.

    Args:
        reruns: level → how often a test that fails is run again.
        fail_on_flaky: whether a test that passes only on a rerun makes its level red.
        coverage: folders whose code is measured; none looks for them.
    """

    reruns: Mapping[str, int] = field(default_factory=dict)
    fail_on_flaky: bool = False
    coverage: tuple[str, ...] = ()

    __test__ = False  # pytest would take it for a test class.


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole file.

    Args:
        root: the folder of ``databricks.yml``.
        bundle: the bundle's name, from ``databricks.yml``.
        gitflow: names of branches and tags.
        forge: where the repository lives.
        targets: by name, one for each target of ``databricks.yml``.
        tests: level → command, such as ``unit`` → ``uv run pytest tests/unit``.
        testing: how levels are run and judged.
        build: command that builds the wheels into ``dist/``; empty when the bundle has none.
        checks: commands that a pull request has to pass, beside the unit tests.
        lint: static validation.
        notebooks: notebooks that are run without a test of their own.
        policy: rule of the bundle's policy → ``error``, ``warning`` or ``off`` in every target.
    """

    root: Path
    bundle: str
    gitflow: GitFlowSettings = field(default_factory=GitFlowSettings)
    forge: ForgeSettings = field(default_factory=ForgeSettings)
    targets: Mapping[str, TargetSettings] = field(default_factory=dict)
    tests: Mapping[str, str] = field(default_factory=dict)
    testing: TestingSettings = field(default_factory=TestingSettings)
    build: str = "uv build --wheel --clear"
    checks: tuple[str, ...] = ()
    lint: LintSettings = field(default_factory=LintSettings)
    notebooks: NotebookSettings = field(default_factory=NotebookSettings)
    policy: Mapping[str, str] = field(default_factory=dict)

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that the project has: the usual ones in their order, then all others."""
        found = [
            name for name in LEVELS if name in self.tests or (self.root / TESTS / name).is_dir()
        ]
        return (*found, *(name for name in self.tests if name not in found))
