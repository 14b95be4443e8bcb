from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.settings import Settings, TestingSettings
from bricklane.testing.levels import commands
from bricklane.testing.levels.asking import ask, levels_for
from bricklane.testing.levels.requirement import uv_words


def settings(root: Path, **values: object) -> Settings:
    return Settings(root=root, bundle="shop", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("", ("--with", "bricklane[testing]==1.2.3")),
        (
            '{"url": "file:///gone/x.whl", "archive_info": {}}',
            ("--with", "bricklane[testing]==1.2.3"),
        ),
        (
            '{"url": "https://x.example/b.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
            ("--with", "bricklane[testing] @ git+https://x.example/b.git@abc"),
        ),
        (
            '{"url": "https://x.example/b.whl", "archive_info": {}}',
            ("--with", "bricklane[testing] @ https://x.example/b.whl"),
        ),
    ],
)
def test_another_environment_gets_this_very_bricklane(origin: str, words: tuple[str, ...]) -> None:
    assert uv_words(origin, "1.2.3") == words


def test_a_folder_or_wheel_that_is_there_is_named(tmp_path: Path) -> None:
    editable = f'{{"url": "{tmp_path.as_uri()}", "dir_info": {{"editable": true}}}}'
    assert uv_words(editable, "1") == ("--with-editable", f"{tmp_path}[testing]")
    wheel = tmp_path / "b c.whl"
    wheel.touch()
    built = f'{{"url": "{wheel.as_uri()}", "archive_info": {{}}}}'
    assert uv_words(built, "1") == ("--with", f"bricklane[testing] @ {wheel.as_uri()}")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("uv run pytest tests/unit", ()),
        ("uv run --no-default-groups --group x pytest -q", ("--no-default-groups", "--group", "x")),
        ("uv run --group=x -- pytest", ("--group=x",)),
        ("uv run -p 3.12 python -m pytest", ("-p", "3.12")),
    ],
)
def test_options_of_uv_end_where_the_program_begins(text: str, options: tuple[str, ...]) -> None:
    assert commands.uv_options(text.split()) == options


LOCK = "\n".join(f'[[package]]\nname = "{name}"' for name in sorted(commands.NEEDED))


@pytest.mark.parametrize(
    ("text", "lock", "known"),
    [
        ("uv run pytest", "", False),
        ("uv run pytest", LOCK, True),
        ("uv run pytest", LOCK.replace("pytest-cov", "other"), False),
        ("uv run --no-default-groups --group deployed pytest", LOCK, False),
    ],
)
def test_bricklane_is_added_unless_the_environment_has_it(
    text: str, lock: str, *, known: bool
) -> None:
    assert commands.has_plugin(text.split(), lock) is known


def test_the_plugin_is_added_before_the_options_of_the_level() -> None:
    words = ("uv", "run", "--group", "x", "pytest")
    assert commands.with_plugin(words, ("--with", "b"), offline=True) == (
        "uv", "run", "--offline", "--with", "b", "--group", "x", "pytest",
    )  # fmt: skip
    assert commands.probe(words, ("--with", "b")) == (
        "uv", "run", "--quiet", "--offline", "--with", "b", "--group", "x", "python", "-c", "",
    )  # fmt: skip
    assert not commands.is_uv_run(("python", "run", "x"))


def test_a_folder_is_a_level_without_a_row(tmp_path: Path) -> None:
    (tmp_path / "tests/unit").mkdir(parents=True)
    assert commands.command_of(settings(tmp_path), "unit") == "python -m pytest tests/unit"
    (tmp_path / "uv.lock").touch()
    assert commands.command_of(settings(tmp_path), "unit") == "uv run pytest tests/unit"
    with pytest.raises(BricklaneError, match=r"no level of tests '\.\./x'; it has: unit"):
        commands.command_of(settings(tmp_path), "../x")


def test_all_are_the_usual_levels_in_their_order(tmp_path: Path) -> None:
    known = settings(tmp_path, tests={"smoke": "s", "e2e": "e", "unit": "u"})
    assert levels_for(known, "all") == ("unit", "e2e")
    assert levels_for(known, "smoke") == ("smoke",)
    with pytest.raises(BricklaneError, match="name a level of tests: unit, e2e, smoke, all"):
        levels_for(known, "")
    with pytest.raises(BricklaneError, match="the project has no level of tests") as caught:
        levels_for(settings(tmp_path), "all")
    assert caught.value.exit_code is ExitCode.USAGE


def test_levels_in_a_workspace_rerun_once_by_default(tmp_path: Path) -> None:
    policy = settings(tmp_path, testing=TestingSettings(reruns={"unit": 2, "e2e": 0}))
    assert [commands.reruns_of(policy, name) for name in ("unit", "integration", "e2e", "x")] == [
        2, 1, 0, 0,
    ]  # fmt: skip


def test_a_target_that_is_not_there_is_told(project: Path) -> None:
    (project / "tests/unit").mkdir(parents=True)
    with pytest.raises(BricklaneError, match="there is no target 'prd'"):
        ask(project, "unit", {}, target="prd")
