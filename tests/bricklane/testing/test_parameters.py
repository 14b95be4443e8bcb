"""Values of markers in SQL statements."""

from __future__ import annotations

from typing import Any

import pytest

from bricklane.testing.spark.parameters import with_values


@pytest.mark.parametrize(
    ("statement", "values", "written"),
    [
        ("SELECT :x + 1", {"x": 4}, "SELECT 4 + 1"),
        ("SELECT ':x', \":x\", `:x` -- :x\n, :x", {"x": 4}, "SELECT ':x', \":x\", `:x` -- :x\n, 4"),
        ("SELECT /* :x */ a::int, :x", {"x": None}, "SELECT /* :x */ a::int, NULL"),
        ("SELECT 'it\\'s :x', :x", {"x": "it's"}, "SELECT 'it\\'s :x', 'it\\'s'"),
        ("SELECT :y", {"x": 4}, "SELECT :y"),
        ("SELECT col:x", {"x": 4}, "SELECT col:x"),
        ("SELECT ?, '?', ?", [1, "?"], "SELECT 1, '?', '?'"),
        ("SELECT ?, ?", [1], "SELECT 1, ?"),
    ],
)
def test_markers_get_their_values(statement: str, values: Any, written: str) -> None:
    assert with_values(statement, values) == written
