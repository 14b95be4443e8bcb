"""What holds for all tests."""

from __future__ import annotations

import os
import signal

import pytest

# It is about this run of pytest, and has been read; those that tests start are runs of their own.
os.environ.pop("PYTEST_ADDOPTS", None)
# What a shell starts in the background ignores interrupts, and so does all that this starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
# What kept tests of this session from running: files that cannot be read, workers that died.
unrun: list[object] = []


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Note that a worker of pytest-xdist has died."""
    if error:
        unrun.append(node)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note that a file cannot be read."""
    if report.failed:
        unrun.append(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep a session whose tests did not all run from ending as one with failed tests."""
    if unrun:
        session.exitstatus = pytest.ExitCode.INTERRUPTED
