from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from bricklane.delivery import wheels
from bricklane.delivery.wheels import Manifest
from bricklane.errors import BricklaneError, ExitCode
from tests.bricklane.delivery.memory import DeliveryForge

NAME = "shop-1.0.0-py3-none-any.whl"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def with_wheel(root: Path, data: bytes = b"wheel", name: str = NAME) -> Path:
    (root / "dist").mkdir(parents=True, exist_ok=True)
    (root / "dist" / name).write_bytes(data)
    return root


def test_digests_are_of_wheels_alone(tmp_path: Path) -> None:
    assert wheels.digests(tmp_path) == {}
    with_wheel(tmp_path)
    (tmp_path / "dist" / "shop-1.0.0.tar.gz").touch()
    assert wheels.digests(tmp_path) == {NAME: sha(b"wheel")}


def test_a_build_knows_when_its_commit_was_made(tmp_path: Path) -> None:
    script = (
        "import os, pathlib; pathlib.Path('dist').mkdir(); "
        f"pathlib.Path('dist/{NAME}').write_text(os.environ['SOURCE_DATE_EPOCH'])"
    )
    lines: list[str] = []
    built = wheels.build(tmp_path, f'{sys.executable} -c "{script}"', 1234, lines.append)
    assert built == {NAME: sha(b"1234")}


def test_a_build_that_leaves_no_wheel_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match=r"`true` left no wheel in dist/") as caught:
        wheels.build(tmp_path, "true", 0, print)
    assert caught.value.exit_code is ExitCode.CONFIG


@pytest.mark.parametrize(
    ("text", "problem"), [("uv 'build", "No closing quotation"), ("", "it is empty")]
)
def test_a_command_that_cannot_be_read_is_an_error(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BricklaneError, match=problem):
        wheels.project_command(text, tmp_path, {})


def test_commands_of_the_project_do_not_run_in_bricklanes_environment(tmp_path: Path) -> None:
    command = wheels.project_command("sh -c 'echo $x; ls'", tmp_path, {"A": "b"})
    assert command.arguments == ("sh", "-c", "echo $x; ls")
    assert "VIRTUAL_ENV" in command.remove
    assert command.environment["A"] == "b"


def test_given_wheels_take_the_place_of_others(tmp_path: Path) -> None:
    root = with_wheel(tmp_path / "root", name="old-1.whl")
    given = tmp_path / "given"
    given.mkdir()
    (given / NAME).write_bytes(b"new")
    assert wheels.place(given, root) == {NAME: sha(b"new")}
    assert wheels.digests(root) == {NAME: sha(b"new")}
    with pytest.raises(BricklaneError, match="there is no wheel in"):
        wheels.place(tmp_path, root)


def test_wheels_that_were_built_again_are_refused_with_the_remedy(tmp_path: Path) -> None:
    root = with_wheel(tmp_path)
    expected = wheels.digests(root)
    wheels.check_unchanged(root, expected)
    with_wheel(root, b"other")
    with pytest.raises(BricklaneError, match=f"other wheels than the ones to deploy: {NAME}") as e:
        wheels.check_unchanged(root, expected)
    assert 'build: test -n "$BRICKLANE_BUILT" || uv build' in (e.value.hint or "")


@pytest.fixture
def released(forge: DeliveryForge, tmp_path: Path) -> tuple[DeliveryForge, Path, Manifest]:
    forge.save_release("1.0.0", name="1.0.0", body="", target="c", draft=True)
    root = with_wheel(tmp_path / "root")
    manifest = Manifest("1.0.0", "c" * 40, "t" * 40, wheels.digests(root))
    wheels.keep(forge, forge.releases["1.0.0"], root, manifest)
    return forge, root, manifest


def test_kept_wheels_come_back(
    released: tuple[DeliveryForge, Path, Manifest], tmp_path: Path
) -> None:
    forge, _, manifest = released
    release = forge.releases["1.0.0"]
    assert wheels.kept(forge, release) == manifest
    other = tmp_path / "other"
    other.mkdir()
    assert wheels.fetch(forge, release, manifest.wheels, other) == manifest.wheels
    assert (other / "dist" / NAME).read_bytes() == b"wheel"


def test_newer_wheels_replace_older_ones(
    released: tuple[DeliveryForge, Path, Manifest], tmp_path: Path
) -> None:
    forge, _, _ = released
    root = with_wheel(tmp_path / "next", b"next", "shop-1.0.1-py3-none-any.whl")
    manifest = Manifest("1.0.1", "d" * 40, "u" * 40, wheels.digests(root))
    wheels.keep(forge, forge.releases["1.0.0"], root, manifest)
    assert sorted(forge.releases["1.0.0"].assets) == [
        "deployment.json",
        "shop-1.0.1-py3-none-any.whl",
    ]
    assert wheels.kept(forge, forge.releases["1.0.0"]) == manifest


def test_a_replaced_wheel_is_found_out(
    released: tuple[DeliveryForge, Path, Manifest], tmp_path: Path
) -> None:
    forge, _, manifest = released
    forge.files["1.0.0", NAME] = b"evil"
    with pytest.raises(BricklaneError, match="is not the wheel that staging tested") as caught:
        wheels.fetch(forge, forge.releases["1.0.0"], manifest.wheels, tmp_path)
    assert sha(b"evil") in caught.value.message
    assert not (tmp_path / "dist").exists()


def test_a_missing_wheel_is_told(
    released: tuple[DeliveryForge, Path, Manifest], tmp_path: Path
) -> None:
    forge, _, manifest = released
    forge.delete_asset(forge.releases["1.0.0"], NAME)
    with pytest.raises(BricklaneError, match=f"release 1.0.0 lacks {NAME}"):
        wheels.fetch(forge, forge.releases["1.0.0"], manifest.wheels, tmp_path)


def test_a_manifest_that_cannot_be_read_is_told(
    released: tuple[DeliveryForge, Path, Manifest],
) -> None:
    forge, _, _ = released
    forge.files["1.0.0", "deployment.json"] = json.dumps({"wheels": 1}).encode()
    with pytest.raises(BricklaneError, match=r"deployment\.json of release 1\.0\.0 cannot be read"):
        wheels.kept(forge, forge.releases["1.0.0"])
    assert wheels.kept(forge, None) is None
