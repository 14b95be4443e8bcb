"""Deployments with the real Databricks CLI to a local cloud, recorded on its forge."""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from bricklane.errors import ExitCode
from bricklane.forge.model import CheckState, MergeMethod, PullRequestState
from tests.bricklane.delivery.project import SETTINGS, Shop, open_shop
from tests.flows.cloud import LocalCloud

pytestmark = pytest.mark.real

NUMBERS = itertools.count(1)
WHEEL = "shop-0.1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    running = LocalCloud(tmp_path_factory.mktemp("delivery") / "state").up()
    yield running
    running.down()


@pytest.fixture
def shop(cloud: LocalCloud, tmp_path: Path) -> Iterator[Shop]:
    return open_shop(cloud, tmp_path, f"shop{next(NUMBERS)}")


def drafted(shop: Shop) -> None:
    """Draft release 0.1.0 and check its branch out."""
    shop.succeed("release", "draft", "--minor")
    shop.clone.git("fetch", "--quiet", "origin")
    shop.clone.git("switch", "--quiet", "release/0.1.0")


def changed(shop: Shop, message: str, files: dict[str, str]) -> str:
    """Commit files on the branch that is checked out, and push it."""
    commit = shop.clone.commit(message, files)
    shop.clone.git("push", "--quiet", "origin", "HEAD")
    return commit


def merged(shop: Shop) -> int:
    """Merge the release's pull request and check the merge commit out; return its number."""
    (found,) = shop.forge.pull_requests(head="release/0.1.0", state=PullRequestState.OPEN)
    shop.forge.merge_pull_request(
        found.number, method=MergeMethod.MERGE, head_commit=found.head_commit
    )
    shop.clone.git("switch", "--quiet", "main")
    shop.clone.git("pull", "--quiet", "origin", "main")
    return found.number


def test_what_staging_tested_goes_to_production_byte_by_byte(shop: Shop) -> None:
    changed(shop, "feat: sell", {"src/shop/sell.py": '"""Sell."""\n'})
    ran = shop.in_workflow("ci", "deploy", "--target", "dev")
    assert ran.error is None, ran.message
    drafted(shop)
    assert shop.in_workflow("ci", "deploy", "--target", "staging").error is None
    first = shop.status()["staging"]["current"]

    # A fix on the release branch: staging gets it, with another wheel.
    head = changed(shop, "fix: sell more", {"src/shop/sell.py": '"""Sell more."""\n'})
    ran = shop.in_workflow("ci", "deploy", "--target", "staging")
    assert ran.error is None, ran.message
    assert "tested staging" in ran.output
    staged = shop.status()["staging"]["current"]
    assert (staged["commit"], staged["version"]) == (head, "0.1.0")
    assert staged["tests"] == "passed (integration)"
    assert staged["wheels"] != first["wheels"]
    assert f"✅ {shop.bundle} 0.1.0 is on staging" in shop.summary.read_text()
    (check,) = (x for x in shop.forge.checks(head) if x.name == "bricklane/staging")
    assert check.state is CheckState.SUCCESS

    number = merged(shop)
    ran = shop.in_workflow("ci", "publish", "--pull-request", str(number))
    assert ran.error is None, ran.message
    assert "Building wheel" not in ran.output
    produced = shop.status()["prod"]["current"]
    assert (produced["version"], produced["wheels"]) == ("0.1.0", staged["wheels"])
    data = shop.wheel_in("prod", WHEEL)
    assert hashlib.sha256(data).hexdigest() == staged["wheels"][WHEEL]
    assert data == shop.wheel_in("staging", WHEEL)

    forge = shop.forge
    assert forge.tag("0.1.0") == produced["commit"] == shop.clone.git("rev-parse", "HEAD")
    release = forge.release("0.1.0")
    assert release is not None
    assert sorted(release.assets) == ["deployment.json", WHEEL]
    assert not release.draft
    (back,) = forge.pull_requests(base="develop", state=PullRequestState.OPEN)
    assert back.head == "back-merge/0.1.0"
    assert "is published" in shop.summary.read_text()
    assert f"#{back.number}" in shop.summary.read_text().replace("\\", "")

    again = shop.in_workflow("ci", "publish", "--pull-request", str(number))
    assert again.error is None
    assert "deploy what was tested: 0.1.0 to prod (already done)" in again.output
    environments = [row.environment for row in forge.deployments(task="bricklane")]
    assert environments == ["prod", "staging", "staging", "dev"]


