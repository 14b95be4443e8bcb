"""The workflows that the template makes: thin, pinned, least privilege, and clean for linters."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from conftest import Output

BIN = Path(sys.executable).parent
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
ALLOWED = {
    "actions/checkout",
    "actions/download-artifact",
    "actions/upload-artifact",
    "astral-sh/setup-uv",
}
SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"
# The second job of a workflow, whose first has the workflow's name here.
COMMENT = "pull-request/comment"
WORKFLOWS = {
    "deploy-dev",
    "deploy-staging",
    "draft-new-hotfix",
    "draft-new-release",
    "publish-new-release",
    "pull-request",
}
PERMISSIONS: dict[str, dict[str, str]] = {
    "pull-request": {"contents": "read"},
    COMMENT: {"contents": "read", "pull-requests": "write", "statuses": "write"},
    "deploy-dev": {
        "actions": "read",
        "contents": "read",
        "deployments": "write",
        "statuses": "write",
    },
    "deploy-staging": {
        "actions": "read",
        "contents": "write",
        "deployments": "write",
        "statuses": "write",
    },
    "draft-new-hotfix": {"actions": "write", "contents": "write", "pull-requests": "write"},
    "draft-new-release": {"actions": "write", "contents": "write", "pull-requests": "write"},
    "publish-new-release": {
        "actions": "write",
        "contents": "write",
        "deployments": "write",
        "pull-requests": "write",
        "statuses": "write",
    },
}
ENVIRONMENTS = {"deploy-dev": "dev", "deploy-staging": "staging", "publish-new-release": "prod"}


def files(root: Path) -> list[Path]:
    return sorted((root / ".github/workflows").iterdir())


def workflows(root: Path) -> dict[str, dict[Any, Any]]:
    return {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in files(root)}


def jobs(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, workflow in workflows(root).items():
        first, *others = workflow["jobs"].items()
        yield name, first[1]
        for key, job in others:
            yield f"{name}/{key}", job


def steps(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in jobs(root):
        for step in job["steps"]:
            yield name, step


def test_every_action_is_pinned_to_a_commit_with_its_version_in_a_comment(output: Output) -> None:
    lines = [
        line.partition("uses:")[2].strip()
        for file in files(output.root)
        for line in file.read_text("utf-8").splitlines()
        if re.match(r"\s*(- )?uses:", line)
    ]

    assert len(lines) == 2 * (len(WORKFLOWS) + 1) + 2
    assert [line for line in lines if not PINNED.fullmatch(line)] == []
    assert {line.partition("@")[0] for line in lines} == ALLOWED


def test_no_workflow_gives_a_fork_what_is_not_its_own(output: Output) -> None:
    for stem, workflow in workflows(output.root).items():
        events = workflow[True]  # YAML reads the key `on` so
        assert not {"pull_request_target", "workflow_run"} & set(events), stem
    by_name = dict(jobs(output.root))
    checks = json.dumps(by_name["pull-request"])
    assert "secrets." not in checks
    assert "github.token" not in checks
    assert "id-token" not in checks
    for stem in (COMMENT, "publish-new-release"):
        assert SAME_REPOSITORY in by_name[stem]["if"]
    publish = by_name["publish-new-release"]["if"]
    assert "github.event.pull_request.merged == true" in publish


def test_permissions_are_the_least_and_named_per_job(output: Output) -> None:
    federated = output.given.get("authentication") == "oidc"
    for workflow in workflows(output.root).values():
        assert workflow["permissions"] == {}
    for stem, job in jobs(output.root):
        token = {"id-token": "write"} if federated and stem in ENVIRONMENTS else {}
        assert job["permissions"] == PERMISSIONS[stem] | token, stem


def test_no_expression_stands_in_a_script(output: Output) -> None:
    for stem, step in steps(output.root):
        assert "${{" not in step.get("run", ""), stem


def test_each_job_ends_by_itself_and_signs_in_only_in_its_environment(output: Output) -> None:
    assert set(workflows(output.root)) == WORKFLOWS
    assert {stem for stem, _ in jobs(output.root)} == {*WORKFLOWS, COMMENT}
    for stem, job in jobs(output.root):
        assert job["timeout-minutes"] <= 60
        assert job.get("environment") == ENVIRONMENTS.get(stem), stem
        signs_in = any("DATABRICKS_CLIENT_ID" in step.get("env", {}) for step in job["steps"])
        assert signs_in == (stem in ENVIRONMENTS), stem
        assert "env" not in job, "what signs in belongs to the one step that needs it"


def test_deployments_wait_for_each_other_and_checks_do_not(output: Output) -> None:
    for stem, workflow in workflows(output.root).items():
        job = next(iter(workflow["jobs"].values()))
        inner = job.get("concurrency") or workflow["concurrency"]
        for concurrency in (workflow["concurrency"], inner):
            assert concurrency["cancel-in-progress"] is (stem == "pull-request"), stem
        if target := ENVIRONMENTS.get(stem):
            assert inner["group"] == f"deploy-{target}"


def test_what_is_deployed_for_others_is_not_pushed_out_of_the_queue(output: Output) -> None:
    groups = {
        stem: workflow["concurrency"]["group"] for stem, workflow in workflows(output.root).items()
    }
    assert groups["deploy-staging"] == "deploy-staging-${{ github.ref }}"
    assert groups["publish-new-release"] == (
        "publish-${{ github.event.pull_request.number || inputs.pull_request }}"
    )


def test_checkouts_have_the_history_and_keep_no_token(output: Output) -> None:
    for stem, step in steps(output.root):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"fetch-depth": 0, "persist-credentials": False}, stem


def test_each_workflow_ends_in_one_command_of_bricklane(output: Output) -> None:
    last = {
        stem: [step["run"] for step in job["steps"] if "run" in step][-1]
        for stem, job in jobs(output.root)
    }

    assert last == {
        "deploy-dev": "bricklane ci deploy --target dev",
        "deploy-staging": "bricklane ci deploy --target staging",
        "draft-new-hotfix": 'bricklane ci draft-hotfix --pull-request "$PULL_REQUEST"',
        "draft-new-release": 'bricklane ci draft-release --bump "$BUMP"',
        "publish-new-release": 'bricklane ci publish --pull-request "$PULL_REQUEST"',
        "pull-request": "bricklane ci check",
        COMMENT: "bricklane ci comment",
    }


def test_the_job_that_may_comment_runs_nothing_of_the_pull_request(output: Output) -> None:
    job = dict(jobs(output.root))[COMMENT]
    assert [step["run"] for step in job["steps"] if "run" in step] == [
        'uv tool install "$BRICKLANE_REQUIREMENT"',
        "bricklane ci comment",
    ]
    told = [step["name"] for step in job["steps"] if "github.token" in json.dumps(step)]
    assert told == ["Comment"]


def test_dependabot_waits_before_it_proposes_a_release(output: Output) -> None:
    updates = yaml.safe_load((output.root / ".github/dependabot.yml").read_text())

    assert [update["package-ecosystem"] for update in updates["updates"]] == [
        "github-actions",
        "uv",
    ]
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates["updates"])


@pytest.mark.real
def test_zizmor_finds_nothing_in_its_strictest_persona(output: Output) -> None:
    done = subprocess.run(
        [BIN / "zizmor", "--persona", "auditor", "--offline", "--no-progress", "."],
        cwd=output.root,
        env={key: value for key, value in os.environ.items() if key != "GH_TOKEN"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout
    assert not list(output.root.rglob("zizmor.y*ml")), "nothing is silenced"
    assert "zizmor: ignore" not in "".join(f.read_text("utf-8") for f in files(output.root))


@pytest.mark.real
def test_actionlint_finds_nothing(output: Output) -> None:
    path = subprocess.run(
        [BIN / "bricklane", "tools", "path", "actionlint"],
        check=True,
        capture_output=True,
        text=True,
    )
    done = subprocess.run(
        [path.stdout.strip(), "-no-color", *files(output.root)],
        cwd=output.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
