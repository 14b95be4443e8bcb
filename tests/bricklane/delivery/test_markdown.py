from pathlib import Path

import pytest

from bricklane.delivery import markdown
from bricklane.delivery.continuous import CiRun


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", "plain words"),
        ("a|b\nc", "a\\|b c"),
        ("<img src=x>", "\\<img src=x\\>"),
        ("[x](http://y) @team", "\\[x\\]\\(http://y\\) \\@team"),
    ],
)
def test_text_is_shown_as_it_is(text: str, expected: str) -> None:
    assert markdown.plain(text) == expected


def test_code_may_hold_backticks_and_bars() -> None:
    assert markdown.code("a|b") == "`a\\|b`"
    assert markdown.code("a`b") == "`` a`b ``"


def test_links_lead_to_the_web_alone() -> None:
    assert markdown.link("a]", "https://x/y>") == "[a\\]](<https://x/y%3E>)"
    assert markdown.link("a", "javascript:x") == "a"


def test_a_block_holds_any_fence() -> None:
    assert markdown.block("a\n```\nb") == "````text\na\n```\nb\n````"


def test_a_table_has_a_line_for_each_row() -> None:
    assert markdown.table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_summaries_are_added_to(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    markdown.publish(CiRun(summary=str(path)), "after")
    assert path.read_text() == "before\nafter\n\n"
    markdown.publish(CiRun(), "nowhere")
    markdown.publish(None, "nowhere")