def test_what_staging_has_not_tested_is_not_published(shop: Shop) -> None:
    changed(shop, "feat: sell", {"src/shop/sell.py": ""})
    drafted(shop)
    shop.succeed("deploy", "--target", "staging")
    head = changed(shop, "fix: late", {"src/shop/late.py": ""})
    refused = shop.run("release", "publish").message
    assert f"staging has not tested what commit {head[:10]} holds" in refused
    assert "staging has 0.1.0, commit" in refused

    broken = changed(shop, "fix: break", {"tests/deployed.py": "raise SystemExit('red')\n"})
    ran = shop.in_workflow("ci", "deploy", "--target", "staging")
    assert "the integration tests failed" in ran.message
    assert f"❌ {shop.bundle} 0.1.0 is on staging, and its tests failed" in shop.summary.read_text()
    assert shop.status()["staging"]["latest"]["commit"] == broken
    assert "staging did not pass with 0.1.0" in shop.run("release", "publish").message

    number = merged(shop)
    ran = shop.in_workflow("ci", "publish", "--pull-request", str(number))
    assert "staging did not pass with 0.1.0" in ran.message
    assert "was not published" in shop.summary.read_text()
    assert shop.status()["prod"]["current"] is None
    assert shop.forge.tag("0.1.0") is None
    assert "staging did not pass" in shop.run("deploy", "--target", "prod").message


def test_the_wrong_branch_and_uncommitted_or_unpushed_work_are_refused(shop: Shop) -> None:
    assert "staging takes release/* or hotfix/*" in shop.run("deploy", "-t", "staging").message
    shop.clone.git("switch", "--quiet", "--create", "release/0.1.0")
    assert "branch release/0.1.0 is not on the forge" in shop.run("deploy", "-t", "staging").message
    shop.clone.git("push", "--quiet", "origin", "HEAD")
    (shop.clone.folder / "new.py").touch()
    assert "?? new.py" in shop.run("deploy", "-t", "staging").message
    (shop.clone.folder / "new.py").unlink()
    shop.clone.git("checkout", "--quiet", "--detach")
    assert "a detached HEAD" in shop.run("deploy", "-t", "staging").message
    shop.succeed("deploy", "-t", "staging", "--any-branch", "--plan")
    assert list(shop.forge.deployments()) == []


def test_a_copy_of_ones_own_needs_no_forge_and_takes_work_as_it_is(shop: Shop) -> None:
    (shop.clone.folder / "src" / "shop" / "new.py").touch()
    shop.clone.git("remote", "remove", "origin")
    said = shop.succeed("deploy", GITHUB_TOKEN="")
    assert "nothing is recorded: a copy of your own" in said
    assert "plan: nothing to change" in shop.succeed("deploy", "--plan", GITHUB_TOKEN="")
    ran = shop.run("deploy", "--target", "staging", "--any-branch", GITHUB_TOKEN="")
    assert "deployments to staging are recorded on the forge" in ran.message
    assert "--no-record" in ran.message


def test_the_same_commit_may_be_deployed_again_and_is_not_built_again(shop: Shop) -> None:
    drafted_without_feature(shop)
    shop.succeed("deploy", "--target", "staging")
    before = shop.status()["staging"]["current"]
    said = shop.succeed("deploy", "--target", "staging")
    after = shop.status()["staging"]["current"]
    assert "Building wheel" not in said
    assert "keep the wheels: release 0.1.0 (already done)" in said
    assert (after["id"], after["wheels"]) == (before["id"], before["wheels"])


