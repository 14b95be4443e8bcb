from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Clone, Served


def test_what_is_pushed_is_cloned(served: Served, clone: Clone, tmp_path: Path) -> None:
    clone.commit("second", src__a="1\n")
    clone.git("push", "origin", "main")
    clone.git("clone", "--quiet", served.remote(), str(tmp_path / "other"))
    assert (tmp_path / "other/src/a").read_text() == "1\n"
    assert [change.ref for push in served.rules.pushes for change in push.changes] == [
        "refs/heads/main",
        "refs/heads/main",
    ]
