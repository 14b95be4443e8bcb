from __future__ import annotations

import tomllib
from pathlib import PurePosixPath

import pytest

from bricklane.errors import BricklaneError
from bricklane.gitflow.files import add_section, set_locked, set_version, version_edits
from bricklane.gitflow.versions import Version

PATH = PurePosixPath("sub/pyproject.toml")


def edited(text: str, version: str = "2.0.0") -> str | None:
    (_, edit), _ = version_edits(PurePosixPath("sub"), ["pyproject.toml"], Version.parse(version))
    data = edit(text.encode())
    return None if data is None else data.decode()


def test_only_the_version_changes() -> None:
    text = (
        "# top\r\n[tool.x]\nversion = \"1\"\n\n[ project ] # here\n  version   =  '1.0.0' # now\n"
        'name = "x"\n[project.urls]\nversion = "no"\n'
    )
    assert set_version(text, "2.0.0", PATH) == text.replace("'1.0.0'", "'2.0.0'")


@pytest.mark.parametrize(
    "text", ['project = {name = "x", version = "1.0.0"}\n', 'project.version = "1.0.0"\n']
)
def test_a_version_that_is_not_on_its_own_line(text: str) -> None:
    with pytest.raises(BricklaneError, match=r"sub/pyproject\.toml cannot be changed"):
        edited(text)


def test_no_version_at_all() -> None:
    with pytest.raises(BricklaneError, match=r"sub/pyproject\.toml has no project\.version"):
        edited('[project]\nname = "x"\n')


def test_a_dynamic_version_is_left_alone() -> None:
    assert edited('[project]\nname = "x"\ndynamic = ["version"]\n') is None


def test_broken_files_are_named() -> None:
    with pytest.raises(BricklaneError, match=r"sub/pyproject\.toml is not TOML"):
        edited("[project\n")
    (_, edit), _ = version_edits(PurePosixPath("sub"), ["pyproject.toml"], Version(1, 0, 0))
    with pytest.raises(BricklaneError, match=r"sub/pyproject\.toml is not UTF-8"):
        edit(b"\xff")


def test_a_file_that_is_not_there_is_not_made() -> None:
    for _, edit in version_edits(PurePosixPath("."), ["pyproject.toml"], Version(1, 0, 0)):
        assert edit(None) is None


def test_the_lock_file_follows_the_project_alone() -> None:
    text = (
        'version = 1\n\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = { registry = "r" }\n\n'
        '[[package]]\nname = "my-project"\nversion = "1.0.0"\nsource = { virtual = "." }\n\n'
        '[[package]]\nname = "my-tool"\nversion = "1.0.0"\nsource = { editable = "tool" }\n'
    )
    packages = tomllib.loads(set_locked(text, "My_Project", "2.0.0"))["package"]
    assert [package["version"] for package in packages] == ["1.0.0", "2.0.0", "1.0.0"]


def test_a_section_goes_below_the_head_and_above_the_others() -> None:
    old = "# Changelog\n\nAll of it.\n\n## Unreleased\n\n- more\n\n## [1.0.0] - 2026-01-01\n\n- a\n"
    new = add_section(old, Version(1, 1, 0), "## 1.1.0 (2026-02-01)\n\n- b\n")
    assert new == old.replace("## [1.0.0]", "## 1.1.0 (2026-02-01)\n\n- b\n\n## [1.0.0]")
    assert add_section(new, Version(1, 1, 0), "## 1.1.0 (2026-02-01)\n\n- b\n") == new


def test_line_ends_of_a_changelog_stay() -> None:
    old = "# Changelog\r\n\r\n## 1.0.0\r\n\r\n- a\r\n"
    new = add_section(old, Version(1, 1, 0), "## 1.1.0\n\n- b\n")
    assert new == "# Changelog\r\n\r\n## 1.1.0\r\n\r\n- b\r\n\r\n## 1.0.0\r\n\r\n- a\r\n"
