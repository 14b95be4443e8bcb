from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.kinds import Bump
from bricklane.gitflow.versions import FIRST, TagFormat, Version, highest, parse_version, raised

NUMBERS = st.integers(0, 10**6)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS)
AROUND = st.text("abv-_/.1+", max_size=4)


@given(VERSIONS, st.sampled_from(Bump))
def test_the_next_version_is_higher_and_resets_what_is_below(version: Version, bump: Bump) -> None:
    following = raised(version, bump)
    assert following > version
    parts = [bump_.value for bump_ in Bump]
    place = parts.index(bump.value)
    assert following.to_tuple()[:place] == version.to_tuple()[:place]
    assert following.to_tuple()[place] == version.to_tuple()[place] + 1
    assert all(number == 0 for number in following.to_tuple()[place + 1 : 3])


@given(VERSIONS, AROUND, AROUND)
def test_a_tag_says_the_version_it_was_made_of(version: Version, before: str, after: str) -> None:
    tags = TagFormat(f"{before}{{version}}{after}")
    read = tags.version(tags.name(version))
    assert read == version or (after[:1] in tuple("-+.1") and read is None) or not after.isalpha()


@given(st.lists(VERSIONS, max_size=20))
def test_order_is_by_numbers_and_not_by_letters(versions: list[Version]) -> None:
    tags = TagFormat("v{version}")
    found = tags.versions(map(tags.name, versions))
    assert found == sorted(versions, reverse=True)
    assert highest(found) == (max(versions) if versions else FIRST)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    if re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}", text):
        assert str(parse_version(text)) == text
        return
    with pytest.raises(BricklaneError, match="is not a version") as told:
        parse_version(text)
    assert told.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    "text", ["1.2", "v1.2.3", "1.2.3-rc.1", "1.2.3+5", "01.2.3", "", "1.2.3\n"]
)
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(BricklaneError, match=re.escape(f"{text!r} is not a version")):
        parse_version(text)


def test_other_tags_and_pre_releases_do_not_count() -> None:
    tags = ["1.2.3", "1.3.0-rc.1", "v9.0.0", "2.0.0+build", "latest", "1.10.0", "1.2"]
    assert list(map(str, TagFormat("{version}").versions(tags))) == ["1.10.0", "1.2.3"]


@pytest.mark.parametrize("text", ["", "v", "{version}{version}", "{Version}"])
def test_a_format_without_a_version(text: str) -> None:
    with pytest.raises(BricklaneError, match=r"does not hold \{version\} exactly once"):
        TagFormat(text)


def test_tags_of_another_usual_format_are_pointed_out() -> None:
    with pytest.raises(BricklaneError, match=r"there are tags such as 1\.2\.3") as told:
        TagFormat("v{version}").versions(["x", "1.2.3"])
    assert told.value.hint == 'write in bricklane.toml: [gitflow] tag = "{version}"'
