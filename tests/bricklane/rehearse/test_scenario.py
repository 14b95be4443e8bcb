"""Scenario files: read strictly, every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.rehearse import scenario
from bricklane.rehearse.acts import ACTS


def greet(stage: object, *, whom: str, loud: bool = False) -> None:
    """Greet."""


def rest(stage: object) -> None:
    """Rest."""


KNOWN = {"greet": greet, "rest": rest}


def written(folder: Path, text: str) -> str:
    path = folder / "mine.yml"
    path.write_text(text, "utf-8")
    return str(path)


def test_acts_are_read_in_order_with_what_they_take(tmp_path: Path) -> None:
    text = "title: A day\nacts:\n  - greet: {whom: Ada}\n  - rest\n"
    found = scenario.load(written(tmp_path, text), KNOWN)
    assert (found.name, found.title) == ("mine", "A day")
    assert [(act.name, dict(act.parameters)) for act in found.acts] == [
        ("greet", {"whom": "Ada"}),
        ("rest", {}),
    ]


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    text = "title: A day\nacts:\n  - greet: {who: Ada}\n  - dance\n  - [rest]\n  - rest: now\n"
    with pytest.raises(BricklaneError) as caught:
        scenario.load(written(tmp_path, text), KNOWN)
    assert caught.value.exit_code is ExitCode.CONFIG
    assert caught.value.message.splitlines()[1:] == [
        "  acts/1/greet: missing: whom",
        "  acts/1/greet: unknown: who; it takes whom, loud",
        "  acts/2: there is no act 'dance'; known: greet, rest",
        "  acts/3: expected one act with its parameters",
        "  acts/4/rest: expected parameters, found 'now'",
    ]


@pytest.mark.parametrize("text", ["", "[]", "title: x", "title: x\nacts: []", "title: x\nacts: y"])
def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BricklaneError, match="scenario"):
        scenario.load(written(tmp_path, text), KNOWN)


def test_what_is_not_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match="it is not YAML"):
        scenario.load(written(tmp_path, "title: [\n"), KNOWN)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BricklaneError, match="there is no scenario 'opera'") as caught:
        scenario.load("opera", KNOWN)
    assert "release" in (caught.value.hint or "")


@pytest.mark.parametrize("name", sorted(scenario.shipped()))
def test_the_shipped_scenarios_are_well_formed(name: str) -> None:
    assert scenario.load(name, ACTS).acts[0].name == "project"
