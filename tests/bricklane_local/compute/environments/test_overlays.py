"""Environments on the real uv; no package index is asked: everything comes from local wheels."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane_local.compute.environments import EnvironmentFailure, Environments, Overlay

if TYPE_CHECKING:
    from .conftest import BuildWheel

pytestmark = pytest.mark.real


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    folder = tmp_path / "a volume"
    folder.mkdir()
    return folder


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    return Environments(Path(sys.executable), tmp_path / "environments")


def make(environments: Environments, volumes: Path, *dependencies: str) -> Overlay:
    return asyncio.run(environments.resolve(dependencies, {"/Volumes": volumes}))


def names(overlay: Overlay) -> set[str]:
    assert overlay.path is not None
    return {path.name for path in overlay.path.iterdir() if not path.name.startswith(".")}


def imported(overlay: Overlay, code: str) -> str:
    program = f"import site; site.addsitedir({str(overlay.path)!r}); {code}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_installs_a_wheel_with_only_what_the_base_lacks(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "greet", metadata=("Requires-Dist: pandas",))
    overlay = make(environments, volumes, "/Volumes/greet-1.0-py3-none-any.whl")
    assert names(overlay) - {"bin"} == {"greet", "greet-1.0.dist-info"}
    assert not overlay.cold
    assert imported(overlay, "import greet; print(greet.VALUE)") == "1"


def test_other_bytes_under_the_same_name_make_another_overlay(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "greet")
    first = make(environments, volumes, "/Volumes/greet-1.0-py3-none-any.whl")
    build_wheel(volumes, "greet", source="VALUE = 2\n")
    second = make(environments, volumes, "/Volumes/greet-1.0-py3-none-any.whl")
    assert first.digest != second.digest
    assert imported(second, "import greet; print(greet.VALUE)") == "2"
    assert imported(first, "import greet; print(greet.VALUE)") == "1"


def test_installs_an_editable_project(environments: Environments, volumes: Path) -> None:
    # A build needs its backend, which is no local wheel: an in-tree backend makes the wheel.
    project = volumes / "project"
    (project / "src" / "hello").mkdir(parents=True)
    (project / "src" / "hello" / "__init__.py").write_text("VALUE = 3\n")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "hello"\nversion = "1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (project / "backend.py").write_text(BACKEND)
    overlay = make(environments, volumes, "-e /Volumes/project")
    assert imported(overlay, "import hello; print(hello.VALUE)") == "3"


BACKEND = """
import pathlib, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "hello-1-py3-none-any.whl"
    files = {
        "hello.pth": str(pathlib.Path("src").absolute()) + "\\n",
        "hello-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: hello\\nVersion: 1\\n",
        "hello-1.dist-info/WHEEL": "Wheel-Version: 1.0\\n"
        "Root-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files["hello-1.dist-info/RECORD"] = "".join(f"{n},,\\n" for n in files)
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    return name
"""


def test_reads_a_requirements_file_with_continued_lines_and_relative_paths(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "greet")
    text = "# ours\npandas \\\n  >=2\n./greet-1.0-py3-none-any.whl  # a wheel\n"
    (volumes / "requirements.txt").write_text(text)
    overlay = make(environments, volumes, "-r /Volumes/requirements.txt")
    assert "greet" in names(overlay)


def test_a_conflict_with_the_base_makes_a_cold_overlay(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "click", "0.1")
    overlay = make(environments, volumes, "/Volumes/click-0.1-py3-none-any.whl")
    assert overlay.cold
    assert "click-0.1.dist-info" in names(overlay)


def test_keeps_to_the_constraints_that_the_user_has_set(
    environments: Environments,
    volumes: Path,
    build_wheel: BuildWheel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for version in ("1.0", "2.0"):
        build_wheel(volumes, "orbits", version)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("orbits<2\n")
    monkeypatch.setenv("UV_CONSTRAINT", str(constraints))
    overlay = make(environments, volumes, f"--find-links {volumes}", "orbits")
    assert "orbits-1.0.dist-info" in names(overlay)


def test_refuses_what_the_runtime_itself_cannot_run_with(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "wants", metadata=("Requires-Dist: pandas<2",))
    with pytest.raises(EnvironmentFailure, match=r"wants==1\.0 depends on pandas<2"):
        make(environments, volumes, "/Volumes/wants-1.0-py3-none-any.whl")


def test_refuses_a_wheel_that_wants_another_python(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "old", metadata=("Requires-Python: <3.9",))
    with pytest.raises(EnvironmentFailure, match=r"old 1\.0 requires Python <3\.9"):
        make(environments, volumes, "/Volumes/old-1.0-py3-none-any.whl")


def test_refuses_a_second_spark(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "databricks_connect")
    with pytest.raises(EnvironmentFailure, match=r"(?i)leave PySpark"):
        make(environments, volumes, "/Volumes/databricks_connect-1.0-py3-none-any.whl")


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_names_a_broken_wheel_as_the_user_wrote_it(
    environments: Environments, volumes: Path, content: bytes
) -> None:
    (volumes / "broken-1.0-py3-none-any.whl").write_bytes(content)
    with pytest.raises(EnvironmentFailure, match="Failed to read") as caught:
        make(environments, volumes, "/Volumes/broken-1.0-py3-none-any.whl")
    assert "/Volumes/broken-1.0-py3-none-any.whl" in str(caught.value)
    assert str(volumes) not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/Volumes/none-1.0-py3-none-any.whl", "/Volumes/none-1.0-py3-none-any.whl does not exist"),
        ("--user", "--user is not supported in an environment"),
        ("not a thing !!", "'not a thing !!' is not a requirement"),
        ("/Volumes/../secret.whl", "must not climb"),
    ],
)
def test_refuses_a_line(environments: Environments, volumes: Path, line: str, message: str) -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        make(environments, volumes, line)
    assert message in str(caught.value)


def test_many_at_once_make_one_overlay(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "greet")

    async def together() -> list[Overlay]:
        line = ["/Volumes/greet-1.0-py3-none-any.whl"]
        calls = [environments.resolve(line, {"/Volumes": volumes}) for _ in range(6)]
        return await asyncio.gather(*calls)

    overlays = asyncio.run(together())
    assert len({overlay.path for overlay in overlays}) == 1
    assert overlays[0].path is not None
    root = overlays[0].path.parent.parent
    assert [path.name for path in root.iterdir()] == [overlays[0].digest]


def test_passwords_of_an_index_leave_no_trace(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "greet")
    lines = (
        "--extra-index-url https://u:hunter2@127.0.0.1:9/simple",
        "/Volumes/greet-1.0-py3-none-any.whl",
    )
    overlay = make(environments, volumes, *lines)
    assert overlay.path is not None
    texts = [p.read_bytes() for p in overlay.path.parent.rglob("*") if p.is_file()]
    assert not any(b"hunter2" in text for text in texts)


def test_what_the_base_has_needs_no_overlay(environments: Environments, volumes: Path) -> None:
    overlay = make(environments, volumes, "pandas")
    assert (overlay.path, overlay.cold, overlay.packages) == (None, False, ())
    assert make(environments, volumes).path is None


def test_a_known_overlay_is_found_without_uv(
    environments: Environments,
    volumes: Path,
    build_wheel: BuildWheel,
    tmp_path: Path,
) -> None:
    build_wheel(volumes, "greet")
    first = make(environments, volumes, "/Volumes/greet-1.0-py3-none-any.whl")
    again = Environments(Path(sys.executable), tmp_path / "environments", uv=Path("/none"))
    assert make(again, volumes, "/Volumes/greet-1.0-py3-none-any.whl") == first
    assert first.packages == ("greet==1.0",)


def test_an_unknown_package_is_named(environments: Environments, volumes: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="no-such-package-of-ours"):
        make(environments, volumes, "no-such-package-of-ours")


def test_a_failed_overlay_leaves_nothing(
    environments: Environments, volumes: Path, tmp_path: Path
) -> None:
    with pytest.raises(EnvironmentFailure):
        make(environments, volumes, "no-such-package-of-ours")
    assert list((tmp_path / "environments").iterdir()) == []


def test_extras_of_a_wheel_are_installed(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    build_wheel(volumes, "inner")
    build_wheel(
        volumes,
        "outer",
        metadata=("Provides-Extra: more", "Requires-Dist: inner; extra == 'more'"),
    )
    overlay = make(
        environments,
        volumes,
        "--no-index",
        "--find-links /Volumes",
        "/Volumes/outer-1.0-py3-none-any.whl[more]",
    )
    assert {"outer", "inner"} <= names(overlay)


@pytest.mark.parametrize("line", ["pyspark", "pyspark>=3.5"])
def test_the_spark_of_the_runtime_is_there_already(
    environments: Environments, volumes: Path, build_wheel: BuildWheel, line: str
) -> None:
    build_wheel(volumes, "greet", metadata=("Requires-Dist: pyspark>=4",))
    overlay = make(environments, volumes, line, "/Volumes/greet-1.0-py3-none-any.whl")
    assert overlay.packages == ("greet==1.0",)


def test_another_spark_is_refused_by_its_version(
    environments: Environments, volumes: Path, build_wheel: BuildWheel
) -> None:
    with pytest.raises(EnvironmentFailure, match=r"it brings pyspark==3\.5\.0"):
        make(environments, volumes, "pyspark==3.5.0")
    build_wheel(volumes, "greet", metadata=("Requires-Dist: pyspark<4",))
    with pytest.raises(EnvironmentFailure, match=r"greet 1\.0 requires pyspark<4, and runs use"):
        make(environments, volumes, "/Volumes/greet-1.0-py3-none-any.whl")
