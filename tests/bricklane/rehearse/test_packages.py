"""Settings of uv during a rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.rehearse.packages import SETTINGS, uv_environment


def test_files_of_the_index_are_kept(tmp_path: Path) -> None:
    added = uv_environment(tmp_path / "settings", {"HOME": str(tmp_path)})
    assert added == {"UV_CONFIG_FILE": str(tmp_path / "settings" / "uv.toml")}
    assert Path(added["UV_CONFIG_FILE"]).read_text() == SETTINGS


@pytest.mark.parametrize("name", ["UV_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_variables_of_the_user_win(tmp_path: Path, name: str) -> None:
    assert uv_environment(tmp_path, {"HOME": str(tmp_path), name: "theirs"}) == {}


def test_settings_of_the_user_win(tmp_path: Path) -> None:
    settings = tmp_path / ".config" / "uv" / "uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("")
    assert uv_environment(tmp_path / "settings", {"HOME": str(tmp_path)}) == {}
    assert not (tmp_path / "settings").exists()
