"""The files behind ``/Workspace``: placed for runs, and taken back into the tree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bricklane_local.compute.view import WorkspaceView
from bricklane_local.identity.principals import Principal
from bricklane_local.store.blobs import INLINE_LIMIT, Blobs
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database
from bricklane_local.workspace.objects import ObjectType, WorkspaceObjects

ME = Principal("1", "me@example.com", "Me")
OTHER = Principal("2", "other@example.com", "Other")


class Desk:
    """A workspace tree and its view.

    Args:
        folder: for all files.
    """

    def __init__(self, folder: Path) -> None:
        database = Database(folder / "cloud.sqlite")
        self.blobs = Blobs(database, folder / "blobs")
        self.objects = WorkspaceObjects(database.space("dev"), self.blobs, Clock())
        self.objects.ensure_home(ME)
        self.view = WorkspaceView(self.objects, self.blobs, folder / "view", self.allowed)
        self.forbidden = "/Users/nobody"

    def allowed(self, _principal: Principal, path: str) -> bool:
        return not path.startswith(self.forbidden)

    def put(self, path: str, content: bytes, object_type: ObjectType = ObjectType.FILE) -> None:
        language = "PYTHON" if object_type is ObjectType.NOTEBOOK else None
        self.objects.make_directories(path.rpartition("/")[0] or "/", ME)
        self.objects.write(
            path,
            self.blobs.put(content),
            ME,
            object_type=object_type,
            language=language,
            source_format=language and "SOURCE",
            overwrite=True,
        )

    def read(self, path: str) -> bytes:
        return self.objects.content(self.objects.get(path))

    def at(self, path: str) -> Path:
        return self.view.path(path)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_a_run_writes_is_in_the_tree_when_it_ends(desk: Desk) -> None:
    with desk.view.used_by(ME):
        home = desk.at("/Users/me@example.com")
        (home / "new folder/ü '\U0001f642'").mkdir(parents=True)
        (home / "new folder/ü '\U0001f642'/x.txt").write_text("hello")
        (home / "large.bin").write_bytes(os.urandom(INLINE_LIMIT * 3))
        (home / "empty").touch()
        large = (home / "large.bin").read_bytes()
    base = "/Users/me@example.com"
    found = desk.objects.get(f"{base}/new folder/ü '\U0001f642'/x.txt")
    assert (found.object_type, found.created_by, found.size) == (ObjectType.FILE, ME.user_name, 5)
    assert desk.read(f"{base}/large.bin") == large
    assert desk.read(f"{base}/empty") == b""


def test_a_reader_sees_it_while_the_run_goes_on(desk: Desk) -> None:
    with desk.view.used_by(ME):
        folder = desk.at("/Shared") / "a/b"
        folder.mkdir(parents=True)
        (folder / "x.txt").write_text("one")
        desk.view.look("/Workspace/Shared/a/b/x.txt")
        assert desk.read("/Shared/a/b/x.txt") == b"one"
        (folder / "x.txt").write_text("other")
        desk.view.look("/Shared/a/b")
        assert desk.read("/Shared/a/b/x.txt") == b"other"


def test_a_run_sees_what_clients_do_meanwhile(desk: Desk) -> None:
    desk.put("/Shared/old.txt", b"old")
    with desk.view.used_by(ME):
        (desk.at("/Shared") / "mine.txt").write_text("mine")
        desk.put("/Shared/sub/new.txt", b"new")
        desk.objects.delete("/Shared/old.txt", recursive=False)
        desk.view.follow()
        assert desk.at("/Shared/sub/new.txt").read_bytes() == b"new"
        assert not desk.at("/Shared/old.txt").exists()
        assert desk.at("/Shared/mine.txt").read_bytes() == b"mine"


def test_changes_and_removals_reach_the_objects(desk: Desk) -> None:
    desk.put("/Shared/nb", b"# Databricks notebook source\n1", ObjectType.NOTEBOOK)
    desk.put("/Shared/gone/deep/x.txt", b"x")
    number = desk.objects.get("/Shared/nb").object_id
    with desk.view.used_by(ME):
        desk.at("/Shared/nb.py").write_bytes(b"# Databricks notebook source\n2")
        shutil.rmtree(desk.at("/Shared/gone"))
    notebook = desk.objects.get("/Shared/nb")
    assert (notebook.object_type, notebook.language) == (ObjectType.NOTEBOOK, "PYTHON")
    assert notebook.object_id == number
    assert desk.read("/Shared/nb").endswith(b"2")
    assert desk.objects.find("/Shared/gone") is None
    assert desk.objects.find("/Shared/nb.py") is None


def test_the_later_of_two_changes_stands(desk: Desk) -> None:
    desk.put("/Shared/a.txt", b"old")
    desk.put("/Shared/b.txt", b"old")
    with desk.view.used_by(ME):
        for name in ("a.txt", "b.txt"):
            desk.at(f"/Shared/{name}").write_text("of the run")
        os.utime(desk.at("/Shared/a.txt"), (1, 1))
        os.utime(desk.at("/Shared/b.txt"), (2**33, 2**33))
        desk.put("/Shared/a.txt", b"of a client")
        desk.put("/Shared/b.txt", b"of a client")
        desk.view.follow()
    assert desk.read("/Shared/a.txt") == b"of a client"
    assert desk.at("/Shared/a.txt").read_bytes() == b"of a client"
    assert desk.read("/Shared/b.txt") == b"of the run"


def test_a_file_takes_the_place_of_a_folder_and_back(desk: Desk) -> None:
    desk.put("/Shared/a/x.txt", b"x")
    desk.put("/Shared/b", b"file")
    with desk.view.used_by(ME):
        shutil.rmtree(desk.at("/Shared/a"))
        desk.at("/Shared/a").write_text("now a file")
        desk.at("/Shared/b").unlink()
        desk.at("/Shared/b").mkdir()
    assert desk.read("/Shared/a") == b"now a file"
    assert desk.objects.get("/Shared/b").object_type is ObjectType.DIRECTORY
    desk.objects.delete("/Shared/a", recursive=False)
    desk.objects.delete("/Shared/b", recursive=False)
    desk.put("/Shared/a/y.txt", b"y")
    desk.put("/Shared/b", b"file again")
    desk.view.refresh()
    assert desk.at("/Shared/a/y.txt").read_bytes() == b"y"
    assert desk.at("/Shared/b").read_bytes() == b"file again"


def test_deleted_folders_are_gone_from_the_view(desk: Desk) -> None:
    desk.put("/Shared/project/src/x.py", b"x = 1")
    with desk.view.used_by(ME):
        cache = desk.at("/Shared/project/src/__pycache__")
        cache.mkdir()
        (cache / "x.pyc").touch()
    assert desk.objects.find("/Shared/project/src/__pycache__") is None
    desk.objects.delete("/Shared/project", recursive=True)
    desk.view.refresh()
    assert not desk.at("/Shared/project").exists()


def test_what_a_run_may_not_change_is_told_and_undone(desk: Desk) -> None:
    desk.put("/Users/nobody/x.txt", b"theirs")
    with desk.view.used_by(OTHER) as refused:
        desk.at("/Users/nobody/x.txt").write_text("changed")
        desk.at("/Users/nobody/new.txt").write_text("new")
        desk.view.look("/Users/nobody")
    assert sorted(refused) == [
        f"/Workspace/Users/nobody/{name} was changed by a run, but not in the workspace: "
        "other@example.com may not change it"
        for name in ("new.txt", "x.txt")
    ]
    assert desk.read("/Users/nobody/x.txt") == b"theirs"
    assert desk.objects.find("/Users/nobody/new.txt") is None
    desk.view.refresh()
    assert desk.at("/Users/nobody/x.txt").read_bytes() == b"theirs"
    assert not desk.at("/Users/nobody/new.txt").exists()


def test_links_and_pipes_stay_outside(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with desk.view.used_by(ME):
        desk.at("/Shared/link").symlink_to(tmp_path / "secret")
        os.mkfifo(desk.at("/Shared/pipe"))
    assert [item.path for item in desk.objects.children("/Shared")] == []
