"""Ref names are judged as git judges them."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bricklane_local.forge.git.failures import BadName
from bricklane_local.forge.git.names import candidates, check_path, check_ref, is_ref

PIECES = st.text(st.sampled_from("ab./-@{}~^:?*[\\ \x7f\x01é$()"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(PIECES)
@example("a.lock")
@example("a..b")
@example("@{")
@example("x.lock/y")
def test_a_name_is_taken_exactly_when_git_takes_it(name: str) -> None:
    full = f"refs/heads/{name}"
    said = subprocess.run(["git", "check-ref-format", full], check=False).returncode
    assert is_ref(full) == (said == 0)


@pytest.mark.parametrize("name", ["main", "refs/x", "refs/heads/-x", "refs/heads/", "HEAD", ""])
def test_names_that_are_no_refs_of_ours(name: str) -> None:
    with pytest.raises(BadName):
        check_ref(name)


def test_revision_syntax_is_no_name() -> None:
    assert candidates("main~1") == []
    assert candidates("a:b") == []
    assert all(name.startswith("refs/") for name in candidates("--output=x"))


@pytest.mark.parametrize("path", ["..", "a/../b", ".git", "a/.Git/b", "", "a//b", "a\x00b", "./a"])
def test_paths_stay_inside(path: str) -> None:
    with pytest.raises(BadName):
        check_path(path)
