r"""Records what cells show, in ``cells.json``.

The file is a JSON list, one object a cell, in order::

    {"index": 0, "language": "python", "title": "", "source": "...", "state": "SUCCESS",
     "started_at": 1760000000000, "duration_ms": 12, "outputs": [...]}

``language``: ``python``, ``sql``, ``md``, ``sh``, ``fs``, ``run``, ``scala`` or ``r``.
``state``: ``RUNNING``, ``SUCCESS``, ``FAILED``, ``CANCELLED`` or ``SKIPPED`` (not run because an
earlier cell failed or left the notebook). ``started_at`` is in milliseconds since 1970 and, like
``duration_ms``, null for a cell that never ran. The file is written anew, atomically, when a cell
begins and when it ends.

Outputs, in the order they were made:

- ``{"type": "text", "stream": "stdout"|"stderr"|"result", "text": str}``: printed text, or the
  plain form of a cell's last expression;
- ``{"type": "markdown", "text": str}``: Markdown source, of ``%md`` cells and IPython displays;
- ``{"type": "html", "html": str}``: HTML as user code made it; not trusted;
- ``{"type": "image", "mime": "image/png"|"image/jpeg"|"image/svg+xml", "data": str}``: base64,
  except SVG, which is text;
- ``{"type": "table", "columns": [{"name": str, "type": str}], "rows": [[...]],
  "truncated": bool}``: at most 1,000 rows; see :mod:`.tables` for the values;
- ``{"type": "error", "name": str, "message": str, "traceback": str, "line": int|null}``.

Secrets are ``[REDACTED]`` in all of it. All outputs of a run together are kept up to a limit; what
comes after it is replaced by one text output that says so.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from bricklane_runtime.notebook.source import Cell
from bricklane_runtime.redaction import Redactor
from bricklane_runtime.results import CELLS, write_json

LIMIT = 20 * 1024 * 1024
# The file is also written when a cell begins, as long as that costs nothing to speak of.
SMALL = 1024 * 1024


@dataclass(slots=True)
class Record:
    """One cell as it is recorded.

    Args:
        index: its place in the notebook, from 0.
        cell: the cell.
        state: see the module.
        outputs: see the module.
        started_at: milliseconds since 1970.
        duration_ms: how long it ran.
    """

    index: int
    cell: Cell
    state: str = "RUNNING"
    outputs: list[dict[str, Any]] = field(default_factory=list)
    started_at: int | None = None
    duration_ms: int | None = None

    def document(self, redactor: Redactor) -> object:
        """Return the record as JSON data without secrets."""
        return redactor.data(
            {
                "index": self.index,
                "language": self.cell.kind,
                "title": self.cell.title,
                "source": self.cell.source,
                "state": self.state,
                "started_at": self.started_at,
                "duration_ms": self.duration_ms,
                "outputs": [_joined(output) for output in self.outputs],
            }
        )


def _joined(output: dict[str, Any]) -> dict[str, Any]:
    """Turn a text output that is still being written into data."""
    text = output.get("text")
    return {**output, "text": text.getvalue()} if isinstance(text, io.StringIO) else output


class Recorder:
    """Records the outputs of a notebook run.

    Args:
        directory: the run directory; None keeps the records in memory only.
        redactor: knows the secrets of the run.
        limit: bytes of output that are kept.
    """

    def __init__(self, directory: Path | None, redactor: Redactor, limit: int = LIMIT) -> None:
        self._path = directory / CELLS if directory else None
        self._redactor = redactor
        self._limit = limit
        self._left = limit
        self._done: list[object] = []
        self._current: Record | None = None
        self._lock = threading.RLock()
        self._began = 0.0

    def begin(self, index: int, cell: Cell) -> Record:
        """Begin to record a cell."""
        record = Record(index, cell, started_at=int(time.time() * 1000))
        with self._lock:
            self._current = record
            self._began = time.monotonic()
            if self._limit - self._left < SMALL:
                self._save([*self._done, record.document(self._redactor)])
        return record

    def end(self, state: str) -> None:
        """End the cell that began last."""
        with self._lock:
            record = self._current
            if record is None:
                return
            record.state = state
            record.duration_ms = round((time.monotonic() - self._began) * 1000)
            self._done.append(record.document(self._redactor))
            self._current = None
            self._save(self._done)

    @property
    def records(self) -> list[object]:
        """The records of the cells that ended, as the module describes them."""
        return list(self._done)

    def take(self) -> dict[str, Any]:
        """Return the record of the cell that ended last, and begin anew to count what is kept."""
        with self._lock:
            found: Any = self._done.pop()
            self._done.clear()
            self._left = self._limit
            return dict(found)

    def _save(self, records: list[object]) -> None:
        if self._path is not None:
            write_json(self._path, records)

    def skip(self, cells: Iterable[tuple[int, Cell]]) -> None:
        """Record cells that do not run."""
        with self._lock:
            for index, cell in cells:
                self._done.append(Record(index, cell, "SKIPPED").document(self._redactor))
            self._save(self._done)

    def add(self, output: dict[str, Any]) -> None:
        """Record an output of the current cell; outside of a cell it is dropped."""
        with self._lock:
            if self._current is not None and self._take(len(json.dumps(output)), output):
                self._current.outputs.append(output)

    def error(self, output: dict[str, Any]) -> None:
        """Record why the current cell failed, however much was shown before."""
        with self._lock:
            if self._current is not None:
                self._current.outputs.append(output)

    def text(self, stream: str, text: str) -> None:
        """Record printed text; what comes in many pieces becomes one output."""
        with self._lock:
            if self._current is None or not text:
                return
            kept = text if len(text) <= self._left else text[: max(self._left, 0)]
            if kept:
                self._stream(self._current, stream).write(kept)
            self._take(len(text), {})

    def _stream(self, record: Record, stream: str) -> io.StringIO:
        last = record.outputs[-1] if record.outputs else {}
        if last.get("stream") == stream and isinstance(last.get("text"), io.StringIO):
            joined: io.StringIO = last["text"]
            return joined
        fresh = io.StringIO()
        record.outputs.append({"type": "text", "stream": stream, "text": fresh})
        return fresh

    def _take(self, size: int, output: dict[str, Any]) -> bool:
        """Take ``size`` from what is left; on the first excess leave a note."""
        if self._left < 0 or self._current is None:
            return False
        self._left -= size
        if self._left >= 0:
            return True
        megabytes = self._limit // 1024 // 1024
        what = f" A {output['type']} output and all after it are left out." if output else ""
        note = f"[output truncated: {megabytes} MB are kept of a run.{what}]"
        self._current.outputs.append({"type": "text", "stream": "stderr", "text": note})
        return False


class CellStream(io.TextIOBase):
    """Standard output or error of a notebook: goes to the cell, and on to the log.

    Args:
        name: ``stdout`` or ``stderr``.
        recorder: of the notebook.
        log: the process's own stream.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, name: str, recorder: Recorder, log: TextIO) -> None:
        self._name = name
        self._recorder = recorder
        self._log = log

    @property
    def log(self) -> TextIO:
        """The process's own stream."""
        return self._log

    def write(self, text: str) -> int:
        """Write text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._recorder.text(self._name, text)
        return self._log.write(text)

    def flush(self) -> None:
        """Flush the log."""
        self._log.flush()

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the process's own descriptor; what is written there is in the log only."""
        return self._log.fileno()

    @property
    def buffer(self) -> Any:
        """The binary stream below, for code that writes bytes; seen in the log only."""
        return self._log.buffer
