"""The marks by which leftovers of tests are told from what is somebody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bricklane.testing.marks import (
    comment,
    mark,
    marked_name,
    purge_time,
    until_in,
    until_of_name,
)

TIME = datetime(2026, 11, 27, 15, 0, 7, tzinfo=UTC)


def test_a_comment_is_read_back_by_the_name_it_was_made_for() -> None:
    text = comment("orders", TIME)
    assert text.startswith("Made by a test; bricklane sweep removes it after 2026-11-27 15:00 UTC")
    assert until_in(text, "orders") == TIME
    assert until_in(text, "ORDERS") == TIME


def test_a_name_carries_its_own_mark() -> None:
    name = marked_name("test", TIME)
    assert until_of_name(name) == TIME
    assert name.replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (comment("orders", TIME), "orders_copy"),  # CREATE TABLE … CLONE copies comments
        ("", "orders"),
        ("Made by a test", "orders"),
        ("blt20261127150007x00000000", "orders"),
        (mark("orders", TIME).upper(), "orders"),
        (mark("orders", TIME).replace("2026", "2025"), "orders"),
    ],
)
def test_what_looks_like_a_mark_is_none(text: str, name: str) -> None:
    assert until_in(text, name) is None


@pytest.mark.parametrize(
    "name", ["test", "test_abc", "blt20261127150007x1a2b3c4d", "test_blt20261127150007x1a2b3c4d"]
)
def test_a_name_without_a_valid_mark_is_nobodys_leftover(name: str) -> None:
    assert until_of_name(name) is None


def test_a_renamed_thing_is_no_leftover() -> None:
    assert until_of_name("keep_" + marked_name("test", TIME)) is None


def test_how_long_things_are_kept_is_said_by_a_variable() -> None:
    now = datetime.now(UTC)
    assert timedelta(hours=5) < purge_time({}) - now < timedelta(hours=7)
    assert purge_time({"BRICKLANE_TEST_KEEP": "0s"}) - now < timedelta(minutes=1)
