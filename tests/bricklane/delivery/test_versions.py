from __future__ import annotations

import pytest

from bricklane.delivery.versions import project_version, version_of
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import kinds_of
from bricklane.project.settings import GitFlowSettings, Settings
from tests.bricklane.gitflow.conftest import git

KINDS = kinds_of(GitFlowSettings())


def settings(clone: Git, **values: object) -> Settings:
    flow = GitFlowSettings(**values)  # type: ignore[arg-type]
    return Settings(root=clone.top, bundle="shop", gitflow=flow)


@pytest.mark.parametrize("branch", ["release/2.0.0", "hotfix/2.0.0"])
def test_a_branch_that_becomes_a_version_names_it(clone: Git, branch: str) -> None:
    assert version_of(clone, settings(clone), KINDS, branch, "HEAD") == "2.0.0"


def test_other_work_is_called_after_the_project_and_the_commit(clone: Git) -> None:
    head = git(clone.top, "rev-parse", "HEAD")
    expected = f"1.2.0+g{head[:7]}"
    assert version_of(clone, settings(clone), KINDS, "develop", head) == expected
    assert version_of(clone, settings(clone), KINDS, "", head) == expected


def test_the_version_is_the_commits_and_not_the_work_trees(clone: Git) -> None:
    (clone.top / "pyproject.toml").write_text('[project]\nversion = "9.9.9"\n')
    assert project_version(clone, settings(clone), "HEAD") == "1.2.0"


@pytest.mark.parametrize("text", ["[project\n", "project = 1\n", '[project]\nname = "x"\n'])
def test_without_a_version_the_commit_is_the_name(clone: Git, text: str) -> None:
    (clone.top / "pyproject.toml").write_text(text)
    git(clone.top, "commit", "-qam", "broken")
    head = git(clone.top, "rev-parse", "HEAD")
    assert version_of(clone, settings(clone), KINDS, "develop", head) == head[:7]
    assert project_version(clone, settings(clone, version_files=("gone.toml",)), head) == ""


def test_a_project_in_a_subfolder_has_its_own(clone: Git) -> None:
    (clone.top / "sub").mkdir()
    (clone.top / "sub" / "pyproject.toml").write_text('[project]\nversion = "3.0.0"\n')
    git(clone.top, "add", ".")
    git(clone.top, "commit", "-qm", "sub")
    found = Settings(root=clone.top / "sub", bundle="shop")
    assert project_version(clone, found, "HEAD") == "3.0.0"
