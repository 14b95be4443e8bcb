"""5xx, 429, lost connections and rate limits: what is asked again, how often, and what is told."""

from __future__ import annotations

import time

import pytest

from bricklane.errors import ExitCode
from bricklane.forge.errors import ForgeForbidden, ForgeUnavailable
from bricklane.forge.github.adapter import GitHub
from bricklane.forge.github.api import Api
from bricklane.forge.model import CheckState
from tests.bricklane.forge.conftest import QUICK, REPOSITORY, TOKEN, Answer, Script

BROKEN = Answer(502, {"message": "Server Error"})
LOST = Answer(lost=True)
BRANCH = Answer(body={"name": "main", "commit": {"sha": "a" * 40}, "protected": True})


@pytest.mark.parametrize("failure", [BROKEN, LOST, Answer(503), Answer(500, {"message": "x"})])
def test_reading_is_asked_again(forge: GitHub, script: Script, failure: Answer) -> None:
    script.on("GET", "branches/main", failure, failure, BRANCH)
    found = forge.branch("main")
    assert found is not None
    assert found.protected
    assert script.count("GET", "branches/main") == 3


def test_what_stays_broken_is_told(forge: GitHub, script: Script) -> None:
    script.on("GET", "branches/main", BROKEN)
    with pytest.raises(ForgeUnavailable) as caught:
        forge.branch("main")
    assert "answered 502 to GET /repos/acme/flights/branches/main" in caught.value.message
    assert "Server Error" in caught.value.message
    assert "it goes on where it stopped" in str(caught.value.hint)
    assert caught.value.exit_code == ExitCode.NETWORK
    assert script.count("GET", "branches/main") == 1 + QUICK.attempts


def test_a_forge_on_this_machine_is_reached_past_a_proxy(
    forge: GitHub, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    script.on("GET", "branches/main", BRANCH)
    assert forge.branch("main") is not None


def test_a_forge_that_is_down_is_told(script: Script) -> None:
    forge = GitHub(Api("http://127.0.0.1:9/api/v3", REPOSITORY, TOKEN, patience=QUICK))
    with pytest.raises(ForgeUnavailable, match=r"could not be asked GET .*: .*refused") as caught:
        forge.repository()
    assert TOKEN not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("status", [429, 403])
def test_retry_after_is_kept_to_even_by_what_must_not_happen_twice(
    forge: GitHub, script: Script, status: int
) -> None:
    made = {"id": 1, "state": "success"}
    slow = Answer(
        status, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "1"}
    )
    script.on("POST", f"statuses/{'a' * 40}", slow, Answer(201, made))
    began = time.monotonic()
    forge.set_check("a" * 40, "bricklane/staging", CheckState.SUCCESS)
    assert time.monotonic() - began >= 1
    assert script.count("POST") == 2


@pytest.mark.parametrize("status", [429, 403])
def test_the_reset_of_a_spent_limit_is_waited_for(
    forge: GitHub, script: Script, status: int
) -> None:
    spent = Answer(
        status,
        {"message": "API rate limit exceeded for user ID 1."},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()))},
    )
    script.on("GET", "branches/main", spent, BRANCH)
    assert forge.branch("main") is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "3600"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3600)},
    ],
)
@pytest.mark.parametrize("status", [429, 403])
def test_a_limit_that_lasts_is_told_with_its_end(
    forge: GitHub, script: Script, status: int, headers: dict[str, str]
) -> None:
    script.on(
        "GET", "branches/main", Answer(status, {"message": "API rate limit exceeded"}, headers)
    )
    began = time.monotonic()
    with pytest.raises(ForgeUnavailable, match="rate limit") as caught:
        forge.branch("main")
    assert time.monotonic() - began < 2
    assert "UTC" in str(caught.value.hint)


def test_a_refusal_is_not_asked_again(forge: GitHub, script: Script) -> None:
    script.on("GET", "branches/main", Answer(403, {"message": "Resource not accessible"}))
    with pytest.raises(ForgeForbidden):
        forge.branch("main")
    assert script.count("GET", "branches/main") == 1


@pytest.mark.parametrize("failure", [BROKEN, LOST])
def test_a_pull_request_whose_answer_was_lost_is_found(
    forge: GitHub, script: Script, failure: Answer
) -> None:
    script.on("POST", "pulls", failure)
    script.on("GET", "pulls", Answer(body=[]), Answer(body=[pull()]))
    made = forge.create_pull_request(head="release/1.0.0", base="main", title="t", body="b")
    assert made.number == 7
    assert script.count("POST") == 1


def test_a_pull_request_that_was_not_made_is_made(forge: GitHub, script: Script) -> None:
    script.on("POST", "pulls", BROKEN, Answer(201, pull()))
    script.on("GET", "pulls", Answer(body=[]))
    made = forge.create_pull_request(head="release/1.0.0", base="main", title="t", body="b")
    assert made.number == 7
    assert script.count("POST") == 2


def pull() -> dict[str, object]:
    home = {"full_name": REPOSITORY, "id": 1}
    return {
        "number": 7,
        "title": "t",
        "state": "open",
        "html_url": "http://127.0.0.1/acme/flights/pull/7",
        "user": {"login": "me"},
        "head": {"ref": "release/1.0.0", "sha": "b" * 40, "repo": home},
        "base": {"ref": "main", "sha": "a" * 40, "repo": home},
    }
