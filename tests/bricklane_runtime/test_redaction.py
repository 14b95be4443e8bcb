import pytest

from bricklane_runtime.redaction import Redactor, StreamRedactor


def test_replaces_every_value_in_text() -> None:
    redactor = Redactor("secret", "token")
    assert redactor.text("a secret and a token") == "a [REDACTED] and a [REDACTED]"


def test_replaces_the_longer_of_two_overlapping_values_whole() -> None:
    assert Redactor("pass", "password").text("password") == "[REDACTED]"


@pytest.mark.parametrize("value", ["", "a", "ab"])
def test_ignores_values_too_short_to_hide(value: str) -> None:
    redactor = Redactor()
    assert not redactor.add(value)
    assert redactor.text("abab") == "abab"


def test_replaces_values_in_nested_data_and_keys() -> None:
    data = {"secret": ["x secret", {"n": 1, "t": None}]}
    assert Redactor("secret").data(data) == {"[REDACTED]": ["x [REDACTED]", {"n": 1, "t": None}]}


@pytest.mark.parametrize("size", range(1, 12))
def test_finds_a_value_in_a_stream_however_it_is_cut(size: int) -> None:
    redactor = StreamRedactor()
    redactor.add(b"secret")
    text = b"x secret sec secrets seecret secre"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    shown = b"".join(redactor.feed(piece) for piece in pieces) + redactor.flush()
    assert shown == b"x [REDACTED] sec [REDACTED]s seecret secre"


def test_keeps_back_only_what_may_begin_a_value() -> None:
    redactor = StreamRedactor()
    redactor.add(b"secret")
    assert redactor.feed(b"abc sec") == b"abc "
    assert redactor.waiting
    assert redactor.feed(b"tor") == b"sector"
    assert not redactor.waiting
