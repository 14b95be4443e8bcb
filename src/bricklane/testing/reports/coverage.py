"""Coverage of the project's code, measured by coverage.py at each level and merged over levels.

Runs in the environment of the tests; that of ``bricklane`` itself need not have coverage.py.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

from bricklane.testing.reports.files import COVERAGE

SOURCE = "src"
NEVER = frozenset({"tests", "test", "docs", "build", "dist"})

# Where a project may say itself how it measures.
# Source: https://coverage.readthedocs.io/en/latest/config.html
OWN = (".coveragerc", ".coveragerc.toml")

# Folders without a test are reported by their figure, not by warnings, which tests may take for
# errors.
CONFIGURATION = """\
[tool.coverage.run]
relative_files = true
disable_warnings = ["no-data-collected", "module-not-imported", "module-not-measured"]
"""


def folders(root: Path) -> tuple[str, ...]:
    """Return the folders with the project's code: ``src``, else packages beside the tests."""
    if (root / SOURCE).is_dir():
        return (SOURCE,)
    packages = (file.parent for file in sorted(root.glob("*/__init__.py")))
    return tuple(path.name for path in packages if path.name not in NEVER)


def data_file(folder: str, level: str) -> Path:
    """Return where the coverage of a level is kept while the level runs."""
    return Path(folder) / f"{level}.coverage.part"


def configuration(root: Path, folder: str) -> list[str]:
    """Return the option with our settings; none where the project has settings of its own."""
    if any((root / name).is_file() for name in OWN) or _configured(root / "pyproject.toml"):
        return []
    file = Path(folder) / "coverage.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CONFIGURATION, "utf-8")
    return [f"--cov-config={file}"]


def _configured(file: Path) -> bool:
    try:
        return "coverage" in tomllib.loads(file.read_text("utf-8")).get("tool", {})
    except (OSError, ValueError):
        return False  # Without it there are no settings in it; pytest has read what it needs.


def merge(root: Path, folder: str, level: str) -> list[str]:
    """Merge the coverage of all levels that are over, and write down lines per file.

    Args:
        root: the project's folder, which paths are relative to.
        folder: of the reports.
        level: that is just over.

    Returns:
        What the reader of the reports should know.
    """
    with (Path(folder) / "coverage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Levels may run at the same time.
        with contextlib.suppress(FileNotFoundError):
            data_file(folder, level).replace(Path(folder) / f"{level}.coverage")
        return _merge(root, folder)


def _merge(root: Path, folder: str) -> list[str]:
    parts = [str(path) for path in sorted(Path(folder).glob("*.coverage"))]
    if not parts:
        return []
    from coverage import Coverage
    from coverage.exceptions import CoverageException

    config = Path(folder) / "coverage.toml"
    merged = Coverage(
        data_file=str(Path(folder) / "merged.data"),
        config_file=str(config) if config.is_file() else True,
        messages=False,
    )
    try:
        merged.combine(parts, keep=True)
        found = _lines(merged, root)
    except CoverageException as error:
        return [f"coverage could not be merged: {error}"]
    finally:
        (Path(folder) / "merged.data").unlink(missing_ok=True)
    covered, lines = (sum(pair[place] for pair in found.values()) for place in (0, 1))
    text = json.dumps({"covered": covered, "lines": lines, "files": found})
    (Path(folder) / COVERAGE).write_text(text, "utf-8")
    return []


def _lines(merged: object, root: Path) -> dict[str, tuple[int, int]]:
    """Return path → lines that ran, lines that could."""
    from coverage import Coverage
    from coverage.exceptions import NoSource, NotPython

    assert isinstance(merged, Coverage)  # noqa: S101  (imported late, so not in the signature)
    found: dict[str, tuple[int, int]] = {}
    for name in sorted(merged.get_data().measured_files()):
        path = Path(name)
        try:
            _, statements, _, missing, _ = merged.analysis2(name)
        except (NoSource, NotPython):
            continue  # A file that a test has made and removed.
        shown = path.relative_to(root) if path.is_relative_to(root) else path
        found[shown.as_posix()] = (len(statements) - len(missing), len(statements))
    return found


def option_value(measured: Sequence[str]) -> str:
    """Return folders as the variable ``BRICKLANE_TEST_COVERAGE`` has them."""
    import os

    return os.pathsep.join(measured)
