from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.delivery.continuous import CiRun
from bricklane.delivery.world import Options, declared_target, open_deployment, recorded
from bricklane.errors import BricklaneError, ExitCode
from bricklane.forge.errors import ForgeError
from bricklane.gitflow.git import Git
from bricklane.gitflow.people import BOT
from bricklane.project.bundlefile import Bundle, BundleTarget
from tests.bricklane.delivery.conftest import Make
from tests.bricklane.gitflow.conftest import git

DEV = BundleTarget("dev", mode="development", default=True)
PROD = BundleTarget("prod", mode="production")


def bundle(*targets: BundleTarget) -> Bundle:
    return Bundle(Path("databricks.yml"), "shop", {target.name: target for target in targets})


def test_a_target_is_the_named_one_or_the_default() -> None:
    assert declared_target(bundle(DEV, PROD), "prod") is PROD
    assert declared_target(bundle(PROD, DEV), "") is DEV
    assert declared_target(bundle(PROD), "") is PROD


@pytest.mark.parametrize(
    ("found", "name", "message", "hint"),
    [
        (bundle(DEV, PROD), "stage", "there is no target 'stage'", "targets: dev, prod"),
        (bundle(PROD, BundleTarget("x")), "", "no target is the default one", "targets: prod, x"),
        (bundle(), "", "no target is the default one", "targets: none"),
    ],
)
def test_other_targets_are_told_what_there_is(
    found: Bundle, name: str, message: str, hint: str
) -> None:
    with pytest.raises(BricklaneError) as caught:
        declared_target(found, name)
    assert caught.value.message == f"databricks.yml: {message}"
    assert (caught.value.hint, caught.value.exit_code) == (hint, ExitCode.USAGE)


@pytest.mark.parametrize(
    ("target", "ci", "no_record", "expected"),
    [
        (DEV, None, False, False),
        (DEV, CiRun(), False, True),
        (PROD, None, False, True),
        (PROD, CiRun(), True, False),
    ],
)
def test_what_counts_for_all_is_recorded(
    target: BundleTarget, ci: CiRun | None, no_record: bool, expected: bool
) -> None:
    assert recorded(target, Options(no_record=no_record), ci) is expected


@pytest.mark.parametrize(
    ("ci", "author", "actor"),
    [
        (None, "7+dana@users.noreply.github.com", ""),
        (CiRun(actor="manager"), "7+dana@users.noreply.github.com", "manager"),
        (CiRun(actor=BOT[0]), "7+dana@users.noreply.github.com", "dana"),
        (CiRun(actor=BOT[0]), BOT[1], BOT[0]),
        (CiRun(actor=BOT[0]), "dev@example.com", BOT[0]),
    ],
)
def test_a_run_that_a_workflow_started_is_the_authors(
    make: Make, clone: Git, ci: CiRun | None, author: str, actor: str
) -> None:
    git(clone.top, "-c", f"user.email={author}", "commit", "-q", "--allow-empty", "-m", "more")
    world = make(ci=ci)
    assert (world.actor, world.content.actor) == (actor, actor)


def test_a_forge_that_is_needed_and_not_known_is_told(clone: Git) -> None:
    (clone.top / "databricks.yml").write_text(
        "bundle: {name: shop}\ntargets: {prod: {mode: production}}\n"
    )
    with (
        pytest.raises(ForgeError, match="deployments to prod are recorded on the forge") as caught,
        open_deployment(clone.top, "prod", Options(), {}, None, print),
    ):
        pass
    assert (caught.value.hint or "").endswith("knowing that nothing will be recorded: --no-record")
    options = Options(no_record=True)
    with open_deployment(clone.top, "prod", options, {}, None, print) as world:
        assert (world.branch, world.forge, world.run_url) == ("main", None, "")
        assert world.version.startswith("1.2.0+g")
        folder = world.folder()
    assert not folder.exists()
