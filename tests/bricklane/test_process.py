from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.process import Command, CommandFailed, redact, run


def python(program: str, **values: object) -> Command:
    return Command((sys.executable, "-c", program), Path.cwd(), **values)  # type: ignore[arg-type]


def test_a_program_leaves_its_output_and_its_lines_are_shown_as_they_come() -> None:
    lines: list[str] = []
    result = run(
        python("import sys; print('out'); print('err', file=sys.stderr)"), show=lines.append
    )
    assert (result.code, result.output, result.error) == (0, "out\n", "err\n")
    assert sorted(lines) == ["err", "out"]


def test_input_environment_and_what_is_taken_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONE", "1")
    program = "import os, sys; print(sys.stdin.read(), os.environ['A'], 'GONE' in os.environ)"
    command = python(program, input="text", environment={"A": "b"}, remove=frozenset({"GONE"}))
    assert run(command).output == "text b False\n"


def test_secrets_show_nowhere() -> None:
    command = python("import sys; sys.exit('token s3cret')", secrets=("s3cret", ""))
    with pytest.raises(CommandFailed) as caught:
        run(command)
    assert caught.value.message.endswith("ended with exit code 1:\ntoken ***")
    assert redact("abc ab", ("ab", "abc")) == "*** ***"


def test_other_exit_codes_may_be_allowed() -> None:
    assert run(python("raise SystemExit(3)"), allowed=frozenset({3})).code == 3


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(BricklaneError, match="no-such-program cannot be run in") as caught:
        run(Command(("no-such-program",), Path.cwd()))
    assert caught.value.exit_code is ExitCode.TOOL


def test_a_program_that_takes_too_long_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(BricklaneError, match=r"did not end within 0\.2 seconds"):
        run(python("import time; time.sleep(60)", timeout=0.2))
    assert time.monotonic() - began < 10


INTERRUPTED = """
import signal, sys
from pathlib import Path
from bricklane.process import Command, run
# Programs that a shell starts in the background ignore it, and what they start does too.
signal.signal(signal.SIGINT, signal.default_int_handler)
child = '''
import pathlib, signal, sys, time
def save(*_):
    print("saving", flush=True)
    pathlib.Path(sys.argv[1]).write_text("saved")
    sys.exit()
signal.signal(signal.SIGTERM, save)
signal.signal(signal.SIGINT, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(60)
'''
command = Command((sys.executable, "-c", child, sys.argv[1]), Path.cwd())
run(command, show=print if sys.argv[2] == "shown" else None)
"""


@pytest.mark.parametrize("how", ["shown", "quiet"])
def test_what_is_interrupted_lets_its_program_save_its_work(tmp_path: Path, how: str) -> None:
    work = tmp_path / "work"
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(work), how], stderr=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not (work.exists() and work.read_text()) and time.monotonic() < deadline:
                time.sleep(0.05)
            os.kill(process.pid, signal.SIGINT)
            process.wait(30)
        finally:
            process.kill()
    assert work.read_text() == "saved"


def test_files_of_a_program_may_be_kept_from_others(tmp_path: Path) -> None:
    file = tmp_path / "state"
    run(python(f"open({str(file)!r}, 'w').close()", umask=0o077))
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_shielded_program_is_in_no_process_group_that_a_terminal_interrupts() -> None:
    program = "import os; print(os.getpgrp() == os.getpid())"
    assert run(python(program, shielded=True)).output == "True\n"
    assert run(python(program)).output == "False\n"


def test_more_than_a_pipe_holds_goes_both_ways() -> None:
    text = "line\n" * 100_000
    copy = "import sys; text = sys.stdin.read(); print(text, file=sys.stderr); print(text)"
    for show in (None, lambda _: None):
        result = run(python(copy, input=text), show=show)
        assert result.output == result.error == text + "\n"


def test_a_secret_of_several_lines_is_kept_nowhere() -> None:
    command = python("print('before\\none\\ntwo\\nafter')", secrets=("one\ntwo",))
    for show in (None, lambda _: None):
        assert run(command, show=show).output == "before\n***\nafter\n"
