"""Workflows run by the real act, started and watched as clients do."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tests.bricklane_local.forge.actions.conftest import Bench
from tests.bricklane_local.forge.desk import branch, refusal

pytestmark = pytest.mark.real

PIPELINE = """
name: CI
on:
  push: {branches: [main]}
  workflow_dispatch:
    inputs:
      bump: {type: choice, options: [minor, major], default: minor}
      number: {type: number}
      deep: {type: boolean}
run-name: "${{ github.event_name }} ${{ inputs.bump }}"
permissions: {contents: read, checks: read}
env: {TOP: "${{ github.ref_name }}"}
defaults: {run: {shell: bash}}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs:
      version: ${{ steps.version.outputs.version }}
      multi: ${{ steps.version.outputs.multi }}
    steps:
      - uses: actions/checkout@v5
        with: {fetch-depth: 0, persist-credentials: false}
      - uses: astral-sh/setup-uv@v6
      - id: version
        run: |
          git log --oneline | tail -1
          test "$(git rev-parse HEAD)" = "$GITHUB_SHA"
          test "$(git rev-parse --abbrev-ref HEAD)" = main
          ! grep -ri authorization .git/config
          test "$PWD" = "$GITHUB_WORKSPACE" && test -d "$RUNNER_TEMP"
          test -z "$(ls "$HOME")"
          ! test -t 0 && ! test -t 1 && test -z "$(cat)"
          python -c 'import sys; print("python", sys.version_info >= (3, 11))'
          uv --version
          echo "version=1.2" >> "$GITHUB_OUTPUT"
          printf 'multi<<END\\na\\nb\\nEND\\n' >> "$GITHUB_OUTPUT"
          echo "LATER=from env" >> "$GITHUB_ENV"
          mkdir -p bin && printf '#!/bin/sh\\necho from path\\n' > bin/tool && chmod +x bin/tool
          echo "$PWD/bin" >> "$GITHUB_PATH"
          echo "### Built" >> "$GITHUB_STEP_SUMMARY"
      - run: |
          echo "$LATER"; tool
          echo "top=$TOP wf=$GITHUB_WORKFLOW event=$(wc -c < "$GITHUB_EVENT_PATH")"
      - run: exit 3
        id: flaky
        continue-on-error: true
      - if: steps.flaky.outcome == 'failure' && steps.flaky.conclusion == 'success'
        run: echo forgiven; echo "::warning file=a.py,line=3::careful"
      - if: failure()
        run: echo never
      - uses: actions/upload-artifact@v4
        with: {name: tools, path: bin}
  use:
    name: Use ${{ needs.build.outputs.version }}
    needs: build
    if: needs.build.outputs.version == '1.2' && github.event_name != 'x'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v5
        with: {name: tools, path: got}
      - run: cat got/tool; printf '%s' "$M" | wc -l
        env: {M: "${{ needs.build.outputs.multi }}"}
  not:
    name: Not at all
    needs: build
    if: needs.build.result != 'success'
    runs-on: ubuntu-latest
    steps: [{run: exit 1}]
  after:
    needs: not
    runs-on: ubuntu-latest
    steps: [{run: exit 1}]
  always:
    needs: [not, use]
    if: ${{ !cancelled() && needs.not.result == 'skipped' }}
    runs-on: ubuntu-latest
    steps: [{shell: python, run: "print('in', 'python')"}]
