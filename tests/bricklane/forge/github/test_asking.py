"""Lists over pages, files up and down, sealed secrets, and records that are made once."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from nacl.public import PrivateKey, SealedBox

from bricklane.forge.errors import ForgeError
from bricklane.forge.github.adapter import GitHub
from bricklane.forge.model import DeploymentState, PullRequestState, Release
from tests.bricklane.forge.conftest import TOKEN, Answer, Asked, Script

SHA = "a" * 40
RELEASE = Release(3, "1.0.0", "1.0.0", "", True, "main", "http://127.0.0.1/acme/flights/releases/3")


def test_lists_are_read_to_the_end(forge: GitHub, script: Script) -> None:
    def page(asked: Asked) -> Answer:
        number = int(asked.query.get("page", "1"))
        assert asked.query["per_page"] == "100"
        row = {"name": f"b{number}", "commit": {"sha": SHA}, "protected": False}
        # A server may have another name for itself than the one it was reached by.
        more = f"http://forge.internal/api/v3{asked.path}?per_page=100&page={number + 1}"
        return Answer(200, [row], {"Link": f'<{more}>; rel="next"'} if number < 3 else {})

    script.on("GET", "branches", page)
    assert [branch.name for branch in forge.branches()] == ["b1", "b2", "b3"]


def test_pages_are_read_as_they_are_wanted(forge: GitHub, script: Script) -> None:
    rows = [{**deployment(number), "id": number} for number in (9, 8)]
    more = f'<{script.url}/repos/acme/flights/deployments?page=2>; rel="next"'
    script.on("GET", "deployments", Answer(200, rows, {"Link": more}))
    script.on("GET", "deployments/9/statuses", Answer(200, [{"state": "success", "id": 1}]))
    newest = next(forge.deployments(environment="staging"))
    assert (newest.id, newest.state) == (9, DeploymentState.SUCCESS)
    assert script.count("GET") == 2


def test_pull_requests_of_forks_are_left_out(forge: GitHub, script: Script) -> None:
    home, fork = {"full_name": "acme/flights", "id": 1}, {"full_name": "mallory/flights", "id": 2}
    rows = [pull(3, fork), pull(2, home, merged_at="2026-01-01T00:00:00Z"), pull(1, None)]
    script.on("GET", "pulls", Answer(200, rows))
    found = list(forge.pull_requests(head="release/1.0.0", state=PullRequestState.MERGED))
    assert [request.number for request in found] == [2]
    assert script.asked[-1].query["head"] == "acme:release/1.0.0"
    assert list(forge.pull_requests(state=PullRequestState.CLOSED)) == []


def test_a_secret_leaves_sealed(forge: GitHub, script: Script) -> None:
    key = PrivateKey.generate()
    public = base64.b64encode(bytes(key.public_key)).decode()
    script.on(
        "GET", "environments/a%2Fb/secrets/public-key", Answer(200, {"key": public, "key_id": "7"})
    )
    script.on("PUT", "environments/a%2Fb/secrets/CLIENT_SECRET", Answer(201, {}))
    forge.save_secret("CLIENT_SECRET", "s3cret", environment="a/b")
    sent = script.asked[-1].body
    assert sent["key_id"] == "7"
    opened = SealedBox(key).decrypt(base64.b64decode(sent["encrypted_value"]))
    assert opened == b"s3cret"
    assert b"s3cret" not in script.asked[-1].raw


def test_a_sticky_comment_is_replaced(forge: GitHub, script: Script) -> None:
    others = {"id": 1, "body": "a person's words"}
    script.on("GET", "issues/7/comments", Answer(200, [others]))
    script.on("POST", "issues/7/comments", Answer(201, {"id": 2}))
    forge.comment(7, "first", marker="bricklane:deploy")
    made = script.asked[-1].body["body"]
    assert made == "<!-- bricklane:deploy -->\nfirst"
    script.on("GET", "issues/7/comments", Answer(200, [others, {"id": 2, "body": made}]))
    script.on("PATCH", "issues/comments/2", Answer(200, {"id": 2}))
    forge.comment(7, "second", marker="bricklane:deploy")
    assert script.asked[-1].body["body"].endswith("second")
    forge.comment(7, "first", marker="bricklane:deploy")
    assert script.count("PATCH") == 1
    assert script.count("POST") == 1


def test_a_deployment_whose_answer_was_lost_is_found(forge: GitHub, script: Script) -> None:
    def found(asked: Asked) -> Answer:
        sent = next(asked.body for asked in script.asked if asked.verb == "POST")
        assert sent["ref"] == SHA
        older = deployment(4)
        return Answer(200, [{**deployment(5), "payload": json.dumps(sent["payload"])}, older])

    script.on("POST", "deployments", Answer(lost=True))
    script.on("GET", "deployments", found)
    made = forge.create_deployment(
        environment="staging", commit=SHA, ref="release/1.0.0", task="bricklane",
        payload={"version": "1.0.0"},
    )  # fmt: skip
    assert made.id == 5
    assert made.ref == "release/1.0.0"
    assert made.payload == {"version": "1.0.0"}
    assert script.count("POST") == 1


def test_descriptions_are_cut(forge: GitHub, script: Script) -> None:
    script.on("POST", "deployments/5/statuses", Answer(201, {}))
    forge.set_deployment_status(5, DeploymentState.FAILURE, description="x" * 500)
    assert len(script.asked[-1].body["description"]) == 140


def test_a_file_is_uploaded_once(forge: GitHub, script: Script, tmp_path: Path) -> None:
    wheel = tmp_path / "flights-1.0.0-py3-none-any.whl"
    wheel.write_bytes(b"PK\x03\x04wheel")
    upload = script.url.replace("/api/v3", "/api/uploads/repos/acme/flights/releases/3/assets")
    script.on("GET", "releases/3", Answer(200, {"upload_url": f"{upload}{{?name,label}}"}))
    broken = {"id": 8, "name": wheel.name, "state": "starter"}
    script.on("GET", "releases/3/assets", Answer(200, [broken]))
    script.on("DELETE", "releases/assets/8", Answer(204))
    script.on(
        "POST",
        "/api/uploads/repos/acme/flights/releases/3/assets",
        Answer(201, {"id": 9, "name": wheel.name}),
    )
    forge.upload_asset(RELEASE, wheel)
    sent = script.asked[-1]
    assert (sent.raw, sent.query["name"]) == (wheel.read_bytes(), wheel.name)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    done = {"id": 9, "name": wheel.name, "state": "uploaded", "digest": f"sha256:{digest}"}
    script.on("GET", "releases/3/assets", Answer(200, [done]))
    forge.upload_asset(RELEASE, wheel)
    assert script.count("POST") == 1


def test_a_download_leaves_the_token_behind(forge: GitHub, script: Script, tmp_path: Path) -> None:
    asset = {"id": 9, "name": "a.whl", "state": "uploaded"}
    storage = script.url.replace("127.0.0.1", "localhost").replace("/api/v3", "/storage/a?sig=x")
    script.on("GET", "releases/3/assets", Answer(200, [asset]))
    script.on("GET", "releases/assets/9", Answer(302, None, {"Location": storage}))
    script.on("GET", "/storage/a", Answer(200, b"\x00bytes\xff"))
    forge.download_asset(RELEASE, "a.whl", tmp_path / "new" / "a.whl")
    assert (tmp_path / "new" / "a.whl").read_bytes() == b"\x00bytes\xff"
    asked = {asked.path: asked.headers for asked in script.asked}
    assert TOKEN in asked["/repos/acme/flights/releases/assets/9"]["authorization"]
    assert "authorization" not in asked["/storage/a"]


def test_a_download_that_fails_leaves_nothing(
    forge: GitHub, script: Script, tmp_path: Path
) -> None:
    asset = {"id": 9, "name": "a.whl", "state": "uploaded"}
    script.on("GET", "releases/3/assets", Answer(200, [asset]))
    script.on("GET", "releases/assets/9", Answer(500, {"message": "no"}))
    with pytest.raises(ForgeError, match=r"answered 500 to GET .*/releases/assets/9"):
        forge.download_asset(RELEASE, "a.whl", tmp_path / "a.whl")
    with pytest.raises(ForgeError, match=r"has no file b\.whl attached"):
        forge.download_asset(RELEASE, "b.whl", tmp_path / "b.whl")
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_off_is_begun_again(
    forge: GitHub, script: Script, tmp_path: Path
) -> None:
    asset = {"id": 9, "name": "a.whl", "state": "uploaded"}
    script.on("GET", "releases/3/assets", Answer(200, [asset]))
    short = Answer(200, b"half", {"Content-Length": "8", "Connection": "close"})
    script.on("GET", "releases/assets/9", short, Answer(200, b"complete"))
    forge.download_asset(RELEASE, "a.whl", tmp_path / "a.whl")
    assert (tmp_path / "a.whl").read_bytes() == b"complete"
    assert [path.name for path in tmp_path.iterdir()] == ["a.whl"]


def test_a_tag_is_followed_to_its_commit(forge: GitHub, script: Script) -> None:
    script.on("GET", "git/ref/tags/1.0.0", Answer(200, {"object": {"type": "tag", "sha": "t1"}}))
    script.on("GET", "git/tags/t1", Answer(200, {"object": {"type": "commit", "sha": SHA}}))
    assert forge.tag("1.0.0") == SHA
    forge.create_tag("1.0.0", SHA, "again")
    assert script.count("POST") == 0
    with pytest.raises(ForgeError, match="exists and points at aaaaaaaaaaaa, not at bbbbbbbbbbbb"):
        forge.create_tag("1.0.0", "b" * 40, "another")


def test_history_without_a_common_commit_is_no_ancestry(forge: GitHub, script: Script) -> None:
    said = {"message": "No common ancestor between main and gh-pages."}
    script.on("GET", "compare/main...gh-pages", Answer(404, said))
    assert forge.is_ancestor("main", "gh-pages") is False


def deployment(number: int) -> dict[str, object]:
    return {
        "id": number,
        "environment": "staging",
        "sha": SHA,
        "ref": SHA,
        "task": "bricklane",
        "payload": {},
        "creator": {"login": "me"},
        "created_at": "2026-01-01T00:00:00Z",
    }


def pull(
    number: int, home: dict[str, object] | None, merged_at: str | None = None
) -> dict[str, object]:
    return {
        "number": number,
        "title": "t",
        "state": "closed" if merged_at else "open",
        "merged_at": merged_at,
        "html_url": f"http://127.0.0.1/acme/flights/pull/{number}",
        "user": None,
        "head": {"ref": "release/1.0.0", "sha": "b" * 40, "repo": home},
        "base": {"ref": "main", "sha": SHA, "repo": {"full_name": "acme/flights", "id": 1}},
    }
