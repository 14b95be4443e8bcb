"""What a runner keeps between jobs, and for whom."""

from __future__ import annotations

from pathlib import Path

from bricklane.runner import FOLDER, UV_ENVIRONMENT, WORKSPACE, kept_for, project_environment


def job(tmp_path: Path, name: str) -> dict[str, str]:
    """Return the environment of a job whose workspace no other job has."""
    (tmp_path / name / "bundles" / "shop").mkdir(parents=True)
    return {FOLDER: str(tmp_path / "runner"), WORKSPACE: str(tmp_path / name)}


def test_the_same_project_of_another_job_finds_the_same(tmp_path: Path) -> None:
    one, two = job(tmp_path, "one"), job(tmp_path, "two")
    first = project_environment(tmp_path / "one", one)
    assert first == project_environment(tmp_path / "two", two)
    assert Path(first[UV_ENVIRONMENT]).is_relative_to(tmp_path / "runner")
    inner = project_environment(tmp_path / "two" / "bundles" / "shop", two)
    assert inner != first
    assert inner == project_environment(tmp_path / "one" / "bundles" / "shop", one)


def test_the_link_leads_to_the_project_of_the_latest_job(tmp_path: Path) -> None:
    for name in ("one", "two"):
        kept = kept_for(tmp_path / name, job(tmp_path, name))
        assert kept is not None
        kept.lead_here()
        assert kept.link.resolve() == tmp_path / name
    assert [path.name for path in kept.link.parent.iterdir()] == [kept.name]


def test_nothing_is_kept_elsewhere(tmp_path: Path) -> None:
    environment = job(tmp_path, "one")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert project_environment(elsewhere, environment) == {}
    root = tmp_path / "one"
    assert project_environment(root, {WORKSPACE: environment[WORKSPACE]}) == {}
    assert project_environment(root, {FOLDER: environment[FOLDER]}) == {}
    assert project_environment(root, environment | {UV_ENVIRONMENT: "mine"}) == {}
