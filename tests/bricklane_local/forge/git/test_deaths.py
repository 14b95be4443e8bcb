"""Clients that leave and servers that die: a push happens whole or not at all, and is told once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from bricklane_local.errors import LocalError
from bricklane_local.forge.git import backend, objects, service
from bricklane_local.forge.git.backend import shared_lock
from bricklane_local.forge.git.model import Actor, Push, RefChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Clone, Served

pytestmark = pytest.mark.real

# A server that dies at the worst moment: git has moved the ref, and nobody has recorded it.
DYING = """
import os, runpy, signal, sys, time
from pathlib import Path
Served = runpy.run_path(sys.argv[1])["Served"]
server = Served(Path(sys.argv[2]))
def die(push):
    os.kill(os.getpid(), signal.SIGKILL)
server.rules.refs_changed = die
print(server.url, flush=True)
time.sleep(60)
"""


def wait_until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within 10 seconds: {what}")


def git_processes() -> dict[psutil.Process, str]:
    """The git processes below this one, with their command lines.

    Other tests of this process may have left servers running for the tests that follow: those have
    children too.
    """
    found = {}
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ends at this moment
            if child.name().startswith("git"):
                found[child] = " ".join(child.cmdline())
    return found


def children() -> list[str]:
    """What git runs for clients: without the readers of objects, which stay a while."""
    return [line for line in git_processes().values() if "cat-file" not in line]


def test_a_client_that_dies_in_mid_push_leaves_nothing(served: Served, clone: Clone) -> None:
    (clone.folder / "large").write_bytes(os.urandom(20 * 1024 * 1024))
    clone.commit("large")
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2]))) as wire:
        wire.sendall(
            b"POST /acme/flights.git/git-receive-pack HTTP/1.1\r\nHost: x\r\n"
            b"Authorization: Basic YW5uOnNlY3JldA==\r\nContent-Length: 5000000\r\n"
            b"Content-Type: application/x-git-receive-pack-request\r\n\r\n"
            + f"00a7{'0' * 40} {clone.head} refs/heads/x\0 report-status side-band-64k".encode()
        )
        wait_until(lambda: any("receive-pack" in it for it in children()), "git receives")
    wait_until(lambda: not children(), "git ends when the client left")
    assert len(served.rules.pushes) == 1
    assert not list((served.folder / "git/1.git/objects").glob("tmp_objdir*"))


def test_a_client_that_leaves_while_it_is_judged_pushes_nothing(
    served: Served, clone: Clone
) -> None:
    judging, go = asyncio.Event(), asyncio.Event()

    async def refuse(push: Push, bare: object) -> list[object]:
        judging.set()
        await go.wait()
        return []

    served.rules.refuse = refuse  # type: ignore[method-assign,assignment]
    clone.commit("second")
    pushing = subprocess.Popen(
        ["git", "push", "origin", "main"], cwd=clone.folder, start_new_session=True
    )
    served.run(asyncio.wait_for(judging.wait(), 20))
    os.killpg(pushing.pid, signal.SIGKILL)
    pushing.wait(10)
    time.sleep(0.2)
    served.loop.call_soon_threadsafe(go.set)
    wait_until(lambda: not children(), "git ends")
    assert clone.git("ls-remote", "origin", "main").split()[0] != clone.head
    assert len(served.rules.pushes) == 1


def test_a_push_is_recorded_though_its_client_left(served: Served, clone: Clone) -> None:
    """The client goes between the acceptance and the answer."""
    pushing: list[subprocess.Popen[bytes]] = []

    def killing(push: Push) -> None:
        os.killpg(pushing[0].pid, signal.SIGKILL)
        pushing[0].wait(10)
        original(push)

    original = served.rules.refs_changed
    served.rules.refs_changed = killing  # type: ignore[method-assign]
    clone.commit("second")
    pushing.append(
        subprocess.Popen(
            ["git", "push", "origin", "main"], cwd=clone.folder, start_new_session=True
        )
    )
    wait_until(lambda: len(served.rules.settled) == 2, "the push is announced")
    assert served.rules.pushes[-1].changes[0].after == clone.head


def test_a_push_survives_the_death_of_the_server(
    served_class: type[Served], tmp_path: Path, copy_of: Callable[..., Clone]
) -> None:
    folder = tmp_path / "server"
    first = served_class(folder)
    clone = copy_of(first.remote(), tmp_path / "clone", first=True)
    first.stop()
    script = str(Path(__file__).with_name("conftest.py"))
    dying = subprocess.Popen(
        [sys.executable, "-c", DYING, script, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert dying.stdout is not None
    url = dying.stdout.readline().strip()
    clone.commit("second")
    remote = url.replace("://", "://bob:secret@") + "/acme/flights.git"
    said = clone.git("push", remote, "main", "main:topic", check=False)
    assert dying.wait(20) == -signal.SIGKILL
    assert "main -> main" not in said
    dying.stdout.close()
    second = served_class(folder)
    try:
        (push,) = second.rules.pushes
        assert push.actor == Actor("bob")
        assert {row.ref: row.after for row in push.changes} == {
            "refs/heads/main": clone.head,
            "refs/heads/topic": clone.head,
        }
    finally:
        second.stop()
    third = served_class(folder)
    third.stop()
    assert third.rules.pushes == []


def test_refs_changed_behind_the_forges_back_are_told(
    served_class: type[Served], tmp_path: Path, copy_of: Callable[..., Clone]
) -> None:
    first = served_class(tmp_path / "server")
    clone = copy_of(first.remote(), tmp_path / "clone", first=True)
    first.stop()
    folder = str(tmp_path / "server/git/1.git")
    clone.git("-C", folder, "update-ref", "refs/heads/by-hand", clone.head)
    second = served_class(tmp_path / "server")
    second.stop()
    (push,) = second.rules.pushes
    assert push.actor == Actor("ghost")
    assert push.changes == (RefChange("refs/heads/by-hand", None, clone.head),)


def test_a_start_waits_for_what_an_earlier_server_left(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "ORPHAN_SECONDS", 0.3)
    lock = shared_lock(served.folder / "git/pushing.lock")
    with pytest.raises(LocalError, match="a git process of an earlier server"):
        served.run(served.git.backend.await_orphans())
    os.close(lock)
    served.run(served.git.backend.await_orphans())


def test_stopping_ends_every_child(
    served_class: type[Served], tmp_path: Path, copy_of: Callable[..., Clone]
) -> None:
    before = git_processes()
    server = served_class(tmp_path / "server")
    copy_of(server.remote(), tmp_path / "clone", first=True)
    wire = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    wire.sendall(
        b"POST /acme/flights.git/git-upload-pack HTTP/1.1\r\nHost: x\r\n"
        b"Authorization: Basic YW5uOnNlY3JldA==\r\nContent-Length: 500\r\n"
        b"Content-Type: application/x-git-upload-pack-request\r\n\r\n0014"
    )
    wait_until(lambda: any("http-backend" in it for it in children()), "git waits for more")
    started = time.monotonic()
    server.stop()
    wire.close()
    assert time.monotonic() - started < 8
    assert not git_processes().keys() - before.keys()


def test_many_loose_objects_are_packed_at_the_next_start(
    served_class: type[Served],
    tmp_path: Path,
    copy_of: Callable[..., Clone],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = tuple(word.replace("=2000", "=200") for word in service.TIDY)
    monkeypatch.setattr(service, "TIDY", few)
    first = served_class(tmp_path / "server")
    clone = copy_of(first.remote(), tmp_path / "clone", first=True)

    async def fill() -> None:
        for number in range(500):
            await objects.write_blob(first.bare, f"{number}".encode())

    first.run(fill())
    first.stop()
    folder = first.folder / "git/1.git"
    second = served_class(first.folder)
    try:
        wait_until(lambda: bool(list(folder.glob("objects/pack/*.pack"))), "the objects are packed")
        assert clone.head in clone.git("ls-remote", second.remote())
    finally:
        second.stop()
    said = clone.git("-C", str(folder), "fsck", "--strict", "--no-dangling", check=False)
    assert "error" not in said
