import json
from pathlib import Path

import pytest

from bricklane_runtime.specification import SparkSettings, parse, take

REQUIRED = {"kind": "notebook", "run_directory": "/r", "host": "http://h", "token": "t"}


def test_fills_in_defaults_and_ignores_unknown_keys() -> None:
    specification = parse({**REQUIRED, "later": 1, "spark": {"remote": "sc://x", "new": 2}})
    assert specification.spark == SparkSettings(remote="sc://x")
    assert specification.runtime_version == "17.3"
    assert specification.working_directory is None


def test_null_means_the_default() -> None:
    assert parse({**REQUIRED, "catalog": None, "notebook": None}).catalog == ""


def test_names_a_missing_key() -> None:
    with pytest.raises(TypeError, match="'token'"):
        parse({key: value for key, value in REQUIRED.items() if key != "token"})


def test_shows_ids_of_the_context_as_text() -> None:
    specification = parse({**REQUIRED, "context": {"job_id": 7, "task_key": None}})
    assert specification.context_value("job_id") == "7"
    assert specification.context_value("task_key") == ""
    assert specification.context_value("other") == ""


def test_taking_a_specification_removes_its_file(tmp_path: Path) -> None:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(REQUIRED))
    assert take(path).host == "http://h"
    assert not path.exists()
