"""A project whose levels of tests are run in this Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bricklane.project.settings import Settings, TestingSettings
from bricklane.testing.levels.running import Place, report_of, run_levels
from bricklane.testing.reports import files
from bricklane.testing.reports.model import Report
from bricklane.testing.reports.writing import write

Run = Callable[..., Report]


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that tests start know nothing of the run that they are in."""
    import os

    for name in os.environ:
        if name.startswith(("PYTEST_", "COV_", "COVERAGE", "BRICKLANE_TEST")) and name != (
            "PYTEST_CURRENT_TEST"
        ):
            monkeypatch.delenv(name)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one module, and room for tests of it."""
    root = tmp_path / "shop"
    (root / "src/shop").mkdir(parents=True)
    (root / "src/shop/__init__.py").write_text("")
    (root / "src/shop/prices.py").write_text(
        "def net(price: float) -> float:\n    if price < 0:\n        raise ValueError(price)\n"
        "    return price / 1.2\n"
    )
    (root / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1"\n'
        '[tool.pytest.ini_options]\npythonpath = ["src"]\nfilterwarnings = ["error"]\n'
        'addopts = "-p no:cacheprovider --import-mode=importlib"\n'
    )
    (root / "databricks.yml").write_text("bundle: {name: shop}\ntargets: {dev: {default: true}}\n")
    return root


@pytest.fixture
def run(project: Path) -> Run:
    """Return a function that runs levels of the project in this Python, and reports."""

    def levels(
        *names: str,
        reruns: dict[str, int] | None = None,
        more: tuple[str, ...] = (),
        **place: object,
    ) -> Report:
        commands = {name: f"{sys.executable} -m pytest tests/{name}" for name in names}
        testing = TestingSettings(reruns=reruns or {})
        settings = Settings(root=project, bundle="shop", tests=commands, testing=testing)
        where = Place(settings, project, project / "reports", arguments=more, **place)  # type: ignore[arg-type]
        files.prepare(where.reports)
        report = report_of(where, list(run_levels(where, names, print, keep_going=True)))
        write(where.reports, report)
        return report

    return levels


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ("git", "-c", "user.name=Dev", "-c", "user.email=dev@example.com", *words),
        cwd=folder, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
