"""What a sample table is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]
Rows = Callable[[random.Random, float], Iterable[Row]]
_WORDS = """
quick calm bright plain steady small early light fresh warm loud round even fair deep soft
orders parcels crates carts boxes notes plans routes lists baskets shelves letters ledgers
"""
WORDS = tuple(_WORDS.split())


@dataclass(frozen=True, slots=True)
class SampleTable:
    """One table.

    Args:
        name: its name in the schema.
        columns: name and SQL type of each column, separated by commas.
        rows: makes the rows, of a random generator and of the scale (1 is the published size).
        comment: what the table says of itself.
    """

    name: str
    columns: str
    rows: Rows
    comment: str

    def described(self) -> list[tuple[str, str]]:
        """Return name and SQL type of each column."""
        found = []
        for column in self.columns.split(", "):
            name, _, kind = column.strip().partition(" ")
            found.append((name, kind))
        return found


def text(generator: random.Random, words: int) -> str:
    """Return some words."""
    return " ".join(generator.choices(WORDS, k=words))
