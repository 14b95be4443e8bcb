"""Webhooks: signed, retried, remembered."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.bricklane_local.forge.desk import Desk, branch, refusal
from tests.bricklane_local.forge.receiver import Receiver, receiving, wait

if TYPE_CHECKING:
    from github.Repository import Repository

SECRET = "größe"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that webhooks can be sent to."""
    with receiving() as found:
        yield found


def hook(repository: Repository, receiver: Receiver, *events: str) -> Any:
    config = {"url": receiver.url, "content_type": "json", "secret": SECRET}
    return repository.create_hook("web", config, list(events), active=True)


def test_what_happens_is_sent_and_signed(repository: Repository, receiver: Receiver) -> None:
    made = hook(repository, receiver, "pull_request", "push", "release", "deployment_status")
    assert made.config["secret"] == "********"
    branch(repository, "f")
    pull = repository.create_pull(base="main", head="f", title="$(touch x) 🚀")
    pull.create_issue_comment("not wanted")
    sha = pull.merge().sha
    repository.create_git_release("1.0.0", "n", "b")
    wait(lambda: receiver.events().count("release") == 3)
    wanted = ["ping", "push", "push", "pull_request", "pull_request", "push", "push"]
    assert sorted(receiver.events()) == sorted([*wanted, "release", "release", "release"])
    for headers, body in receiver.got:
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
    payloads = [receiver.payload(number) for number in range(len(receiver.got))]
    merged = next(row for row in payloads if row.get("action") == "closed")
    assert merged["pull_request"]["merged"] is True
    assert merged["pull_request"]["merge_commit_sha"] == sha
    assert merged["sender"]["login"] == "developer"
    pushes = {(row["ref"], row["after"]): row for row in payloads if "after" in row}
    assert [row["id"] for row in pushes["refs/heads/main", sha]["commits"]][-1] == sha
    assert pushes["refs/tags/1.0.0", sha]["created"] is True
    assert {row.get("action") for row in payloads if "release" in row} == {
        "created",
        "published",
        "released",
    }


def test_a_failed_delivery_is_tried_again(
    desk: Desk, repository: Repository, receiver: Receiver
) -> None:
    receiver.failures = 1
    made = hook(repository, receiver, "push")
    wait(lambda: len(receiver.got) == 2)
    assert receiver.got[0][0]["X-GitHub-Delivery"] == receiver.got[1][0]["X-GitHub-Delivery"]
    wait(lambda: [row.status for row in repository.get_hook_deliveries(made.id)] == ["OK"])
    (row,) = repository.get_hook_deliveries(made.id)
    assert (row.event, row.status_code, row.redelivery) == ("ping", 200, False)
    whole = repository.get_hook_delivery(made.id, row.id)
    assert whole.response.payload == "thanks"
    assert whole.request.payload["hook_id"] == made.id
    path = f"/repos/{repository.full_name}/hooks/{made.id}/deliveries/{row.id}/attempts"
    assert desk.ask("POST", path).status_code == 202
    wait(lambda: len(receiver.got) == 3)
    made.ping()
    wait(lambda: len(receiver.got) == 4)
    made.edit("web", {"url": receiver.url}, add_events=["release"], active=False)
    assert repository.get_hook(made.id).events == ["push", "release"]
    branch(repository, "quiet")
    made.delete()
    with refusal(404):
        repository.get_hook(made.id)
    assert len(receiver.got) == 4


@pytest.mark.parametrize("url", ["ftp://x/", "javascript:x", "http://", "/x", "http://a:b/"])
def test_addresses_that_nothing_can_be_sent_to(repository: Repository, url: str) -> None:
    with refusal(422, "'field': 'url'"):
        repository.create_hook("web", {"url": url}, ["push"])
