"""Settings: defaults, the reference that is their manual, and every problem told with its place."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.loading import REFERENCE, SettingsError, described, load
from bricklane.project.settings import Settings, TargetSettings

BUNDLE = """\
bundle:
  name: sales
targets:
  dev: {mode: development, default: true}
  staging: {mode: production}
  prod: {mode: production}
"""


def project(folder: Path, settings: str | None = None, bundle: str = BUNDLE) -> Path:
    (folder / ".git").mkdir()
    (folder / "databricks.yml").write_text(bundle, "utf-8")
    if settings is not None:
        (folder / "bricklane.toml").write_text(settings, "utf-8")
    return folder


def problems(folder: Path, settings: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(project(folder, settings))
    assert caught.value.exit_code is ExitCode.CONFIG
    return [line.removeprefix(f"{folder}/") for line in caught.value.problems]


def test_a_project_without_the_file_has_the_defaults_and_the_bundles_targets(
    tmp_path: Path,
) -> None:
    settings = load(project(tmp_path))

    assert settings == Settings(
        root=tmp_path,
        bundle="sales",
        targets={name: TargetSettings() for name in ("dev", "staging", "prod")},
    )


def test_the_reference_loads_to_the_defaults(tmp_path: Path) -> None:
    bare = load(project(tmp_path))
    (tmp_path / "bricklane.toml").write_text(REFERENCE.read_text("utf-8"), "utf-8")

    assert load(tmp_path) == bare


FREE_TABLES = {
    "tests",
    "gitflow/prefixes",
    "policy",
    "testing/reruns",
    "lint/per_file",
    "notebooks/skip",
    "notebooks/widgets",
}


def test_the_reference_names_every_key_and_no_other(tmp_path: Path) -> None:
    named: set[str] = set()
    table = ""
    for line in REFERENCE.read_text("utf-8").splitlines():
        if header := re.fullmatch(r"\[(.+)\]", line):
            table = header[1].replace(".", "/")
        elif key := re.match(r"(\w+) = ", line):
            named.add(f"{table}/{key[1]}" if table else key[1])
        if table in FREE_TABLES:
            named.add(table)

    free = {f"targets/staging/{key}" for key in ("environment", "tests", "parallel", "tested_in")}
    assert named == {*described(load(project(tmp_path)))} - {"targets"} | free


def test_each_key_of_the_reference_has_a_comment_above_it() -> None:
    lines = REFERENCE.read_text("utf-8").splitlines()

    for above, line in pairwise(lines):
        if re.match(r"\w+ = ", line):
            assert above.startswith("# "), f"nothing explains: {line}"


def test_keys_replace_defaults(tmp_path: Path) -> None:
    settings = load(
        project(
            tmp_path,
            """
            build = ""
            checks = ["uv run ruff check"]
            [gitflow]
            tag = "v{version}"
            prefixes = { release = "rel/" }
            [tests]
            unit = "pytest tests/unit"
            [targets.staging]
            environment = "stage"
            tests = ["unit"]
            """,
        )
    )

    assert settings.build == ""
    assert settings.checks == ("uv run ruff check",)
    assert settings.gitflow.tag == "v{version}"
    assert settings.gitflow.prefixes == {"release": "rel/"}
    assert settings.targets["staging"] == TargetSettings(environment="stage", tests=("unit",))
    assert settings.targets["prod"] == TargetSettings()


def test_is_found_from_a_folder_below(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "src" / "sales").mkdir(parents=True)

    assert load(tmp_path / "src" / "sales").root == tmp_path


def test_is_not_looked_for_above_the_repository(tmp_path: Path) -> None:
    project(tmp_path)
    inner = tmp_path / "vendored"
    (inner / ".git").mkdir(parents=True)

    with pytest.raises(BricklaneError, match=r"no databricks\.yml in .*vendored"):
        load(inner)


def test_all_problems_of_shape_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        """\
buidl = "make"
checks = "uv run ruff check"

[gitflow]
mian = "master"
delete_branches = "yes"

[forge]
kind = 3

