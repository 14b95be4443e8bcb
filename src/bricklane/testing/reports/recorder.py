"""Records a pytest run for ``bricklane test``: outcomes, attempts, compared rows, coverage.

Loaded by every pytest run of an environment with bricklane; without the variable
``BRICKLANE_TEST_REPORTS`` it does nothing, and imports nothing.
"""

from __future__ import annotations

import os

import pytest

from bricklane.testing.variables import COVERAGE, LEFT_OUT, LEVEL, REPORTS, RERUNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from bricklane.testing.reports.recording import Recording

RECORDING: pytest.StashKey[Recording] = pytest.StashKey()
OMITTED: pytest.StashKey[frozenset[str]] = pytest.StashKey()


def _wanted(config: pytest.Config) -> bool:
    return bool(os.environ.get(REPORTS)) and not hasattr(config, "workerinput")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    """Ask the plugins that are there for coverage and reruns, as the level has it.

    What the command line says itself stands behind these options and wins.
    """
    if _wanted(early_config):
        from copy import copy

        args[:0] = _options(early_config)
        early_config.known_args_namespace = parser.parse_known_args(
            args, namespace=copy(early_config.option)
        )
    return (yield)


def _options(config: pytest.Config) -> list[str]:
    from bricklane.testing.reports.coverage import configuration

    plugins = config.pluginmanager
    added: list[str] = []
    reruns = os.environ.get(RERUNS, "0")
    if reruns != "0" and plugins.hasplugin("rerunfailures"):
        added += ["--reruns", reruns]
    measured = list(filter(None, os.environ.get(COVERAGE, "").split(os.pathsep)))
    if measured and plugins.hasplugin("pytest_cov"):
        # Not at every level is each folder's code run.
        added += [f"--cov={folder}" for folder in measured]
        added += ["--cov-report=", *configuration(config.rootpath, os.environ[REPORTS])]
        os.environ["COVERAGE_FILE"] = str(_data_file())
    return added


def _data_file() -> Path:
    from bricklane.testing.reports.coverage import data_file

    return data_file(os.environ[REPORTS], os.environ.get(LEVEL, ""))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin the recording."""
    if left_out := os.environ.get(LEFT_OUT):
        with open(left_out, encoding="utf-8") as file:  # noqa: PTH123  (pathlib is not loaded yet)
            config.stash[OMITTED] = frozenset(file.read().splitlines())
    if not _wanted(config):
        return
    from bricklane.testing.reports.recording import Recording

    config.stash[RECORDING] = recording = Recording(config.rootpath)
    if os.environ.get(RERUNS, "0") != "0" and not config.pluginmanager.hasplugin("rerunfailures"):
        recording.notes.append("pytest-rerunfailures is not installed there: nothing was rerun")
    if os.environ.get(COVERAGE) and not config.pluginmanager.hasplugin("pytest_cov"):
        recording.notes.append("pytest-cov is not installed there: no coverage was measured")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files that ``bricklane test --changed`` has not picked."""
    omitted = config.stash.get(OMITTED, frozenset())
    return True if omitted and str(collection_path) in omitted else None


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Keep the rows of ``assert actual == expected``; what pytest says of it stays."""
    if os.environ.get(REPORTS) and op == "==":
        from bricklane.testing.reports.recording import COMPARED

        config.stash[COMPARED] = (left, right)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failure what only the process with the test knows."""
    report = yield
    if os.environ.get(REPORTS) and call.excinfo is not None:
        from bricklane.testing.reports.recording import observe

        observe(item, call.excinfo, report)
    return report


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let the recording hear of each report."""
    recording = session.config.stash.get(RECORDING, None)
    if recording is not None:
        session.config.pluginmanager.register(recording, "bricklane-recording")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write down what was recorded, and the coverage of all levels so far."""
    recording = session.config.stash.get(RECORDING, None)
    if recording is None:
        return
    from bricklane.testing.reports.coverage import merge

    folder, level = os.environ[REPORTS], os.environ.get(LEVEL, "")
    if os.environ.get(COVERAGE):
        recording.notes += merge(session.config.rootpath, folder, level)
    recording.write(folder, level, int(exitstatus))
