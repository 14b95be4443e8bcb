from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.cli.deployments import describe_status, print_status
from bricklane.delivery import records
from bricklane.delivery.records import Content
from bricklane.delivery.status import Progress, history, status
from bricklane.forge.model import DeploymentState, MergeMethod
from bricklane.gitflow.git import Git
from bricklane.project.settings import Settings, TargetSettings
from tests.bricklane.delivery.memory import DeliveryForge
from tests.bricklane.gitflow.conftest import git

SETTINGS = Settings(
    root=Path(),
    bundle="shop",
    targets={
        "dev": TargetSettings(),
        "staging": TargetSettings(environment="stage"),
        "prod": TargetSettings(),
    },
)


def deployed(
    forge: DeliveryForge, environment: str, version: str, state: DeploymentState | None
) -> None:
    commit = version.replace(".", "") * 10
    content = Content(version, commit, {}, tests=("e2e",), run_url="https://run/1")
    number = records.begin(forge, environment, commit, "main", content, None)
    if state:
        records.mark(forge, number, environment, commit, state, f"{version} {state}", content)


@pytest.fixture
def busy(forge: DeliveryForge, clone: Git) -> DeliveryForge:
    deployed(forge, "stage", "1.0.0", DeploymentState.SUCCESS)
    deployed(forge, "prod", "1.0.0", DeploymentState.SUCCESS)
    deployed(forge, "stage", "1.1.0", DeploymentState.SUCCESS)
    deployed(forge, "stage", "1.2.0", DeploymentState.FAILURE)
    git(clone.top, "push", "-q", "origin", "main:refs/heads/develop")
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "more")
    git(clone.top, "push", "-q", "origin", "main:refs/heads/release/1.2.0", "main:refs/heads/x")
    forge.create_pull_request(head="release/1.2.0", base="main", title="Release 1.2.0", body="")
    return forge


def test_each_target_has_its_newest_good_version_and_what_came_after(busy: DeliveryForge) -> None:
    dev, staging, prod = status(busy, SETTINGS).targets
    assert (dev.current, dev.latest) == (None, None)
    assert staging.current is not None
    assert staging.latest is not None
    assert (staging.environment, staging.current.content.version) == ("stage", "1.1.0")
    assert staging.latest.content.version == "1.2.0"
    assert prod.current is not None
    assert (prod.current.content.version, prod.latest) == ("1.0.0", None)


def test_the_table_is_what_people_read(
    busy: DeliveryForge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_status(status(busy, SETTINGS))
    out = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    head = busy.branch("release/1.2.0")
    assert head is not None
    assert out == [
        "TARGET VERSION COMMIT WHEN (UTC) BY TESTS NOTE",
        "dev - - - - -",
        (
            "staging 1.1.0 1101101101 2026-01-01 00:03 developer passed (e2e) "
            "1.2.0 failed: 1.2.0 failure https://run/1"
        ),
        "prod 1.0.0 1001001001 2026-01-01 00:02 developer passed (e2e) https://run/1",
        (
            f"under way: release/1.2.0 at {head.commit[:10]} -> main, #1 "
            "https://forge/acme/flights/pull/1"
        ),
        "stage has not deployed it",
        "next: bricklane release redeploy 1.2.0",
    ]


def test_a_narrow_terminal_folds_nothing(
    busy: DeliveryForge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "62")
    print_status(status(busy, SETTINGS))
    head = busy.branch("release/1.2.0")
    assert head is not None
    assert capsys.readouterr().out.splitlines() == [
        "TARGET   VERSION  COMMIT      WHEN (UTC)        BY",
        "dev      -        -           -                 -",
        "staging  1.1.0    1101101101  2026-01-01 00:03  developer",
        "  tests passed (e2e)",
        "  1.2.0 failed: 1.2.0 failure https://run/1",
        "prod     1.0.0    1001001001  2026-01-01 00:02  developer",
        "  tests passed (e2e)",
        "  https://run/1",
        f"under way: release/1.2.0 at {head.commit[:10]} -> main, #1",
        "  https://forge/acme/flights/pull/1",
        "  stage has not deployed it",
        "  next: bricklane release redeploy 1.2.0",
    ]


def test_how_far_a_version_is(busy: DeliveryForge, clone: Git) -> None:
    def progress() -> list[Progress]:
        return [version.progress for version in status(busy, SETTINGS).versions]

    assert progress() == [Progress.OPEN]
    busy.close_pull_request(1)
    assert progress() == [Progress.ALONE]
    opened = busy.create_pull_request(head="release/1.2.0", base="main", title="", body="")
    git(clone.top, "switch", "-q", "-c", "fix", "origin/release/1.2.0")
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "fix")
    git(clone.top, "push", "-q", "origin", "fix:release/1.2.0")
    head = git(clone.top, "rev-parse", "fix")
    busy.merge_pull_request(opened.number, method=MergeMethod.MERGE, head_commit=head)
    assert progress() == [Progress.MERGED]
    busy.create_tag("1.2.0", str(busy.branch("main").commit), "1.2.0")
    assert progress() == []
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "late")
    git(clone.top, "push", "-q", "origin", "fix:release/1.2.0")
    assert progress() == [Progress.LATE]


def test_a_squashed_version_is_told_from_one_that_is_being_published(
    busy: DeliveryForge, clone: Git
) -> None:
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "fix")
    git(clone.top, "push", "-q", "origin", "HEAD:refs/heads/hotfix/1.2.1")
    opened = busy.create_pull_request(head="hotfix/1.2.1", base="main", title="", body="")
    busy.merge_pull_request(
        opened.number, method=MergeMethod.SQUASH, head_commit=opened.head_commit
    )
    found = {each.branch.name: each.progress for each in status(busy, SETTINGS).versions}
    assert found["hotfix/1.2.1"] is Progress.SQUASHED


def test_programs_get_the_same_as_json(busy: DeliveryForge) -> None:
    found = describe_status(status(busy, SETTINGS))
    assert found["targets"]["prod"]["current"]["version"] == "1.0.0"
    assert found["targets"]["prod"]["current"]["created_at"] == "2026-01-01T00:02:00+00:00"
    assert found["targets"]["dev"] == {"environment": "dev", "current": None, "latest": None}
    (branch,) = found["branches"]
    ready = branch["readiness"]
    assert (branch["name"], ready["version"], ready["ready"]) == ("release/1.2.0", "1.2.0", False)
    assert ready["next"] == "bricklane release redeploy 1.2.0"
    assert found["pull_requests"][0]["number"] == 1


def test_a_branch_whose_version_is_published_is_not_under_way(busy: DeliveryForge) -> None:
    main = busy.branch("main")
    assert main is not None
    busy.create_tag("1.2.0", main.commit, "Release 1.2.0")
    assert status(busy, SETTINGS).versions == ()


def test_history_is_newest_first_of_one_target_or_all(busy: DeliveryForge) -> None:
    everything = [record.content.version for record in history(busy, SETTINGS)]
    assert everything == ["1.2.0", "1.1.0", "1.0.0", "1.0.0"]
    staged = [record.content.version for record in history(busy, SETTINGS, "staging")]
    assert staged == ["1.2.0", "1.1.0", "1.0.0"]
