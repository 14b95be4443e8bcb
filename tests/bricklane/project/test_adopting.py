"""Adopting: delivery beside a bundle that was there before, which stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bricklane import __version__
from bricklane.cli.adopt import report
from bricklane.cli.main import main
from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.adopting import adopt
from bricklane.project.adoption import lacks
from bricklane.project.bundlefile import read_bundle
from bricklane.project.loading import load
from bricklane.project.updating import update

Git = Callable[..., str]
WHEEL = "uv build --wheel"
BUNDLE = """\
bundle:
  name: Old sales
artifacts:
  sales:
    type: whl
    build: poetry build -f wheel
targets:
  dev:
    mode: development
  prod:
    workspace: {host: https://acme.cloud.databricks.com}
"""


@pytest.fixture
def old(tmp_path: Path, git: Git) -> Path:
    """Make a repository with a bundle that knows nothing of bricklane."""
    root = tmp_path / "old"
    (root / ".github").mkdir(parents=True)
    (root / "databricks.yml").write_text(BUNDLE, "utf-8")
    (root / ".github" / "dependabot.yml").write_text("version: 2\nupdates: []\n", "utf-8")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=old")
    return root


def merged(bundle: dict[str, object], lines: tuple[str, ...]) -> dict[str, object]:
    """Return the bundle with the lines written into it."""

    def into(target: dict[str, object], more: dict[str, object]) -> dict[str, object]:
        for key, value in more.items():
            inner = target.get(key)
            if isinstance(inner, dict) and isinstance(value, dict):
                into(inner, value)
            else:
                target[key] = value
        return target

    return into(bundle, yaml.safe_load("\n".join(lines)))


def test_adds_files_and_touches_none(old: Path, git: Git) -> None:
    done = adopt(old, {}, defaults=True)

    assert git(old, "diff", "--name-only") == ""
    assert done.kept == (".github/dependabot.yml",)
    assert {"bricklane.toml", ".github/workflows/deploy-staging.yml"} <= set(done.added)
    assert done.branches == ("develop",)
    assert not (old / "src").exists()
    assert load(old).bundle == "Old sales"


def test_what_is_lacking_comes_with_the_lines_to_write(old: Path) -> None:
    done = adopt(old, {}, defaults=True)

    assert [lack.place for lack in done.lacking] == [
        "artifacts/sales/build",
        "variables",
        "targets/staging",
        "targets/prod/mode",
        "targets/prod/workspace/root_path",
        "targets/prod/run_as",
    ]
    said = "\n".join(report(done))
    assert '    build: test -n "$BRICKLANE_BUILT" || poetry build -f wheel' in said
    assert "targets/prod/mode: expected production, found nothing" in said


def test_a_bundle_with_the_lines_written_lacks_nothing(old: Path) -> None:
    content = yaml.safe_load(BUNDLE)
    for lack in lacks(read_bundle(old / "databricks.yml")):
        content = merged(content, lack.lines)
    (old / "databricks.yml").write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")

    assert lacks(read_bundle(old / "databricks.yml")) == []


def test_workflows_give_the_service_principal_that_the_lines_ask_for(old: Path) -> None:
    adopt(old, {}, defaults=True)

    staging = (old / ".github/workflows/deploy-staging.yml").read_text("utf-8")
    assert "BUNDLE_VAR_service_principal: ${{ vars.DATABRICKS_CLIENT_ID }}" in staging


def test_what_the_bundle_says_for_all_targets_is_not_lacking(old: Path) -> None:
    (old / "databricks.yml").write_text(
        "bundle: {name: sales}\n"
        "workspace: {host: 'https://acme.cloud.databricks.com', root_path: /Workspace/Shared/x}\n"
        "run_as: {user_name: me@acme.com}\n"
        "variables: {service_principal: {default: nobody}}\n"
        "targets:\n"
        "  dev: {mode: development}\n"
        "  staging: {mode: production, run_as: {service_principal_name: abc}}\n"
        "  prod: {mode: production, workspace: {root_path: /Workspace/Shared/y}}\n",
        "utf-8",
    )
    bundle = read_bundle(old / "databricks.yml")

    assert [(lack.place, lack.problem) for lack in lacks(bundle)] == [
        (
            "targets/prod/run_as",
            "jobs run as me@acme.com, a person; write in place of user_name",
        )
    ]
    assert {target.host for target in bundle.targets.values()} == {
        "https://acme.cloud.databricks.com"
    }
    assert bundle.targets["staging"].root_path == "/Workspace/Shared/x"
    assert bundle.targets["prod"].root_path == "/Workspace/Shared/y"


def test_production_may_be_called_master(old: Path, git: Git) -> None:
    git(old, "branch", "--move", "main", "master")

    done = adopt(old, {}, defaults=True)

    settings = load(old).gitflow
    assert (settings.main, settings.develop) == ("master", "develop")
    publishing = yaml.safe_load((old / ".github/workflows/publish-new-release.yml").read_text())
    assert publishing[True]["pull_request"]["branches"] == ["master"]
    assert done.branches == ("develop",)
    said = report(done)
    assert said[1] == "master is the branch of production, develop of what comes next"
    assert "  git branch develop master" in said


def test_production_may_be_what_the_remote_has_as_its_head(old: Path, git: Git) -> None:
    git(old, "branch", "--move", "main", "live/now")
    clone = old.with_name("clone")
    git(old.parent, "clone", "--quiet", str(old), str(clone))
    git(clone, "switch", "--quiet", "--create", "chore/adopt")
    git(clone, "branch", "--delete", "--force", "live/now")

    assert adopt(clone, {"develop": "next"}, defaults=True).answers["main"] == "live/now"
    assert "      - next\n" in (clone / ".github/workflows/deploy-dev.yml").read_text()


def test_a_file_in_the_way_of_a_folder_is_told(
    old: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (old / ".bricklane").write_text("mine")
    monkeypatch.chdir(old)

    with pytest.raises(SystemExit) as ended:
        main(["adopt", "--defaults"])

    assert ended.value.code == ExitCode.FAILED
    error = capsys.readouterr().err
    assert f"{old}/.bricklane" in error
    assert error.startswith("error: ")
    assert "Traceback" not in error


def test_a_bundle_without_wheel_and_version_says_so(old: Path) -> None:
    (old / "databricks.yml").write_text("bundle: {name: sql only}\n", "utf-8")

    adopt(old, {}, defaults=True)

    settings = load(old)
    assert settings.build == ""
    assert settings.gitflow.version_files == ()


@pytest.mark.parametrize(
    ("artifacts", "build"),
    [
        ("{a: {type: whl}}", "uv build --wheel --clear"),
        ("{a: {type: whl, build: make wheel}}", "make wheel"),
        ("{a: {type: whl, build: make && make wheel}}", "sh -c 'make && make wheel'"),
        (
            "{a: {type: whl, build: 'test -n \"$BRICKLANE_BUILT\" || make wheel'}}",
            "make wheel",
        ),
        ("{a: {type: whl, path: ./pkg}}", "uv build --wheel --clear --out-dir dist ./pkg"),
        (
            "{a: {type: whl, path: one}, b: {type: whl, path: two}}",
            f"sh -c '{WHEEL} --clear --out-dir dist one && {WHEEL} --out-dir dist two'",
        ),
    ],
)
def test_the_wheel_is_built_as_the_bundle_builds_it(old: Path, artifacts: str, build: str) -> None:
    (old / "databricks.yml").write_text(
        f"bundle: {{name: sales}}\nartifacts: {artifacts}\n", "utf-8"
    )

    adopt(old, {}, defaults=True)

    assert load(old).build == build


def test_a_wheel_in_a_folder_of_its_own_is_to_be_built_from_the_root(old: Path) -> None:
    (old / "databricks.yml").write_text(
        "bundle: {name: sales}\nartifacts: {a: {type: whl, path: pkg}}\n", "utf-8"
    )

    lack = lacks(read_bundle(old / "databricks.yml"))[0]

    assert lack.place == "artifacts/a/path"
    assert lack.lines[2:] == (
        "    path: .",
        '    build: test -n "$BRICKLANE_BUILT" || uv build --wheel --clear --out-dir dist pkg',
    )


def test_only_delivery_is_asked_about(old: Path) -> None:
    adopt(old, {"authentication": "oidc", "code_owners": "@acme/data"}, defaults=True)

    answers = (old / ".bricklane/answers.yml").read_text("utf-8")
    assert answers.splitlines()[2:] == [
        f'_bricklane: "{__version__}"',
        "_adopted: true",
        'authentication: "oidc"',
        'code_owners: "@acme/data"',
        'main: "main"',
        'develop: "develop"',
    ]
    assert (old / ".github/CODEOWNERS").read_text("utf-8").endswith("* @acme/data\n")


def test_what_was_adopted_can_be_updated(old: Path, git: Git) -> None:
    adopt(old, {}, defaults=True)
    git(old, "add", "--all")
    git(old, "commit", "--quiet", "--message=adopt")

    done = update(old, {"authentication": "oidc"}, defaults=True)

    assert done.conflicts == ()
    assert ".github/workflows/deploy-staging.yml" in done.changed
    assert not (old / "README.md").exists()
    assert (old / ".github/dependabot.yml").read_text("utf-8") == "version: 2\nupdates: []\n"


def test_adopting_twice_is_refused(old: Path) -> None:
    adopt(old, {}, defaults=True)

    with pytest.raises(BricklaneError, match="has delivery already") as caught:
        adopt(old, {}, defaults=True)

    assert "bricklane update" in (caught.value.hint or "")


def test_a_bundle_below_the_root_of_its_repository_is_refused(old: Path) -> None:
    inner = old / "bundles" / "sales"
    inner.mkdir(parents=True)
    (inner / "databricks.yml").write_text(BUNDLE, "utf-8")

    with pytest.raises(BricklaneError, match="workflows would have to stand there"):
        adopt(inner, {}, defaults=True)


def test_a_folder_without_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text(BUNDLE, "utf-8")

    with pytest.raises(BricklaneError, match="is not in a git repository"):
        adopt(tmp_path, {}, defaults=True)
