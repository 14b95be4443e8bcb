"""What was acknowledged survives the death of the server, and what was half done is whole."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING

import orjson
import psutil
import requests

from tests.bricklane_local.forge.desk import Desk, branch
from tests.bricklane_local.forge.receiver import receiving, wait

if TYPE_CHECKING:
    from conftest import Server


def kill(server: Server) -> None:
    """End the server as a power button would, and wait until it is gone."""
    pid = orjson.loads((server.state / "server.json").read_bytes())["pid"]
    process = psutil.Process(pid)
    process.kill()
    process.wait(20)


def test_acknowledged_writes_survive_kill(fresh: Server) -> None:
    repository = Desk.of(fresh.up()).repository()
    branch(repository, "f")
    pull = repository.create_pull(base="main", head="f", title="t")
    repository.create_environment("prod").create_secret("TOKEN", "value")
    repository.create_issue("i").create_comment("c")
    release = repository.create_git_release("1.0.0", "n", "b")
    release.upload_asset_from_memory(b"x" * 300_000, 300_000, "a.whl")
    sha = pull.merge().sha
    kill(fresh)
    desk = Desk.of(fresh.up())
    found = desk.client().get_repo(repository.full_name)
    assert (found.get_pull(1).merged, found.get_pull(1).merge_commit_sha) == (True, sha)
    assert found.get_branch("main").commit.sha == sha
    assert [row.name for row in found.get_environment("prod").get_secrets()] == ["TOKEN"]
    assert [row.body for row in found.get_issue(2).get_comments()] == ["c"]
    asset = found.get_latest_release().get_assets()[0]
    headers = {"Accept": "application/octet-stream"}
    assert desk.ask("GET", asset.url, headers=headers).content == b"x" * 300_000


def test_a_merge_that_was_killed_is_done_or_not_begun(fresh: Server) -> None:
    desk = Desk.of(fresh.up())
    repository = desk.repository()
    for number in range(2):
        branch(repository, f"f{number}", f"{number}.txt")
        repository.create_pull(base="main", head=f"f{number}", title="t")
    for number, pause in enumerate((0.03, 0.1)):
        path = f"/repos/{repository.full_name}/pulls/{number + 1}/merge"

        def merge(address: str = path, where: Desk = desk) -> None:
            try:
                where.ask("PUT", address, json={})
            except requests.ConnectionError:
                return

        thread = threading.Thread(target=merge)
        thread.start()
        time.sleep(pause)
        kill(fresh)
        thread.join(30)
        desk = Desk.of(fresh.up())
        found = desk.client().get_repo(repository.full_name)
        pull = found.get_pull(number + 1)
        merges = [row.sha for row in found.get_commits("main") if len(row.parents) == 2]
        mine = [sha for sha in merges if f"#{number + 1} " in found.get_commit(sha).commit.message]
        assert len(mine) == int(pull.merged), f"killed after {pause} s"
        if pull.merged:
            assert pull.merge_commit_sha == mine[0]
        else:
            assert (pull.state, pull.mergeable) == ("open", True)
            assert pull.merge().merged


def test_a_delivery_under_way_is_sent_after_the_restart(fresh: Server) -> None:
    with receiving() as receiver:
        receiver.failures = 1
        repository = Desk.of(fresh.up()).repository()
        repository.create_hook("web", {"url": receiver.url, "content_type": "json"}, ["push"])
        wait(lambda: len(receiver.got) == 1)
        kill(fresh)
        desk = Desk.of(fresh.up())
        wait(lambda: len(receiver.got) == 2)
        guids = {headers["X-GitHub-Delivery"] for headers, _ in receiver.got}
        assert len(guids) == 1
        (hook,) = desk.client().get_repo(repository.full_name).get_hooks()
        found = desk.client().get_repo(repository.full_name).get_hook_deliveries(hook.id)
        wait(lambda: [row.status for row in found] == ["OK"])


def test_a_repository_and_its_git_folder_come_together_again(fresh: Server) -> None:
    desk = Desk.of(fresh.up())
    kept, cut, gone = (desk.repository() for _ in range(3))
    gone.delete()
    kill(fresh)
    folders = fresh.state / "forge" / "git"
    shutil.rmtree(folders / f"{cut.id}.git")
    shutil.copytree(folders / f"{kept.id}.git", folders / f"{gone.id}.git")
    desk = Desk.of(fresh.up())
    assert not (folders / f"{gone.id}.git").exists()
    found = desk.client().get_repo(cut.full_name)
    found.create_file("a.txt", "m", "a\n", branch="main")
    assert found.get_branch("main").commit.commit.message == "m"
    assert desk.client().get_repo(kept.full_name).get_branch("main").commit.sha
