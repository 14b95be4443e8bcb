"""Where the actions of a job come from: the repository, the forge, elsewhere, or stand-ins."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from bricklane_local.forge.actions.standins.table import STANDINS
from tests.bricklane_local.forge.actions.conftest import Bench

REMOTE = """
name: remote
inputs: {who: {default: nobody}}
outputs: {said: {value: "${{ steps.say.outputs.said }}"}}
runs:
  using: composite
  steps:
    - uses: actions/checkout@v5
      with: {path: inner}
    - id: say
      shell: bash
      run: echo "said=hello ${{ inputs.who }} $(ls inner | wc -l)" >> "$GITHUB_OUTPUT"
"""
LOCAL = """
runs:
  using: composite
  steps: [{uses: "astral-sh/setup-uv@v6"}, {shell: bash, run: "echo local action"}]
"""
WORKFLOW = """
on: {push: {paths: ['.github/workflows/**']}}
jobs:
  all:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: ./.github/actions/mine
      - uses: elsewhere/remote@v1
        id: remote
        with: {who: you}
      - uses: developer/SHARED/sub@main
      - run: echo "${{ steps.remote.outputs.said }}"
  gone:
    runs-on: ubuntu-latest
    steps: [{uses: elsewhere/absent@v1}]
"""


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(["git", *who, "-C", str(folder), *words], check=True, capture_output=True)


@pytest.mark.real
def test_actions_are_found_wherever_they_are(bench: Bench) -> None:
    source = bench.desk.state.parent / "source" / "elsewhere" / "remote"
    source.mkdir(parents=True)
    (source / "action.yml").write_text(REMOTE, "utf-8")
    git(source, "init", "-q", "-b", "main")
    git(source, "add", "-A")
    git(source, "commit", "-q", "-m", "x")
    git(source, "tag", "v1")
    shared = bench.desk.repository()
    body = LOCAL.replace("local action", "shared action")
    shared.create_file("sub/action.yml", "x", body)
    bench.repository.create_file(".github/actions/mine/action.yml", "x", LOCAL)
    bench.workflow(WORKFLOW.replace("SHARED", shared.name))
    run = bench.run()
    assert bench.conclusions(run) == {"all": "success", "gone": "failure"}
    lines = bench.log(run, "all").splitlines()
    assert "local action" in lines
    assert "shared action" in lines
    assert "hello you 1" in lines
    assert "Action: elsewhere/remote@v1" in lines
    assert (
        lines.count("This is a stand-in for actions/checkout@v5, a part of the local forge.") == 2
    )
    assert any("uv " in line for line in lines)
    assert "Unable to resolve action `elsewhere/absent@v1`" in bench.log(run, "gone")


@pytest.mark.parametrize("name", STANDINS)
def test_a_stand_in_is_whole(name: str) -> None:
    standin = STANDINS[name]
    compile(standin.script.read_text("utf-8"), standin.file, "exec")
    variables = standin.variables({"Some-Input": "1"})
    assert variables["INPUT_SOME-INPUT"] == "1"
    json.dumps(variables)