"""


def test_a_push_runs_the_jobs_in_order_and_leaves_checks(bench: Bench) -> None:
    sha = bench.workflow(PIPELINE)
    run = bench.run()
    bench.succeeded(run)
    assert (run.event, run.head_sha, run.head_branch) == ("push", sha, "main")
    assert (run.display_title, run.run_number, run.run_attempt) == ("push", 1, 1)
    assert bench.conclusions(run) == {
        "build": "success",
        "Use 1.2": "success",
        "Not at all": "skipped",
        "after": "skipped",
        "always": "success",
    }
    log = bench.log(run, "build")
    for line in ("python True", "from env", "from path", "forgiven", "##[warning]careful"):
        assert line in log.splitlines(), log
    assert "top=main wf=CI event=" in log
    assert "This is a stand-in for actions/checkout@v5, a part of the local forge." in log
    assert "never" not in log.splitlines()
    assert "echo from path" in bench.log(run, "Use 1.2")
    assert "in python" in bench.log(run, "always")
    steps = [(row["number"], row["conclusion"]) for row in bench.job(run, "build")["steps"]]
    assert steps[:4] == [(1, "success"), (2, "success"), (3, "success"), (4, "success")]
    assert [conclusion for _, conclusion in steps[4:]] == [
        *("success", "success", "success", "skipped", "success", "success"),
    ]
    checks = {row.name: row for row in bench.repository.get_commit(sha).get_check_runs()}
    assert checks["build"].conclusion == "success"
    assert checks["Not at all"].conclusion == "skipped"
    assert checks["build"].details_url.startswith(run.html_url)
    page = bench.desk.ask("GET", run.html_url)
    assert "Built" in page.text
    assert "careful" in page.text
    (artifact,) = run.get_artifacts()
    content = bench.desk.ask("GET", artifact.archive_download_url).content
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["tool"]
    logs = zipfile.ZipFile(io.BytesIO(bench.desk.ask("GET", run.logs_url).content))
    assert "0_build.txt" in logs.namelist()
    folder = bench.desk.state / "forge" / "runs" / str(run.id)
    assert not list(folder.glob("*.work")), "a job leaves no folder behind"


def test_a_manual_run_has_its_inputs_checked(bench: Bench) -> None:
    bench.workflow(
        PIPELINE[: PIPELINE.index("jobs:")].replace("push: {branches: [main]}", "")
        + """
jobs:
  show:
    runs-on: ubuntu-latest
    steps: [{run: 'echo "$I / ${{ github.event.inputs.deep }} / ${{ inputs.deep && 7 || 8 }}"',
             env: {I: "${{ toJSON(inputs) }}"}}]
"""
    )
    workflow = bench.wait("the workflow", lambda: list(bench.repository.get_workflows()))[0]
    path = f"{bench.path}/actions/workflows/ci.yml/dispatches"
    for body, message in (
        ({"ref": "main", "inputs": {"bump": "huge"}}, "Provided value 'huge' for input 'bump'"),
        ({"ref": "main", "inputs": {"x": "y"}}, 'Unexpected inputs provided: ["x"]'),
        ({"ref": "main", "inputs": {"number": "z"}}, "'number' is not a number"),
        ({"ref": "absent"}, "No ref found for: absent"),
    ):
        answer = bench.desk.ask("POST", path, json=body)
        assert (answer.status_code, message in answer.json()["message"]) == (422, True)
    assert workflow.create_dispatch("main", {"bump": "major", "number": "12", "deep": "true"})
    run = bench.run(event="workflow_dispatch")
    assert (run.display_title, run.conclusion) == ("workflow_dispatch major", "success")
    log = bench.log(run, "show")
    assert '"number": 12,' in log
    assert "/ true / 7" in log
    workflow.disable()
    assert bench.desk.ask("POST", path, json={"ref": "main"}).status_code == 422
    assert workflow.enable()


FAILING = """
on: push
jobs:
  matrix:
    strategy:
      fail-fast: false
      matrix: {n: [1, 2], include: [{n: 2, extra: x}]}
    runs-on: ubuntu-latest
    steps: [{run: 'echo "n=${{ matrix.n }}${{ matrix.extra }}"; exit ${{ matrix.n - 0 }}'}]
"""


def test_failures_are_told_where_they_happen(bench: Bench) -> None:
    bench.workflow(FAILING, "broken.yml")
    broken = bench.run()
    assert (broken.conclusion, broken.name) == ("failure", ".github/workflows/broken.yml")
    assert "Unexpected symbol" in bench.desk.ask("GET", broken.html_url).text
    bench.workflow(
        FAILING.replace(" - 0", " == 2 && 4 || 0")
        + """
  forgiven: {runs-on: ubuntu-latest, continue-on-error: true, steps: [{run: exit 1}]}
  boxed: {runs-on: ubuntu-latest, container: debian, steps: [{run: exit 0}]}
  other: {runs-on: windows-latest, steps: [{run: exit 0}]}
  unknown: {runs-on: ubuntu-latest, steps: [{uses: nobody/nothing@v1}]}
  follows: {needs: matrix, runs-on: ubuntu-latest, steps: [{run: exit 0}]}
