"""The files of a folder of reports: what is in which, written and read back."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError
from bricklane.testing.reports.model import (
    ERROR,
    FAILED,
    PASSED,
    SKIPPED,
    ComparedRow,
    Comparison,
    Coverage,
    Failure,
    Level,
    Report,
    Test,
)

COVERAGE = "coverage.json"
WHOLE = "report.json"
IGNORE = ".gitignore"
IGNORED = "*\n"


def junit_file(folder: Path, level: str) -> Path:
    """Return where pytest writes JUnit's XML of a level."""
    return folder / f"{level}.xml"


def _level_file(folder: Path, level: str) -> Path:
    return folder / f"{level}.json"


def prepare(folder: Path) -> None:
    """Make the folder of reports, without what a run before this one has left in it.

    Raises:
        BricklaneError: when there is something else in it.
    """
    ours = (
        IGNORE,
        "*.xml",
        "*.json",
        "*.coverage",
        "report.*",
        "coverage.*",
        "*.toml",
        "*.txt",
        "*.part*",
    )
    if folder.is_dir():
        known = {path for pattern in ours for path in folder.glob(pattern) if path.is_file()}
        other = next((path for path in sorted(folder.iterdir()) if path not in known), None)
        if known and not _is_ours(folder / IGNORE):
            other = min(known)
        if other is not None:
            raise BricklaneError(
                f"{folder} has {other.name}, which is none of the reports",
                hint="name a new or an empty folder with --reports",
            )
        for path in known:
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / IGNORE).write_text(IGNORED, "utf-8")


def _is_ours(file: Path) -> bool:
    """Return whether a run before this one has made the folder."""
    return file.is_file() and file.read_text("utf-8", errors="replace") == IGNORED


def document(value: Any) -> Any:
    """Return a dataclass of the model as what JSON can say."""
    return json.loads(json.dumps(asdict(value)))


def write_level(
    folder: Path, level: str, tests: Iterable[Test], notes: tuple[str, ...], code: int
) -> None:
    """Write down the tests of a level, seen from inside of pytest."""
    found = {"level": level, "code": code, "notes": notes, "tests": [asdict(t) for t in tests]}
    folder.mkdir(parents=True, exist_ok=True)
    _level_file(folder, level).write_text(json.dumps(found, default=str), "utf-8")


def write_whole(folder: Path, report: Report) -> None:
    """Write down the report of all levels."""
    found = {**asdict(report), "passed": report.passed}
    (folder / WHOLE).write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def read_whole(folder: Path) -> Report | None:
    """Return the report that :func:`write_whole` has written, without its base; None when none is.

    Raises:
        BricklaneError: when the file is none of ours.
    """
    file = folder / WHOLE
    try:
        found = json.loads(file.read_text("utf-8"))
        levels = tuple(map(_level, found["levels"]))
        coverage = _coverage(found["coverage"]) if found["coverage"] else None
        return Report(str(found["project"]), levels, str(found["target"]), coverage)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BricklaneError(f"{file} is no report that bricklane has written") from error


def _level(found: Mapping[str, Any]) -> Level:
    return Level(
        str(found["name"]),
        int(found["code"]),
        float(found["seconds"]),
        tuple(map(read_test, found["tests"])),
        tuple(map(str, found["notes"])),
    )


def read_level(folder: Path, level: str, code: int, seconds: float) -> Level:
    """Return what is known of a level that ran.

    Args:
        folder: of the reports.
        level: its name.
        code: what its command ended with.
        seconds: how long it took.
    """
    file = _level_file(folder, level)
    try:
        found = json.loads(file.read_text("utf-8"))
        tests, notes = tuple(map(read_test, found["tests"])), tuple(map(str, found["notes"]))
    except FileNotFoundError:
        tests, notes = _from_junit(junit_file(folder, level))
    except (ValueError, KeyError, TypeError) as error:
        tests, notes = (), (f"{file.name} cannot be read: {error}",)
    return Level(level, code, seconds, tests, notes)


def read_coverage(folder: Path) -> Coverage | None:
    """Return the coverage over all levels; None when none was measured."""
    try:
        found = json.loads((folder / COVERAGE).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return _coverage(found)


def _coverage(found: Mapping[str, Any]) -> Coverage:
    files = {str(path): (int(a), int(b)) for path, (a, b) in found["files"].items()}
    return Coverage(int(found["covered"]), int(found["lines"]), files)


def read_test(found: Mapping[str, Any]) -> Test:
    """Return a test as :func:`write_level` has written it."""
    return Test(
        str(found["id"]),
        str(found["outcome"]),
        float(found["seconds"]),
        tuple(map(_failure, found["failures"])),
        str(found["reason"]),
    )


def _failure(found: Mapping[str, Any]) -> Failure:
    comparison = found["comparison"]
    return Failure(
        str(found["message"]),
        str(found["place"]),
        str(found["details"]),
        read_comparison(comparison) if comparison else None,
    )


def read_comparison(found: Mapping[str, Any]) -> Comparison:
    """Return a comparison that :func:`document` has made."""
    rows = tuple(
        ComparedRow(str(row["kind"]), tuple(row["actual"]), tuple(row["expected"]))
        for row in found["rows"]
    )
    columns = tuple(map(str, found["columns"]))
    return Comparison(columns, rows, int(found["differing"]), int(found["total"]))


UNRECORDED = "the environment of its command has no bricklane, so attempts and rows are not known"


def _from_junit(file: Path) -> tuple[tuple[Test, ...], tuple[str, ...]]:
    """Return the tests that pytest's own report has, where bricklane's plugin is not there."""
    try:
        root = ET.parse(file).getroot()  # noqa: S314  (pytest wrote it, on this machine)
    except FileNotFoundError:
        return (), ("its command left no report of its tests",)
    except ET.ParseError as error:
        return (), (f"{file.name} cannot be read: {error}",)
    return tuple(map(_junit_test, root.iter("testcase"))), (UNRECORDED,)


JUNIT = {"failure": FAILED, "error": ERROR, "skipped": SKIPPED}


def _junit_test(case: ET.Element) -> Test:
    name = "::".join(filter(None, (case.get("classname", ""), case.get("name", ""))))
    seconds = float(case.get("time") or 0)
    for child in case:
        outcome = JUNIT.get(child.tag)
        if outcome == SKIPPED:
            return Test(name, SKIPPED, seconds, reason=child.get("message", ""))
        if outcome is not None:
            failure = Failure(child.get("message", ""), details=child.text or "")
            return Test(name, outcome, seconds, (failure,))
    return Test(name, PASSED, seconds)