def drafted_without_feature(shop: Shop) -> None:
    changed(shop, "feat: more", {"src/shop/more.py": ""})
    drafted(shop)


GUARDED = 'test -n "$BRICKLANE_BUILT" || uv build --wheel --clear'
UNGUARDED = "date +%N > src/shop/stamp.txt && uv build --wheel --clear"


def test_a_bundle_that_builds_again_is_refused_before_it_is_deployed(shop: Shop) -> None:
    changed(shop, "feat: stamps", {"databricks.yml": shop.file.replace(GUARDED, UNGUARDED)})
    drafted(shop)
    ran = shop.run("deploy", "--target", "staging")
    assert f"the Databricks CLI built other wheels than the ones to deploy: {WHEEL}" in ran.message
    assert 'test -n "$BRICKLANE_BUILT"' in ran.message
    assert ran.error is not None
    assert ran.error.exit_code is ExitCode.CONFIG
    assert list(shop.forge.deployments()) == []


def test_a_bundle_that_breaks_the_policy_is_refused_before_it_is_deployed(shop: Shop) -> None:
    strict = SETTINGS.replace('timeout = "warning"', 'timeout = "error"')
    changed(shop, "feat: strict", {"bricklane.toml": strict})
    drafted(shop)
    ran = shop.run("deploy", "--target", "staging")
    assert "the bundle breaks the policy of target staging:" in ran.message
    assert "jobs.sales: it may run for ever: no limit for load [timeout]" in ran.message
    assert '[targets.staging.policy] timeout = "off"' in ran.message
    assert ran.error is not None
    assert ran.error.exit_code is ExitCode.CHECK
    assert list(shop.forge.deployments()) == []


def test_a_workspace_that_refuses_is_recorded_as_a_failure(shop: Shop) -> None:
    bad = shop.file.replace('catalog_name: "${var.catalog}"', "catalog_name: nowhere")
    changed(shop, "feat: nowhere", {"databricks.yml": bad})
    drafted(shop)
    ran = shop.in_workflow("ci", "deploy", "--target", "staging")
    assert "`databricks bundle deploy` failed for target staging" in ran.message
    latest = shop.status()["staging"]["latest"]
    assert latest["state"] == "failure"
    assert latest["description"].startswith("not deployed: cannot create resources.schemas")
    assert f"❌ {shop.bundle} 0.1.0 did not get to staging" in shop.summary.read_text()
    assert "mend what is said above" in shop.summary.read_text()


