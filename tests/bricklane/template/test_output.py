"""What the template makes of each combination of answers: whole, readable, formatted."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from bricklane.project.adoption import lacks
from bricklane.project.base import record_base, unpack_base
from bricklane.project.bundlefile import read_bundle
from bricklane.project.loading import load
from bricklane.project.rendering import TEMPLATE, files_of

if TYPE_CHECKING:
    from conftest import Output

BIN = Path(sys.executable).parent
LEFT_OF_TEMPLATE = ("[=", "=]", "[%", "%]", "[#", "#]")


def test_nothing_of_the_template_is_left(output: Output) -> None:
    for file in files_of(output.root):
        text = (output.root / file).read_text("utf-8")
        assert not [mark for mark in LEFT_OF_TEMPLATE if mark in text], file
        assert file.suffix != ".jinja"
        assert "None" not in str(file)
        assert not text or text.endswith("\n"), f"{file} does not end with a line break"
        assert "\n\n\n\n" not in text, f"{file} has holes"


def test_every_file_of_data_can_be_read(output: Output) -> None:
    for file in files_of(output.root):
        text = (output.root / file).read_text("utf-8")
        if file.suffix in {".yml", ".yaml"}:
            assert isinstance(yaml.safe_load(text), dict), file
        if file.suffix == ".toml":
            assert tomllib.loads(text), file


def test_answers_arrive_where_they_belong(project: Output) -> None:
    root = project.root
    answers = yaml.safe_load((root / ".bricklane/answers.yml").read_text("utf-8"))
    bundle = read_bundle(root / "databricks.yml")
    targets = yaml.safe_load((root / "databricks.yml").read_text("utf-8"))["targets"]
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]

    assert bundle.name == answers["project"]
    for target in ("dev", "staging", "prod"):
        assert targets[target]["variables"]["catalog"] == answers[f"catalog_{target}"]
    assert (project["name"], project["description"]) == (
        answers["project"],
        answers["description"],
    )
    assert project["requires-python"] == f">={answers['python_version']}"


def test_the_bundle_lacks_nothing_that_adopting_would_ask_for(project: Output) -> None:
    assert lacks(read_bundle(project.root / "databricks.yml")) == []


def test_settings_load_and_name_the_tests_of_every_target(project: Output) -> None:
    settings = load(project.root)

    assert {target: part.tests for target, part in settings.targets.items()} == {
        "dev": ("integration", "e2e"),
        "staging": ("e2e",),
        "prod": ("smoke",),
    }
    assert set(settings.tests) == {"unit", "integration", "e2e", "smoke"}


def test_its_own_format_and_lint_are_kept(project: Output) -> None:
    for arguments in (("format", "--check"), ("check",)):
        done = subprocess.run(
            [BIN / "ruff", *arguments, "--no-cache", "."],
            cwd=project.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_base_is_kept_as_it_is(project: Output, tmp_path: Path) -> None:
    root = project.root
    record_base(root, tmp_path / "one")
    record_base(root, tmp_path / "two")

    assert unpack_base(tmp_path / "one", tmp_path / "unpacked")
    unpacked = {str(file): (tmp_path / "unpacked" / file).read_bytes()
                for file in files_of(tmp_path / "unpacked")}  # fmt: skip
    assert unpacked == {
        str(file): (root / file).read_bytes()
        for file in files_of(root)
        if file != Path(".bricklane/answers.yml")
    }
    first, second = (
        (tmp_path / which / ".bricklane/base.tar.xz").read_bytes() for which in ("one", "two")
    )
    assert first == second
    assert len(first) < 40_000


def test_no_file_of_the_template_is_hidden_from_git_and_from_the_wheel() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", *map(str, (TEMPLATE / file for file in files_of(TEMPLATE)))],
        cwd=TEMPLATE,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ignored.stdout == ""
