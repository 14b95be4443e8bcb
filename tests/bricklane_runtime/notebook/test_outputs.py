from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

from bricklane_runtime.notebook.outputs import CellStream, Recorder
from bricklane_runtime.notebook.source import Cell
from bricklane_runtime.redaction import Redactor

CELL = Cell("python", "print(1)", "print(1)", "One")


def cells(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "cells.json").read_text())
    return found


def test_a_cell_is_seen_while_it_runs_and_after(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor())
    recorder.begin(0, CELL)
    assert [cell["state"] for cell in cells(tmp_path)] == ["RUNNING"]
    recorder.text("stdout", "hello")
    recorder.end("SUCCESS")
    (cell,) = cells(tmp_path)
    assert cell.pop("started_at") > 0
    assert cell.pop("duration_ms") >= 0
    assert cell == {
        "index": 0,
        "language": "python",
        "title": "One",
        "source": "print(1)",
        "state": "SUCCESS",
        "outputs": [{"type": "text", "stream": "stdout", "text": "hello"}],
    }


def test_pieces_of_a_stream_become_one_output_until_another_comes_between(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor())
    recorder.begin(0, CELL)
    for stream, text in (("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")):
        recorder.text(stream, text)
    recorder.add({"type": "html", "html": "<b>"})
    recorder.text("stdout", "e")
    recorder.end("SUCCESS")
    outputs = cells(tmp_path)[0]["outputs"]
    assert [output.get("text") or output["html"] for output in outputs] == [
        "ab", "c", "d", "<b>", "e"
    ]  # fmt: skip


def test_a_secret_printed_in_pieces_is_redacted(tmp_path: Path) -> None:
    redactor = Redactor()
    recorder = Recorder(tmp_path, redactor)
    recorder.begin(0, CELL)
    recorder.text("stdout", "pass")
    recorder.text("stdout", "word")
    recorder.add({"type": "table", "columns": [], "rows": [["password"]], "truncated": False})
    redactor.add("password")
    recorder.end("SUCCESS")
    text = (tmp_path / "cells.json").read_text()
    assert "password" not in text
    assert text.count("[REDACTED]") == 2


def test_output_beyond_the_limit_is_left_out_with_a_note(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor(), limit=2 * 1024 * 1024)
    recorder.begin(0, CELL)
    recorder.text("stdout", "x" * 3 * 1024 * 1024)
    recorder.text("stdout", "more")
    recorder.end("SUCCESS")
    recorder.begin(1, CELL)
    recorder.text("stdout", "again")
    recorder.add({"type": "html", "html": "<b>"})
    recorder.error({"type": "error", "name": "E", "message": "m", "traceback": "", "line": 1})
    recorder.end("FAILED")
    first, second = cells(tmp_path)
    assert len(first["outputs"][0]["text"]) == 2 * 1024 * 1024
    assert first["outputs"][1:] == [
        {
            "type": "text",
            "stream": "stderr",
            "text": "[output truncated: 2 MB are kept of a run.]",
        }
    ]
    assert [output["type"] for output in second["outputs"]] == ["error"]


def test_a_large_table_is_left_out_with_a_note_that_says_so(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor(), limit=1024 * 1024)
    recorder.begin(0, CELL)
    recorder.add({"type": "table", "rows": ["x" * 2 * 1024 * 1024]})
    recorder.end("SUCCESS")
    (output,) = cells(tmp_path)[0]["outputs"]
    assert output["text"] == (
        "[output truncated: 1 MB are kept of a run. A table output and all after it are left out.]"
    )


def test_skipped_cells_never_started(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor())
    recorder.skip([(3, CELL)])
    (cell,) = cells(tmp_path)
    assert (cell["index"], cell["state"], cell["started_at"]) == (3, "SKIPPED", None)


def test_output_outside_of_a_cell_is_dropped(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor())
    recorder.text("stdout", "x")
    recorder.add({"type": "html", "html": ""})
    recorder.end("SUCCESS")
    assert not (tmp_path / "cells.json").exists()


def test_threads_may_print_at_the_same_time(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor())
    recorder.begin(0, CELL)
    stream = CellStream("stdout", recorder, io.StringIO())
    threads = [
        threading.Thread(target=lambda: [stream.write("x") for _ in range(500)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.end("SUCCESS")
    assert cells(tmp_path)[0]["outputs"][0]["text"] == "x" * 4000
