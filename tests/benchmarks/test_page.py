from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.measurement import KEPT_ROUNDS, Comparison
from benchmarks.table import BENCHMARKS


def figure(what: str, ours: float, row: int = 1) -> page.Figure:
    comparison = Comparison(what, "s", [ours] * 5, [2.0] * 5, ratio_limit=1.4, limit=1.5)
    return page.Figure(
        row, "python -m benchmarks", "2-core Linux machine", "2026-01-02", comparison
    )


def test_a_figure_replaces_that_of_the_same_thing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page, "FIGURES", tmp_path / "figures.json")
    page.keep(figure("deploy", 1))
    page.keep(figure("destroy", 2))
    page.keep(figure("deploy", 3, row=2))
    kept = page.keep(figure("deploy", 4))
    assert kept == page.load()
    assert [(entry.row, entry.comparison.what, entry.comparison.ours[0]) for entry in kept] == [
        (1, "deploy", 4),
        (1, "destroy", 2),
        (2, "deploy", 3),
    ]


def test_the_page_shows_medians_ratio_and_limits() -> None:
    text = page.render([figure("deploy", 0.5)], {})
    assert "| deploy | 500 ms | 2.00 s | 0.25x | ≤ 1.4x, ≤ 1.50 s | yes | 2026-01-02 |" in text, (
        text
    )
    assert "Measured with `python -m benchmarks` on a 2-core Linux machine." in text


def test_the_page_says_what_was_not_measured() -> None:
    text = page.render([], {1: "go is not on PATH\nmore"})
    assert "Not measured by the latest run: go is not on PATH\n" in text


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.0456, "s", "46 ms"),
        (12, "s", "12.00 s"),
        (1.234, "ms", "1.23 ms"),
        (27.4, "MiB", "27 MiB"),
        (0.174, "%", "0.17 %"),
    ],
)
def test_amounts(value: float, unit: str, shown: str) -> None:
    assert page.amount(value, unit) == shown


def test_the_page_in_docs_shows_the_kept_figures() -> None:
    figures = page.load()
    wanted = {benchmark.row: benchmark.kept_rounds for benchmark in BENCHMARKS}
    # What takes minutes a round may wait for a quiet machine; the page then says so.
    quick = {row for row, rounds in wanted.items() if rounds == KEPT_ROUNDS}
    assert quick <= {entry.row for entry in figures} <= set(wanted)
    for entry in figures:
        assert len(entry.comparison.ours) >= wanted[entry.row]
        if entry.comparison.ratio_limit is not None:
            assert len(entry.comparison.peer) >= wanted[entry.row]
    assert page.PAGE.read_text("utf-8") == page.render(figures, {})
