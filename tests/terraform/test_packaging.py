from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.terraform.conftest import SOURCES

LEFT_BY_TERRAFORM = (".tfstate", ".tfvars.json", ".terraform")


@pytest.mark.real
def test_the_wheel_has_the_modules_and_nothing_that_terraform_left_in_them(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "build", "--wheel", "--quiet", "--out-dir", tmp_path]
    subprocess.run(command, cwd=SOURCES.parent, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("bricklane/terraform/")}

    wanted = {
        f"bricklane/terraform/{file.relative_to(SOURCES).as_posix()}"
        for file in SOURCES.rglob("*")
        if file.suffix in {".tf", ".hcl", ".md"} and ".terraform" not in file.parts
        if file.name != ".terraform.lock.hcl"
    }
    assert len(wanted) > 40
    assert packed == wanted
    assert not [name for name in packed for sign in LEFT_BY_TERRAFORM if sign in name]
