"""The program that runs a level of tests inside of a workspace; it is sent there as it is.

It knows the folder that it lies in: ``project.zip`` has the project, ``task.json`` says what runs.
What pytest prints goes to ``progress/`` while it runs, a file for each part, because files of a
workspace and of volumes cannot be appended to everywhere. At the end ``results.zip`` has the
reports.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any, TextIO

# Seconds between two parts of what is printed.
PART_SECONDS = 1.0

# What the compute has imported before cannot be rewritten for better messages; projects that take
# warnings for errors do not mean this one.
IMPORTED = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")


class TestsFailed(Exception):  # noqa: N818  (what happened, as the run's page shows it)
    """The tests are red; so is the run."""


class Progress(io.TextIOBase):
    """Standard output that is also written in parts, where the one who waits can read them.

    Args:
        stream: the standard output that was there.
        folder: takes the parts.
    """

    def __init__(self, stream: TextIO, folder: Path) -> None:
        self._stream = stream
        self._folder = folder
        self._kept: list[str] = []
        self._count = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        folder.mkdir(exist_ok=True)
        self._writer = threading.Thread(target=self._write_parts, daemon=True)
        self._writer.start()

    def write(self, text: str) -> int:
        """Take what is printed."""
        with self._lock:
            self._kept.append(text)
        return self._stream.write(text)

    def flush(self) -> None:
        """Pass it on."""
        self._stream.flush()

    def writable(self) -> bool:
        """Say that it may be written to."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What the standard output that was there has."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def finish(self) -> None:
        """Write the last part."""
        self._ended.set()
        self._writer.join()
        self._write_part()

    def _write_parts(self) -> None:
        while not self._ended.wait(PART_SECONDS):
            self._write_part()

    def _write_part(self) -> None:
        with self._lock:
            text, self._kept = "".join(self._kept), []
        if not text:
            return
        # A part that can be seen is whole.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", delete=False) as file:
            file.write(text)
        shutil.copyfile(file.name, self._folder / f"{self._count:06}.txt")
        Path(file.name).unlink()
        self._count += 1


def main(home: Path) -> int:
    """Run what ``task.json`` says, leave the results, and return what pytest ended with.

    Args:
        home: the folder in the workspace.
    """
    task: dict[str, Any] = json.loads((home / "task.json").read_text("utf-8"))
    place = Path(tempfile.mkdtemp(prefix="bricklane-tests-"))
    with zipfile.ZipFile(home / "project.zip") as archive:
        archive.extractall(place)
    project, reports = place / "project", place / "reports"
    reports.mkdir(exist_ok=True)
    progress = Progress(sys.stdout, home / "progress")
    before = os.getcwd(), dict(os.environ), list(sys.path), sys.stdout  # noqa: PTH109
    try:
        os.chdir(project)
        os.environ.update(_told(task, home, project, reports))
        sys.path.insert(0, str(project))
        sys.dont_write_bytecode = True
        sys.stdout = progress
        import pytest

        junit = f"--junit-xml={reports / task['level']}.xml"
        code = int(pytest.main([junit, *IMPORTED, *task["arguments"]]))
    finally:
        sys.stdout = before[3]
        os.chdir(before[0])
        progress.finish()
        _leave(reports, home)
        shutil.rmtree(place, ignore_errors=True)
    (home / "exit.json").write_text(json.dumps(code), "utf-8")
    return code


def _told(task: dict[str, Any], home: Path, project: Path, reports: Path) -> dict[str, str]:
    told = {**task["environment"], "BRICKLANE_TEST_REPORTS": str(reports)}
    told["BRICKLANE_TEST_COVERAGE"] = os.pathsep.join(str(project / x) for x in task["coverage"])
    if task["left_out"]:
        file = reports / "left-out.txt"
        file.write_text("".join(f"{project / path}\n" for path in task["left_out"]), "utf-8")
        told["BRICKLANE_TEST_LEFT_OUT"] = str(file)
    if (home / "bundle-summary.json").is_file():
        told["BRICKLANE_BUNDLE_SUMMARY"] = str(home / "bundle-summary.json")
    return told


def _leave(reports: Path, home: Path) -> None:
    """Pack the reports, and put them where the one who waits finds them."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "results.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(reports.iterdir()):
                if file.is_file():
                    archive.write(file, file.name)
        shutil.copyfile(packed, home / "results.zip")


if __name__ == "__main__":
    ended_with = main(Path(sys.argv[1]))
    if ended_with:
        raise TestsFailed(f"pytest ended with exit code {ended_with}")
