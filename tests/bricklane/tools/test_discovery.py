from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.tools.discovery import find, require
from bricklane.tools.model import Tool


def test_a_variable_comes_before_path(
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    script_maker: Callable[[Path, str], Path],
    tmp_path: Path,
) -> None:
    script_maker(Path(environment["PATH"]) / "hammer", "2.1")
    environment["HAMMER_PATH"] = str(script_maker(tmp_path / "mine", "2.2"))

    finding = find(hammer(), environment)

    assert finding.copy is not None
    assert (finding.source, finding.copy.version) == ("HAMMER_PATH", "2.2")


def test_an_old_copy_is_passed_over_and_told(
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    script_maker: Callable[[Path, str], Path],
) -> None:
    old = script_maker(Path(environment["PATH"]) / "hammer", "1.9")

    finding = find(hammer(), environment)

    assert (finding.copy, finding.source) == (None, "missing")
    assert [(r.source, r.path, r.reason) for r in finding.rejections] == [
        ("PATH", old, "version 1.9 is not >=2,<3")
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("#!/bin/sh\necho 'hammer version 2.5.0-rc1'\n", "version 2.5.0-rc1 is not >=2,<3"),
        ("#!/bin/sh\necho 'hammer version dev'\n", "its version 'dev' cannot be compared"),
        ("#!/bin/sh\necho hello\n", "it does not print the version it has"),
        ("#!/bin/sh\nexit 3\n", "`mine --version` exited 3"),
        ("#!/nowhere/sh\n", "it cannot be run (No such file or directory)"),
        (None, "it cannot be run (No such file or directory)"),
    ],
)
def test_a_copy_that_is_not_usable_says_why(
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    tmp_path: Path,
    content: str | None,
    reason: str,
) -> None:
    path = tmp_path / "mine"
    if content is not None:
        path.write_text(content, "utf-8")
        path.chmod(0o755)
    environment["HAMMER_PATH"] = str(path)

    rejections = find(hammer(), environment).rejections

    assert [rejection.reason for rejection in rejections] == [reason]


def test_requiring_a_missing_tool_says_how_to_get_it(
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    script_maker: Callable[[Path, str], Path],
) -> None:
    old = script_maker(Path(environment["PATH"]) / "hammer", "1.9")

    with pytest.raises(BricklaneError) as caught:
        require(hammer(), environment)

    assert caught.value.message == (
        f"hammer >=2,<3 was not found; passed over: {old} (PATH): version 1.9 is not >=2,<3"
    )
    assert caught.value.hint == "bricklane tools install hammer\nput hammer 2 on PATH"
    assert caught.value.exit_code is ExitCode.TOOL


def test_a_cached_copy_without_a_readable_manifest_is_no_copy(
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    script_maker: Callable[[Path, str], Path],
) -> None:
    target = Path(environment["BRICKLANE_CACHE_DIR"]) / "tools" / "hammer" / "2.5.0"
    script_maker(target / "hammer", "2.5.0")

    for content in ("", "[]", "{}"):
        (target / "manifest.json").write_text(content, "utf-8")
        assert find(hammer(), environment).source == "missing"
