from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bricklane.errors import ExitCode
from bricklane.tools.model import Job, WayFailed
from bricklane.tools.python import base_python, create_environment, find_uv, install_packages
from bricklane.tools.table import JAVA


def hide_uv_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)


def test_uv_comes_from_the_package(environment: dict[str, str]) -> None:
    assert Path(find_uv(environment)).name == "uv"


def test_without_the_package_uv_comes_from_path(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    hide_uv_package(monkeypatch)
    uv = Path(environment["PATH"]) / "uv"
    uv.write_text("#!/bin/sh\n", "utf-8")
    uv.chmod(0o755)

    assert find_uv(environment) == str(uv)


def test_without_any_uv_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    hide_uv_package(monkeypatch)

    with pytest.raises(WayFailed, match=r"^uv is not installed$") as caught:
        find_uv(environment)

    assert caught.value.hint == "pip install 'bricklane[local]'"


def test_the_commands() -> None:
    assert create_environment("uv", Path("/x/venv")) == [
        *("uv", "venv", "--no-project", "--relocatable", "--python", base_python(), "/x/venv")
    ]
    assert install_packages("uv", Path("/pins/a.txt"), "--target", "/x") == [
        *("uv", "pip", "install", "--no-deps", "--require-hashes", "--compile-bytecode"),
        *("--requirements", "/pins/a.txt", "--target", "/x"),
    ]


def test_the_base_python_is_not_that_of_this_environment() -> None:
    assert Path(base_python()).exists()
    assert not Path(base_python()).is_relative_to(sys.prefix)


@pytest.mark.real
def test_without_a_network_it_is_a_network_failure(job: Job, tmp_path: Path) -> None:
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty")}
    offline_job = replace(job, tool=JAVA, environment={**os.environ, **offline})

    with pytest.raises(WayFailed, match=r"^uv needs a network: ") as caught:
        JAVA.ways[0].provide(offline_job)

    assert caught.value.code is ExitCode.NETWORK
    assert caught.value.hint == f"its whole output is in {job.log}"
