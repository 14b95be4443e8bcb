"""A forge that has no act plans workflows, and says what is missing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from github.Repository import Repository

    from tests.bricklane_local.forge.desk import Desk

WORKFLOW = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n"


def test_a_job_without_act_says_how_to_get_it(desk: Desk, repository: Repository) -> None:
    repository.create_file(".github/workflows/ci.yml", "ci", WORKFLOW)
    until = time.monotonic() + 30
    runs = []
    while time.monotonic() < until and not (runs and runs[0].status == "completed"):
        time.sleep(0.1)
        runs = list(repository.get_workflow_runs())
    assert [run.conclusion for run in runs] == ["failure"]
    assert (
        "start the local cloud with `bricklane local up`"
        in desk.ask("GET", runs[0].jobs()[0].logs_url()).text
    )
