from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bricklane.errors import ExitCode
from bricklane.tools import processes
from bricklane.tools.model import Job, WayFailed
from bricklane.tools.processes import explain, run


def run_python(code: str, job: Job, record: Any) -> None:
    run([sys.executable, "-c", code], job, record, directory=job.folder, environment={"A": "1"})


def test_output_goes_to_the_log_and_its_lines_to_the_activity(job: Job, record: Any) -> None:
    run_python("import os; print(os.environ['A'], os.getcwd())", job, record)

    assert record.notes == [f"1 {job.folder}"]
    lines = job.log.read_text("utf-8").splitlines()
    assert lines[0].startswith(f"$ {sys.executable} -c ")
    assert lines[1:] == [f"1 {job.folder}"]


def test_credentials_of_addresses_reach_neither_log_nor_error(job: Job, record: Any) -> None:
    code = "import sys; sys.exit('cannot fetch https://me:secret@example.com/simple')"

    with pytest.raises(WayFailed) as caught:
        run_python(code, job, record)

    assert "https://***@example.com/simple" in caught.value.reason
    assert "secret" not in caught.value.reason + job.log.read_text("utf-8") + str(record.notes)


def test_a_failure_names_the_last_line_and_the_log(job: Job, record: Any) -> None:
    with pytest.raises(WayFailed, match=r"^python\S* exited 7: it broke$") as caught:
        run_python("print('it broke\\n'); raise SystemExit(7)", job, record)

    assert caught.value.hint == f"its whole output is in {job.log}"
    assert caught.value.code is ExitCode.TOOL


def test_a_program_that_is_not_there_is_named(job: Job, record: Any) -> None:
    with pytest.raises(WayFailed, match=r"^/nowhere/go cannot be run \(No such file"):
        run(["/nowhere/go"], job, record, directory=job.folder, environment={})


def test_a_program_that_never_ends_is_killed(
    job: Job, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LIMIT_SECONDS", 0.5)

    with pytest.raises(WayFailed, match=r"did not end within 0\.5 seconds"):
        run_python("import time; time.sleep(60)", job, record)


def test_an_interrupt_ends_the_program(job: Job, tmp_path: Path) -> None:
    class Interrupted:
        def note(self, text: str) -> None:
            raise KeyboardInterrupt(text)

    began = time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        run_python("import time; print('x', flush=True); time.sleep(60)", job, Interrupted())

    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("line", "code", "final"),
    [
        ("dial tcp: lookup proxy.example: no such host", ExitCode.NETWORK, False),
        ("x@v1: module lookup disabled by GOPROXY=off", ExitCode.NETWORK, False),
        ("cause: error sending request for url (https://x/)", ExitCode.NETWORK, False),
        (
            "hint: Packages were unavailable because the network was disabled.",
            ExitCode.NETWORK,
            False,
        ),
        ("java.net.UnknownHostException: x", ExitCode.NETWORK, False),
        ("write x.o: no space left on device", ExitCode.TOOL, True),
        ("Caused by: No space left on device (os error 28)", ExitCode.TOOL, True),
        ("undefined: frobnicate", ExitCode.TOOL, False),
    ],
)
def test_failures_are_told_apart(line: str, code: ExitCode, final: bool, tmp_path: Path) -> None:
    failure = explain("go", 1, ["before", line, "after"], tmp_path / "install.log")

    assert (failure.code, failure.final) == (code, final)
