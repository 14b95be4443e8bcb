"""Edits of scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.errors import BricklaneError
from bricklane.rehearse import edits


def test_files_are_written_appended_to_and_changed(tmp_path: Path) -> None:
    edits.apply(
        tmp_path,
        [
            {"file": "new/one.txt", "write": "one\n"},
            {"file": "new/one.txt", "append": "two\n"},
            {"file": "new/one.txt", "replace": "one", "by": "ONE"},
        ],
    )
    assert (tmp_path / "new/one.txt").read_text() == "ONE\ntwo\n"


@pytest.mark.parametrize("text", ["nothing of it", "twice twice"])
def test_a_text_that_is_not_there_once_is_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text(text)
    with pytest.raises(BricklaneError, match="times, not once: twice"):
        edits.apply(tmp_path, [{"file": "a", "replace": "twice", "by": "once"}])
    assert (tmp_path / "a").read_text() == text


def test_no_file_outside_of_the_project_is_touched(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(BricklaneError, match=r"\.\./out is outside of the project"):
        edits.apply(inside, [{"file": "../out", "write": "x"}])
    assert not (tmp_path / "out").exists()


def test_an_edit_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match="an edit has delete, file; expected"):
        edits.apply(tmp_path, [{"file": "a", "delete": True}])