""",
        "fails.yml",
    )
    path = f"{bench.path}/actions/workflows/fails.yml/runs"
    rows = bench.wait("a run", lambda: bench.desk.ask("GET", path).json().get("workflow_runs"))
    run = bench.wait("its end", lambda: _attempt(bench, rows[0]["id"], 1))
    assert run.conclusion == "failure"
    assert bench.conclusions(run) == {
        "matrix (1)": "success",
        "matrix (2, x)": "failure",
        "forgiven": "failure",
        "boxed": "failure",
        "other": "failure",
        "unknown": "failure",
        "follows": "skipped",
    }
    assert "##[error]Process completed with exit code 4." in bench.log(run, "matrix (2, x)")
    assert "Unable to resolve action `nobody/nothing@v1`" in bench.log(run, "unknown")
    page = bench.desk.ask("GET", run.html_url).text
    assert "container: the local forge runs jobs on this machine" in page
    assert "runs-on: windows-latest" in page
    assert run.rerun_failed_jobs()
    again = bench.wait("the second attempt", lambda: _attempt(bench, run.id, 2))
    assert again.conclusion == "failure"


def _attempt(bench: Bench, number: int, attempt: int) -> Any:
    run = bench.repository.get_workflow_run(number)
    return run if (run.run_attempt, run.status) == (attempt, "completed") else None


PULLS = """
name: PR
on:
  pull_request:
    types: [opened, closed]
    branches: [main]
permissions: {contents: read}
jobs:
  check:
    name: check
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: |
          echo "ref=$GITHUB_REF name=$GITHUB_REF_NAME base=$GITHUB_BASE_REF head=$GITHUB_HEAD_REF"
          echo "action=${{ github.event.action }} files=$(ls | tr '\\n' ' ')"
          test "$(git rev-parse HEAD)" = "$GITHUB_SHA"
"""


def test_a_pull_request_is_checked_as_merged_and_may_be_required(bench: Bench) -> None:
    bench.workflow(PULLS)
    bench.desk.ask(
        "PUT",
        f"{bench.path}/branches/main/protection",
        json={
            "required_status_checks": {"strict": False, "contexts": ["check"]},
            "enforce_admins": True,
            "required_pull_request_reviews": None,
            "restrictions": None,
        },
    ).raise_for_status()
    head = branch(bench.repository, "feature/x", "b.txt")
    pull = bench.repository.create_pull(base="main", head="feature/x", title="x")
    with refusal(405, "check"):
        pull.merge()
    run = bench.run()
    assert (run.event, run.head_sha, run.conclusion) == ("pull_request", head, "success")
    log = bench.log(run, "check")
    assert "ref=refs/pull/1/merge name=1/merge base=main head=feature/x" in log
    assert "action=opened files=README.md b.txt" in log
    assert pull.merge().merged
    closed = bench.wait("the second run", lambda: len(bench.runs()) == 2 and bench.run())
    assert closed.conclusion == "success"
    assert "ref=refs/heads/main name=main base=main head=feature/x" in bench.log(closed, "check")


OTHERS = """
on: {release: {types: [published]}, issues: {types: [opened]}, status: {}}
jobs:
  say:
    runs-on: ubuntu-latest
    steps: [{run: 'echo "$GITHUB_REF ${{ github.event.action || github.event.state }}"'}]
"""


def test_other_events_run_on_their_tag_or_on_the_default_branch(bench: Bench) -> None:
    tagged = bench.workflow(OTHERS)
    later = bench.repository.create_file("x.txt", "x", "x")["commit"].sha
    bench.repository.create_git_release("1.0", "One", "notes", target_commitish=tagged, draft=True)
    assert bench.runs() == []
    bench.repository.create_git_release("1.1", "Two", "notes", target_commitish=tagged)
    released = bench.run(event="release")
    assert (released.head_sha, released.head_branch, released.display_title) == (
        tagged,
        "1.1",
        "Two",
    )
    assert "refs/tags/1.1 published" in bench.log(released, "say")
    bench.repository.create_issue("it broke")
    assert bench.run(event="issues").head_sha == later
    bench.repository.get_commit(tagged).create_status("success", context="mine")
    said = bench.run(event="status")
    assert (said.head_sha, said.conclusion) == (later, "success")
    assert "refs/heads/main success" in bench.log(said, "say")
