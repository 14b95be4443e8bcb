from __future__ import annotations

import pytest

from bricklane.delivery import guard
from bricklane.delivery.continuous import CiRun
from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import kinds_of
from bricklane.project.settings import GitFlowSettings
from tests.bricklane.gitflow.conftest import git

KINDS = kinds_of(GitFlowSettings())
COMMIT = "0123456789abcdef"


def head(clone: Git) -> str:
    return git(clone.top, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("target", "branch"),
    [
        ("dev", "develop"),
        ("dev", "feature/x"),
        ("staging", "release/1.0.0"),
        ("staging", "hotfix/1.0.1"),
        ("prod", "main"),
        ("sandbox", "whatever"),
        ("sandbox", ""),
    ],
)
def test_the_right_branch_passes(target: str, branch: str) -> None:
    guard.check_branch(KINDS, target, branch, COMMIT)


@pytest.mark.parametrize(
    ("target", "branch", "message", "hint"),
    [
        ("staging", "develop", "staging takes release/* or hotfix/*, and this is branch develop",
         "git switch release/NAME"),
        ("staging", "", ("staging takes release/* or hotfix/*, and this is a detached HEAD "
         "(commit 0123456789)"), "git switch release/NAME"),
        ("prod", "release/1.0.0", "prod takes main, and this is branch release/1.0.0",
         "git switch main"),
        ("dev", "experiment", "dev takes develop or feature/*, and this is branch experiment",
         "git switch develop"),
        ("staging", "release/", "staging takes release/* or hotfix/*, and this is branch release/",
         "git switch release/NAME"),
    ],
)  # fmt: skip
def test_any_other_is_refused_by_name(target: str, branch: str, message: str, hint: str) -> None:
    with pytest.raises(BricklaneError) as caught:
        guard.check_branch(KINDS, target, branch, COMMIT)
    assert caught.value.message == message
    assert caught.value.hint == f"{hint}, and deploy again\nor, knowing what you do: --any-branch"


def test_the_branch_is_the_one_that_is_checked_out(clone: Git) -> None:
    assert guard.branch_to_deploy(clone, head(clone), None, KINDS, "prod") == "main"
    assert (
        guard.branch_to_deploy(clone, head(clone), CiRun(ref="refs/heads/x"), KINDS, "prod")
        == "main"
    )


def test_a_detached_head_has_no_branch_on_a_persons_machine(clone: Git) -> None:
    git(clone.top, "checkout", "-q", "--detach")
    assert guard.branch_to_deploy(clone, head(clone), None, KINDS, "prod") == ""


def test_a_run_says_which_branch_its_detached_head_is(clone: Git) -> None:
    git(clone.top, "checkout", "-q", "--detach")
    run = CiRun(ref="refs/heads/release/1.0.0", commit=head(clone))
    assert guard.branch_to_deploy(clone, head(clone), run, KINDS, "staging") == "release/1.0.0"


def test_a_run_cannot_say_it_of_another_commit(clone: Git) -> None:
    git(clone.top, "checkout", "-q", "--detach")
    run = CiRun(ref="refs/heads/release/1.0.0", commit="f" * 40)
    assert guard.branch_to_deploy(clone, head(clone), run, KINDS, "staging") == ""


def test_in_a_run_the_head_of_an_allowed_remote_branch_counts(clone: Git) -> None:
    git(clone.top, "push", "-q", "origin", "HEAD:refs/heads/hotfix/1.0.1")
    git(clone.top, "fetch", "-q", "origin")
    git(clone.top, "checkout", "-q", "--detach")
    run = CiRun(ref="refs/tags/1.0.1")
    assert guard.branch_to_deploy(clone, head(clone), run, KINDS, "staging") == "hotfix/1.0.1"
    assert guard.branch_to_deploy(clone, head(clone), run, KINDS, "dev") == ""


def test_uncommitted_work_is_refused_with_its_files(clone: Git) -> None:
    guard.check_committed(clone, "staging")
    (clone.top / "file.txt").write_text("two\n")
    for number in range(6):
        (clone.top / f"new{number}").touch()
    with pytest.raises(BricklaneError) as caught:
        guard.check_committed(clone, "staging")
    assert "staging takes committed work only" in caught.value.message
    assert " M file.txt" in caught.value.message
    assert "and 2 more" in caught.value.message


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (None, "branch main is not on the forge"),
        ("f" * 40, "branch main is ffffffffff on the forge, and 0123456789 here"),
    ],
)
def test_what_is_not_pushed_is_refused(head: str | None, message: str) -> None:
    with pytest.raises(BricklaneError) as caught:
        guard.check_pushed(head, "main", COMMIT, "origin")
    assert caught.value.message == message
    assert "git push origin main" in (caught.value.hint or "")
    guard.check_pushed(COMMIT, "main", COMMIT, "origin")
