"""Tests that notebooks hold themselves, written for nutter.

Such a notebook ends well whatever its tests came to: they are in what it exits with, a pickle, and
in the object that nutter made of them, which is read here.

Source: https://github.com/microsoft/nutter
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

RESULTS = ("common.testexecresults", "TestExecResults")


def failed_tests(namespace: Mapping[str, Any]) -> dict[str, str]:
    """Return the tests of nutter that failed in a notebook: name → what was wrong.

    Args:
        namespace: what the notebook left.
    """
    return {
        str(test.test_name): _problem(test)
        for value in namespace.values()
        if (type(value).__module__, type(value).__qualname__) == RESULTS
        for test in _tests(value)
        if not test.passed
    }


def _tests(results: Any) -> Iterable[Any]:
    found: Iterable[Any] = results.test_results.results
    return found


def _problem(test: Any) -> str:
    said = str(test.exception) if test.exception is not None else "failed"
    return f"{type(test.exception).__name__}: {said}" if test.exception is not None else said
