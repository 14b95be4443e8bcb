"""Pull requests from opening to merge, as PyGithub sees them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.bricklane_local.forge.desk import Desk, branch, refusal

if TYPE_CHECKING:
    from github.Repository import Repository

HOSTILE = '$(touch x)"; rm -rf / `id` <script>alert(1)</script> 🚀 größe \u202e'


def test_a_pull_request_is_opened_found_and_merged(desk: Desk, repository: Repository) -> None:
    head = branch(repository, "feature/x")
    made = repository.create_pull(base="main", head="feature/x", title=HOSTILE, body="b\r\n🚀")
    assert (made.number, made.title, made.body) == (1, HOSTILE, "b\r\n🚀")
    assert (made.mergeable, made.mergeable_state, made.head.sha) == (True, "clean", head)
    assert (made.commits, made.additions, made.changed_files) == (1, 1, 1)
    assert [row.filename for row in made.get_files()] == ["a.txt"]
    assert [row.sha for row in made.get_commits()] == [head]
    assert [row.number for row in repository.get_pulls(head="developer:feature/x")] == [1]
    assert list(repository.get_pulls(head="developer:other")) == []
    assert list(repository.get_pulls(base="develop")) == []
    assert not made.is_merged()
    merged = made.merge(sha=head)
    assert (merged.merged, merged.message) == (True, "Pull Request successfully merged")
    found = repository.get_pull(1)
    assert (found.merged, found.state, found.merge_commit_sha) == (True, "closed", merged.sha)
    assert found.is_merged()
    assert found.merged_by.login == "developer"
    commit = repository.get_commit(merged.sha)
    assert [row.sha for row in commit.parents][1] == head
    assert commit.commit.message == f"Merge pull request #1 from developer/feature/x\n\n{HOSTILE}"
    assert [row.number for row in repository.get_commit(head).get_pulls()] == [1]
    assert [row.number for row in commit.get_pulls()] == [1]
    assert [row.sha for row in found.get_commits()] == [head]
    with refusal(405, "not mergeable"):
        found.merge()
    page = desk.ask("GET", found.html_url)
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_what_cannot_be_opened_is_refused_by_name(repository: Repository) -> None:
    branch(repository, "feature/x")
    repository.create_git_ref("refs/heads/same", repository.get_branch("main").commit.sha)
    repository.create_pull(base="main", head="feature/x", title="one")
    with refusal(422, "A pull request already exists for developer:feature/x."):
        repository.create_pull(base="main", head="feature/x", title="two")
    with refusal(422, "No commits between main and same"):
        repository.create_pull(base="main", head="same", title="t")
    with refusal(422, "'field': 'head'"):
        repository.create_pull(base="main", head="absent", title="t")
    with refusal(422, "'field': 'base'"):
        repository.create_pull(base="absent", head="same", title="t")
    with refusal(422, "'field': 'head'"):
        repository.create_pull(base="main", head="stranger:feature/x", title="t")
    with refusal(422, "too long"):
        repository.create_pull(base="main", head="same", title="x" * 257)


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_squash_and_rebase_leave_no_merge_commit(repository: Repository, method: str) -> None:
    branch(repository, "f")
    repository.create_file("b.txt", "fix: b", "b\n", branch="f")
    made = repository.create_pull(base="main", head="f", title="Title")
    sha = made.merge(merge_method=method).sha
    commits = list(repository.get_commits("main"))
    assert all(len(row.parents) < 2 for row in commits)
    assert len(commits) == {"squash": 2, "rebase": 3}[method]
    wanted = {"squash": "Title (#1)\n\n* feat: a.txt\n\n* fix: b", "rebase": "fix: b"}[method]
    assert commits[0].sha == sha
    assert commits[0].commit.message == wanted
    assert [row.number for row in repository.get_commit(sha).get_pulls()] == [1]


def test_a_merge_is_refused_while_something_is_in_its_way(repository: Repository) -> None:
    branch(repository, "f", "README.md.txt", "one\n")
    made = repository.create_pull(base="main", head="f", title="t", draft=True)
    with refusal(405, "draft"):
        made.merge()
    branch(repository, "g", "c.txt", "theirs\n")
    other = repository.create_pull(base="main", head="g", title="t")
    with refusal(409, "Head branch was modified"):
        other.merge(sha="0" * 40)
    repository.create_file("c.txt", "feat: ours", "ours\n", branch="main")
    other.update()
    assert (other.mergeable, other.mergeable_state) == (False, "dirty")
    with refusal(405, "not mergeable"):
        other.merge()
    repository.edit(allow_rebase_merge=False)
    with refusal(405, "Rebase merges are not allowed on this repository."):
        other.merge(merge_method="rebase")
    assert not other.update_branch()


def test_a_pull_request_follows_its_branches(repository: Repository) -> None:
    branch(repository, "f")
    made = repository.create_pull(base="main", head="f", title="t")
    pushed = repository.create_file("b.txt", "feat: b", "b\n", branch="f")["commit"].sha
    made.update()
    assert (made.head.sha, made.commits) == (pushed, 2)
    repository.create_file("m.txt", "feat: m", "m\n", branch="main")
    assert made.update_branch()
    made.update()
    assert made.head.sha != pushed
    made.edit(title="new", body="words", state="closed")
    assert (made.state, made.title, made.body) == ("closed", "new", "words")
    made.edit(state="open")
    assert made.state == "open"
    repository.get_git_ref("heads/f").delete()
    made.update()
    assert (made.state, made.merged) == ("closed", False)
    with refusal(422, "deleted"):
        made.edit(state="open")


def test_a_push_that_contains_the_head_merges_the_pull_request(repository: Repository) -> None:
    head = branch(repository, "f")
    made = repository.create_pull(base="main", head="f", title="t")
    sha = repository.merge("main", "f").sha
    made.update()
    assert (made.merged, made.merge_commit_sha) == (True, sha)
    assert [row.sha for row in made.get_commits()] == [head]


def test_reviews_and_reviewers(desk: Desk, repository: Repository) -> None:
    branch(repository, "f")
    made = repository.create_pull(base="main", head="f", title="t")
    made.create_review_request(["release-manager"])
    assert [row.login for row in made.get_review_requests()[0]] == ["release-manager"]
    with refusal(422, "not a collaborator"):
        made.create_review_request(["stranger"])
    with refusal(422, "pull request author"):
        made.create_review_request(["developer"])
    with refusal(422, "approve your own pull request"):
        made.create_review(event="APPROVE")
    theirs = desk.client("release-manager").get_repo(repository.full_name).get_pull(1)
    with refusal(422, "blank"):
        theirs.create_review(event="REQUEST_CHANGES")
    theirs.create_review(body="no", event="REQUEST_CHANGES")
    last = theirs.create_review(body="yes", event="APPROVE")
    assert [row.state for row in made.get_reviews()] == ["CHANGES_REQUESTED", "APPROVED"]
    assert list(made.get_review_requests()[0]) == []
    last.dismiss("changed my mind")
    assert [row.state for row in made.get_reviews()] == ["CHANGES_REQUESTED", "DISMISSED"]


def test_a_pull_request_from_a_fork(desk: Desk, repository: Repository) -> None:
    theirs = desk.client("release-manager").get_repo(repository.full_name)
    fork = theirs.create_fork()
    assert (fork.full_name.partition("/")[0], fork.parent.id) == ("release-manager", repository.id)
    fork.create_file("b.txt", "feat: b", "b\n", branch="main")
    made = theirs.create_pull(base="main", head="release-manager:main", title="t")
    assert (made.head.repo.full_name, made.commits, made.mergeable) == (fork.full_name, 1, True)
    pushed = fork.create_file("c.txt", "feat: c", "c\n", branch="main")["commit"].sha
    made.update()
    assert made.head.sha == pushed
    assert repository.get_pull(1).merge().merged
    assert repository.get_contents("c.txt").decoded_content == b"c\n"


def test_delete_branch_on_merge(repository: Repository) -> None:
    repository.edit(delete_branch_on_merge=True)
    branch(repository, "f")
    repository.create_pull(base="main", head="f", title="t").merge()
    assert [row.name for row in repository.get_branches()] == ["main"]
    assert repository.get_pull(1).merged


def test_issues_comments_and_labels(desk: Desk, repository: Repository) -> None:
    made = repository.create_issue("T", "b", labels=["bug", "área/é"], assignees=["developer"])
    assert sorted(row.name for row in made.labels) == ["bug", "área/é"]
    comment = made.create_comment(f"<!-- mark -->\n{HOSTILE}")
    comment.edit("second")
    assert [row.body for row in made.get_comments()] == ["second"]
    theirs = desk.client("release-manager").get_repo(repository.full_name)
    theirs.get_issue(1).create_comment("third")
    assert [row.body for row in repository.get_issues_comments()] == ["second", "third"]
    comment.delete()
    assert made.get_comments().totalCount == 1
    made.add_to_labels("urgent")
    made.remove_from_labels("bug")
    assert sorted(row.name for row in made.get_labels()) == ["urgent", "área/é"]
    repository.get_label("urgent").edit("very urgent", "ff0000")
    assert sorted(row.name for row in made.get_labels()) == ["very urgent", "área/é"]
    made.edit(state="closed", state_reason="not_planned")
    assert (made.state, made.state_reason) == ("closed", "not_planned")
    assert [row.number for row in repository.get_issues(state="closed")] == [1]
    assert list(repository.get_issues()) == []


def test_a_draft_becomes_ready(repository: Repository) -> None:
    branch(repository, "f")
    made = repository.create_pull(base="main", head="f", title="t", draft=True)
    assert (made.draft, made.mergeable_state) == (True, "draft")
    made.mark_ready_for_review()
    made.update()
    assert not made.draft
    made.convert_to_draft()
    with refusal(405, "draft"):
        made.merge()


def test_of_many_at_once_one_wins(desk: Desk, repository: Repository) -> None:
    branch(repository, "f")
    release = repository.create_git_release("1.0.0", "n", "b", draft=True)
    path = f"/repos/{repository.full_name}"
    upload = f"{release.upload_url.partition('{')[0]}?name=a.whl"
    pull = {"title": "t", "head": "f", "base": "main"}

    def statuses(method: str, where: str, **more: Any) -> list[int]:
        with ThreadPoolExecutor(6) as pool:
            jobs = [pool.submit(desk.ask, method, where, **more) for _ in range(6)]
            return sorted(job.result().status_code for job in jobs)

    assert statuses("POST", f"{path}/pulls", json=pull) == [201, 422, 422, 422, 422, 422]
    assert statuses("POST", upload, data=b"x" * 200_000) == [201, 422, 422, 422, 422, 422]
    assert statuses("PUT", f"{path}/pulls/1/merge", json={}) == [200, 405, 405, 405, 405, 405]
    variable = {"name": "A", "value": "b"}
    made = statuses("POST", f"{path}/actions/variables", json=variable)
    assert made == [201, 409, 409, 409, 409, 409]
    body = {"tag_name": "2.0.0"}
    assert statuses("POST", f"{path}/releases", json=body) == [201, 422, 422, 422, 422, 422]
    assert [row.name for row in repository.get_tags()] == ["2.0.0"]
