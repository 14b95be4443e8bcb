from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import gitflow


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {"COMMITS": 100, "TAGS": 10, "UNRELEASED": 10}.items():
        monkeypatch.setattr(gitflow, name, value)
    return gitflow.make_repository(tmp_path)


def test_what_is_measured_is_right(clone: Path) -> None:
    assert gitflow.next_version(clone) == "1.10.0"
    branch, pull_request = gitflow.plan(clone)
    assert branch.startswith("create the branch with version and changelog: release/1.10.0 from")
    assert branch.endswith("(would do)")
    assert pull_request == "open the pull request: release/1.10.0 → main (would do)"
    assert gitflow.describe(clone).startswith("1.9.0-9-g")
