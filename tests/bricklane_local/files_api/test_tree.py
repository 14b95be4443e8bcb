"""A folder whose contents an API shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bricklane_local.app.errors import ApiError
from bricklane_local.files_api.tree import Uploads, entries, names_of, within


@pytest.mark.parametrize("path", ["/a/../b", "..", "/./a", "/a/\0"])
def test_path_that_climbs_or_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(ApiError) as error:
        names_of(path)
    assert error.value.code == "INVALID_PARAMETER_VALUE"


def test_empty_names_do_not_count() -> None:
    assert names_of("//a///b/") == ["a", "b"]


def test_root_may_be_a_link_but_nothing_leads_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    target = tmp_path / "target"
    outside.mkdir()
    target.mkdir()
    root = tmp_path / "root"
    root.symlink_to(target)
    (target / "inner").symlink_to(target)
    (target / "outer").symlink_to(outside)
    assert within(root, ["inner", "f"], "/x") == root / "inner" / "f"
    with pytest.raises(ApiError, match=r"Path \(/x\) leads out of root by a link"):
        within(root, ["outer", "f"], "/x")


def test_entries_are_sorted_and_dangling_links_left_out(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("12")
    (tmp_path / "a").mkdir()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    found = [(entry.name, entry.is_directory, entry.size) for entry in entries(tmp_path)]
    assert found == [("a", True, 0), ("b", False, 2)]


def test_unfinished_uploads_of_the_past_are_removed(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "old").write_text("x")
    Uploads(tmp_path / "uploads")
    assert list((tmp_path / "uploads").iterdir()) == []


def test_placing_replaces_in_one_step(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads")
    waiting = uploads.waiting()
    waiting.write_text("new")
    target = tmp_path / "made" / "on" / "the" / "way"
    uploads.place(waiting, target)
    assert target.read_text() == "new"
    assert not waiting.exists()
