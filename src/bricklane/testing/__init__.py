"""Tests of notebooks, scripts and bundles: a pytest plugin, levels, reports, static checks."""

from __future__ import annotations

TYPE_CHECKING = False  # As ``typing`` has it, which is loaded by those that need it.
if TYPE_CHECKING:
    from bricklane.testing.notebooks.failures import NotebookFailure
    from bricklane.testing.notebooks.results import NotebookResult

__all__ = ["NotebookFailure", "NotebookResult"]


def __getattr__(name: str) -> object:
    """Load what tests import from here when they do."""
    if name == "NotebookFailure":
        from bricklane.testing.notebooks.failures import NotebookFailure

        return NotebookFailure
    if name == "NotebookResult":
        from bricklane.testing.notebooks.results import NotebookResult

        return NotebookResult
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
