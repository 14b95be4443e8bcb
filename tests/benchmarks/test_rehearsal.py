from __future__ import annotations

from pathlib import Path

from benchmarks.rehearsal import WARM_UP
from bricklane.rehearse.acts import ACTS
from bricklane.rehearse.scenario import load


def test_the_warm_up_is_a_scenario_with_each_kind_of_job(tmp_path: Path) -> None:
    file = tmp_path / "warm-up.yml"
    file.write_text(WARM_UP, "utf-8")
    scenario = load(str(file), ACTS)
    assert [act.name for act in scenario.acts] == ["project", "feature"]
    assert scenario.acts[1].parameters["edit"][0]["append"] == "Warm.\n"
