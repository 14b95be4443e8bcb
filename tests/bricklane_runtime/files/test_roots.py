import os
from pathlib import Path
from typing import Any

import pytest

from bricklane_runtime.files.roots import Roots


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    return Roots({"/Volumes": str(tmp_path / "v"), "/Workspace": str(tmp_path / "w")})


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/Volumes", "v"),
        ("/Volumes/a/b", "v/a/b"),
        ("/Workspace/x.py", "w/x.py"),
        ("/Volumes/a/../b", "v/b"),
    ],
)
def test_maps_paths_below_a_prefix_and_back(
    roots: Roots, tmp_path: Path, path: str, local: str
) -> None:
    assert roots.to_local(path) == str(tmp_path / local)
    assert roots.to_user(str(tmp_path / local)) == os.path.normpath(path)


@pytest.mark.parametrize(
    "path", ["/Volumes2/a", "/VolumesX", "Volumes/a", "", "/tmp", "/Volumes/../etc", 3, None]
)
def test_leaves_other_paths_alone(roots: Roots, path: Any) -> None:
    assert roots.to_local(path) is path


def test_maps_bytes_and_path_objects(roots: Roots, tmp_path: Path) -> None:
    assert roots.to_local(b"/Volumes/a") == os.fsencode(tmp_path / "v/a")
    assert roots.to_local(Path("/Volumes/a")) == str(tmp_path / "v/a")
    assert roots.to_user(os.fsencode(tmp_path / "v/a")) == b"/Volumes/a"


@pytest.mark.parametrize(
    ("command", "mapped"),
    [
        ("ls /Volumes/a", "ls {}/v/a"),
        ("cat</Volumes/a>/Volumes/b", "cat<{0}/v/a>{0}/v/b"),
        ("x --to=/Volumes/a", "x --to={}/v/a"),
        ('cp "/Volumes/a b" /Workspace', 'cp "{0}/v/a b" {0}/w'),
        ("ls ./Volumes/a /data/Volumes/b /Volumes2", "ls ./Volumes/a /data/Volumes/b /Volumes2"),
    ],
)
def test_maps_paths_in_shell_commands(
    roots: Roots, tmp_path: Path, command: str, mapped: str
) -> None:
    assert roots.in_command(command) == mapped.format(tmp_path)


def test_without_folders_nothing_is_mapped() -> None:
    assert Roots({}).to_local("/Volumes/a") == "/Volumes/a"
    assert Roots({}).in_command("ls /Volumes/a") == "ls /Volumes/a"