[targets.prod]
enviroment = "production"
tests = [1]
""",
    )

    assert told == [
        "bricklane.toml:1: buidl: no such key; did you mean `build`?",
        'bricklane.toml:2: checks: expected a list, found "uv run ruff check"',
        "bricklane.toml:5: gitflow/mian: no such key; did you mean `main`?",
        'bricklane.toml:6: gitflow/delete_branches: expected true or false, found "yes"',
        "bricklane.toml:9: forge/kind: expected a string, found 3",
        "bricklane.toml:12: targets/prod/enviroment: no such key; did you mean `environment`?",
        "bricklane.toml:13: targets/prod/tests/0: expected a string, found 1",
    ]


def test_all_problems_of_meaning_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        """\
[gitflow]
preset = "gitfow"
develop = "main"
tag = "v"
changelog = "../CHANGELOG.md"
[forge]
kind = "sourceforge"
repository = "sales"
api = "localhost:8700"
[tests]
unit = "pytest"
[targets.stagin]
[targets.prod]
tests = ["e2e"]
""",
    )

    assert told == [
        "bricklane.toml:2: gitflow/preset: `gitfow` is not known; did you mean `gitflow`?",
        "bricklane.toml:3: gitflow/develop: expected another branch than main, which is 'main' too",
        "bricklane.toml:4: gitflow/tag: expected a format with `{version}` in it once, found 'v'",
        (
            "bricklane.toml:5: gitflow/changelog: expected a path inside the project, "
            "found '../CHANGELOG.md'"
        ),
        "bricklane.toml:7: forge/kind: `sourceforge` is not known; expected one of: github",
        "bricklane.toml:8: forge/repository: expected owner/name, found 'sales'",
        (
            "bricklane.toml:9: forge/api: expected a URL that begins with https://, "
            "found 'localhost:8700'"
        ),
        "bricklane.toml:12: targets/stagin: `stagin` is not known; did you mean `staging`?",
        "bricklane.toml:14: targets/prod/tests: `e2e` is not known; expected one of: unit",
    ]


def test_a_prefix_of_a_kind_that_the_preset_has_not_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, '[gitflow.prefixes]\nrelase = "rel/"\n') == [
        "bricklane.toml:2: gitflow/prefixes/relase: `relase` is not known; did you mean `release`?"
    ]


def test_a_key_in_an_inline_table_is_placed_at_its_table(tmp_path: Path) -> None:
    assert problems(tmp_path, '\nforge = { knd = "github" }\n') == [
        "bricklane.toml:2: forge/knd: no such key; did you mean `kind`?"
    ]


def test_text_in_a_multiline_string_is_no_key(tmp_path: Path) -> None:
    assert problems(tmp_path, 'build = """\nchekcs = 1\n"""\nchekcs = []\n') == [
        "bricklane.toml:4: chekcs: no such key; did you mean `checks`?"
    ]


def test_a_date_is_told_as_any_other_wrong_value_is(tmp_path: Path) -> None:
    assert problems(tmp_path, "checks = []\nbuild = 2013-01-01\n[gitflow]\ntag = nan\n") == [
        'bricklane.toml:2: build: expected a string, found "2013-01-01"',
        "bricklane.toml:4: gitflow/tag: expected a string, found NaN",
    ]


def test_a_table_where_a_value_belongs_and_the_other_way_round_are_told(tmp_path: Path) -> None:
    assert problems(tmp_path, 'tests = ["unit"]\n[build]\nwheel = "make"\n') == [
        'bricklane.toml:1: tests: expected a table, found ["unit"]',
        'bricklane.toml:2: build: expected a string, found {"wheel": "make"}',
    ]


def test_what_is_observed_cannot_be_set(tmp_path: Path) -> None:
    told = problems(tmp_path, 'root = "/"\nbundle = "other"\n')

    assert [line.partition(";")[0] for line in told] == [
        "bricklane.toml:1: root: no such key",
        "bricklane.toml:2: bundle: no such key",
    ]


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[gitflow\n")

    assert "at line 1" in told


def test_a_bundle_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match="bundle/name: expected the bundle's name"):
        load(project(tmp_path, bundle="targets: {}\n"))


def test_broken_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match=r"databricks\.yml:3: "):
        load(project(tmp_path, bundle="bundle:\n  name: x\n : [\n"))


def test_targets_of_included_files_count(tmp_path: Path) -> None:
    root = project(tmp_path, bundle="bundle: {name: sales}\ninclude: ['targets/*.yml']\n")
    (root / "targets").mkdir()
    (root / "targets" / "prod.yml").write_text("targets: {prod: {mode: production}}\n", "utf-8")

    assert list(load(root).targets) == ["prod"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bricklane.toml", "# café\n".encode("latin-1"), ":1: byte 6 of the file, 0xE9, is not"),
        ("databricks.yml", b"bundle:\n  name: \xff\n", ":2: byte 17 of the file, 0xFF, is not"),
    ],
)
def test_files_that_are_not_utf_8_are_named_with_line_and_byte(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    project(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BricklaneError) as caught:
        load(tmp_path)
    assert caught.value.message == f"{tmp_path / name}{said} UTF-8"
    assert caught.value.hint == "save the file as UTF-8"
    assert caught.value.exit_code is ExitCode.CONFIG


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "bricklane.toml").write_bytes(b"\xef\xbb\xbfbuild = 'make'\r\n")
    assert load(tmp_path).build == "make"