@pytest.fixture
def begun(shop: Shop) -> Iterator[subprocess.Popen[str]]:
    """A workflow's deployment of release 0.1.0 to staging in the middle of its uploads."""
    drafted_without_feature(shop)
    process = subprocess.Popen(
        [sys.executable, "-c", "from bricklane.cli.main import main; main()",
         "ci", "deploy", "--target", "staging"],
        cwd=shop.clone.folder,
        env={**os.environ, **shop.environment, **shop.workflow()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        try:
            seen = list(until(process.stdout, "Uploading bundle files"))
            assert "Uploading bundle files" in seen[-1], seen
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_a_deployment_that_was_killed_is_gone_on_with_though_it_left_a_lock(
    shop: Shop, begun: subprocess.Popen[str]
) -> None:
    os.killpg(begun.pid, signal.SIGKILL)
    by_hand = shop.run("deploy", "--target", "staging")
    assert "deploy lock acquired by" in by_hand.message
    assert "bricklane deploy --force-lock" in by_hand.message
    assert shop.status()["staging"]["latest"]["state"] == "in_progress", "it is not the laptop's"
    ran = shop.in_workflow("ci", "deploy", "--target", "staging")
    assert ran.error is None, ran.message
    assert shop.status()["staging"]["current"]["version"] == "0.1.0"


def test_a_deployment_that_was_cancelled_says_so_and_can_be_repeated(
    shop: Shop, begun: subprocess.Popen[str]
) -> None:
    begun.terminate()
    assert begun.stdout is not None
    begun.stdout.read()
    assert begun.wait(60) == ExitCode.INTERRUPTED
    latest = shop.status()["staging"]["latest"]
    assert (latest["state"], latest["description"]) == ("error", "interrupted")
    ran = shop.in_workflow("ci", "deploy", "--target", "staging")
    assert ran.error is None, ran.message


def until(lines: IO[str], words: str) -> Iterator[str]:
    """Yield lines up to the one with ``words``."""
    for line in lines:
        yield line
        if words in line:
            return


def test_what_would_take_data_away_needs_a_word(shop: Shop) -> None:
    shop.succeed("deploy")
    renamed = shop.file.replace('name: "${bundle.name}"', 'name: "${bundle.name}_2"')
    (shop.clone.folder / "databricks.yml").write_text(renamed)
    plan = shop.succeed("deploy", "--plan")
    assert "recreate schemas.shop" in " ".join(plan.split())
    refused = shop.run("deploy").message
    assert "deploy again with --auto-approve" in refused
    shop.succeed("deploy", "--auto-approve")
    assert "nothing to change" in shop.succeed("deploy", "--plan", BRICKLANE_AUTO_APPROVE="true")


def test_given_wheels_are_deployed_as_they_are(shop: Shop, tmp_path: Path) -> None:
    drafted_without_feature(shop)
    given = tmp_path / "given"
    given.mkdir()
    (given / WHEEL).write_bytes(b"any bytes")
    shop.succeed("deploy", "--target", "staging", "--wheels", str(given))
    assert shop.wheel_in("staging", WHEEL) == b"any bytes"


def test_checks_of_a_pull_request_are_told_in_one_comment(shop: Shop) -> None:
    shop.clone.git("switch", "--quiet", "--create", "feature/sell")
    changed(shop, "feat: sell", {"src/shop/sell.py": ""})
    made = shop.forge.create_pull_request(
        head="feature/sell", base="develop", title='$(touch x)"; rm -rf', body=""
    )
    event = {
        "GITHUB_REF": f"refs/pull/{made.number}/merge",
        "GITHUB_HEAD_REF": "feature/sell",
        "GITHUB_BASE_REF": "develop",
        "GITHUB_EVENT_NAME": "pull_request",
        "DATABRICKS_CONFIG_FILE": "/nowhere",
    }
    for _ in range(2):
        ran = shop.in_workflow("ci", "check", **event)
        assert ran.error is None, ran.message
    assert "there are no credentials to validate in a workspace" in ran.output
    assert f"commented on #{made.number}" in ran.output
    comments = shop.cloud.ask("GET", f"/repos/{shop.name}/issues/{made.number}/comments").json()
    assert len(comments) == 1
    assert "Checks of feature/sell into develop: passed" in comments[0]["body"]
    untold = shop.in_workflow("ci", "check", **event, GITHUB_TOKEN="")
    assert "the forge is not asked" in untold.output
    assert f"no comment on #{made.number}" in untold.output
    told = shop.in_workflow("ci", "comment", **event)
    assert told.output.splitlines()[-1] == f"commented on #{made.number}"
    wrong = shop.in_workflow("ci", "check", **{**event, "GITHUB_BASE_REF": "main"}, GITHUB_TOKEN="")
    told = shop.in_workflow("ci", "comment", **event)
    comments = shop.cloud.ask("GET", f"/repos/{shop.name}/issues/{made.number}/comments").json()
    assert len(comments) == 1
    assert "Checks of feature/sell into develop: failed" in comments[0]["body"]
    assert "feature/sell goes into develop, and this" in comments[0]["body"]
    assert "not passed: branch" in wrong.message
    with_access = {"DATABRICKS_CONFIG_FILE": str(shop.cloud.state / "config")}
    assert "valid for target dev" in shop.in_workflow("ci", "check", **event | with_access).output
