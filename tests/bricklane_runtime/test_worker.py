from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import Tasks, Zygote

TOKEN = "dapi-run-token"


def wait_for(path: Path, text: str) -> None:
    end = time.monotonic() + 20
    while text not in (path.read_text() if path.exists() else ""):
        assert time.monotonic() < end, f"{text} never came"
        time.sleep(0.02)


def ends(pid: int) -> bool:
    """Tell whether a process that was sent SIGKILL is gone, or will be in a moment."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("cold", [False, True])
def test_a_program_that_ends_well_succeeds(tasks: Tasks, cold: bool) -> None:
    ran = tasks.file("import sys; print(sys.argv, __name__, __file__)", "a", "b", cold=cold)
    assert ran.exit == {"event": "exited", "id": ran.exit["id"], "exit_code": 0, "signal": None}
    assert ran.result == {"state": "SUCCESS", "exit_value": None, "error": None}
    program = tasks.folder / "program.py"
    assert ran.log == f"['{program}', 'a', 'b'] __main__ {program}\n"


def test_the_specification_is_gone_when_user_code_runs(tasks: Tasks) -> None:
    ran = tasks.file("import os, sys; print(sorted(os.listdir('.')))")
    assert ran.log == "['stdout.log']\n"


def test_user_code_finds_the_environment_of_databricks_compute(tasks: Tasks) -> None:
    names = ("DATABRICKS_HOST", "DATABRICKS_RUNTIME_VERSION", "EXTRA", "SPARK_REMOTE")
    ran = tasks.file(
        f"import os; print([os.environ.get(name) for name in {names}])",
        environment={"EXTRA": "1"},
        spark={"remote": "sc://127.0.0.1:15002", "token": "x"},
    )
    assert ran.log == "['http://127.0.0.1:9', '17.3', '1', 'sc://localhost:15002']\n"


def test_tokens_are_redacted_however_they_are_printed(tasks: Tasks) -> None:
    ran = tasks.file(
        """
import os, sys, subprocess
token = os.environ["DATABRICKS_TOKEN"]
print(token)
sys.stdout.write(token[:5]); sys.stdout.flush(); sys.stdout.write(token[5:] + "\\n")
os.write(2, token.encode() + b"\\n")
subprocess.run(["sh", "-c", "echo $SPARK_CONNECT_AUTHENTICATE_TOKEN"])
raise ValueError(token)
""",
        spark={"remote": "sc://127.0.0.1:15002", "token": "spark-secret"},
    )
    assert ran.log.splitlines()[:4] == ["[REDACTED]"] * 4
    assert ran.error["message"] == "[REDACTED]"
    everything = "".join(path.read_text() for path in ran.directory.iterdir())
    assert TOKEN not in everything
    assert "spark-secret" not in everything


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("import sys; sys.exit(0)", 0, None),
        ("import sys; sys.exit()", 0, None),
        ("import sys; sys.exit(3)", 1, "The program ended with exit code 3"),
        ("import sys; sys.exit('no data')", 1, "no data"),
        ("raise SystemExit", 0, None),
    ],
)
def test_exit_codes_decide(tasks: Tasks, source: str, code: int, message: str | None) -> None:
    ran = tasks.file(source)
    assert ran.exit["exit_code"] == code
    assert (ran.result["error"] or {}).get("message") == message


def test_a_failure_has_type_message_line_and_only_user_frames(tasks: Tasks) -> None:
    ran = tasks.file("def f():\n    open('/Volumes/none')\n\nf()\n")
    program = tasks.folder / "program.py"
    assert ran.error == {
        "type": "FileNotFoundError",
        "message": "[Errno 2] No such file or directory: '/Volumes/none'",
        "traceback": "Traceback (most recent call last):\n"
        f'  File "{program}", line 4, in <module>\n    f()\n'
        f"  File \"{program}\", line 2, in f\n    open('/Volumes/none')\n"
        "FileNotFoundError: [Errno 2] No such file or directory: '/Volumes/none'",
        "cell_index": None,
        "cell_source": None,
        "line": 2,
    }
    assert "FileNotFoundError" in ran.log


def test_a_syntax_error_names_file_and_line(tasks: Tasks) -> None:
    ran = tasks.file("x = 1\nif x\n    y\n")
    assert ran.error["type"] == "SyntaxError"
    assert ran.error["line"] == 2
    assert "program.py, line 2" in ran.error["message"]


def test_causes_are_part_of_the_traceback(tasks: Tasks) -> None:
    ran = tasks.file("try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise OSError('x') from e")
    assert "ZeroDivisionError: division by zero" in ran.error["traceback"]
    assert "direct cause" in ran.error["traceback"]


def test_a_missing_file_fails_the_task(tasks: Tasks) -> None:
    task = {"path": "gone.py", "file": str(tasks.folder / "gone.py")}
    ran = tasks.zygote.run(tasks.specification(kind="spark_python", python_file=task))
    assert ran.error["type"] == "FileNotFoundError"
    assert "gone.py" in ran.error["message"]


def test_a_crash_leaves_the_log_and_no_result(tasks: Tasks) -> None:
    ran = tasks.file("import ctypes; print('before'); ctypes.string_at(0)")
    assert (ran.exit["exit_code"], ran.exit["signal"]) == (None, signal.SIGSEGV)
    assert ran.log.startswith("before\nFatal Python error: Segmentation fault")
    assert not (ran.directory / "result.json").exists()


def test_leaving_without_clean_up_keeps_what_was_printed(tasks: Tasks) -> None:
    ran = tasks.file("import os; print('x' * 200_000, flush=True); os._exit(7)")
    assert ran.exit["exit_code"] == 7
    assert len(ran.log) == 200_001


def test_old_outputs_do_not_pass_for_new_ones(tasks: Tasks) -> None:
    tasks.file("print('first')")
    ran = tasks.file("import os; os._exit(9)")
    assert not (ran.directory / "result.json").exists()
    assert ran.log == ""


def test_the_log_is_cut_at_its_limit(tasks: Tasks) -> None:
    ran = tasks.file("line = 'x' * 1023\nfor _ in range(40 * 1024): print(line)\nprint('end')")
    assert ran.result["state"] == "SUCCESS"
    size = (ran.directory / "stdout.log").stat().st_size
    assert 20 * 1024 * 1024 < size < 20 * 1024 * 1024 + 200
    assert ran.log.endswith("[output truncated: 20 MB are kept of a run]\n")


def test_random_numbers_differ_from_run_to_run(tasks: Tasks) -> None:
    source = "import random, numpy; print(random.random(), numpy.random.rand())"
    assert tasks.file(source).log != tasks.file(source).log


def test_exit_handlers_run(tasks: Tasks) -> None:
    ran = tasks.file("import atexit; atexit.register(lambda: print('bye'))")
    assert ran.log == "bye\n"


def test_a_task_that_is_told_to_stop_ends_without_a_result(tasks: Tasks, zygote: Zygote) -> None:
    program = tasks.folder / "program.py"
    program.write_text("import time\ntry:\n    print('on'); time.sleep(60)\nfinally:\n"
        "    print('cleaned')\n")  # fmt: skip
    task = {"path": "program.py", "file": str(program)}
    specification = tasks.specification(kind="spark_python", python_file=task)
    identity = zygote.start(specification)
    wait_for(tasks.folder / "run/stdout.log", "on")
    zygote.send(op="kill", id=identity, grace_seconds=20)
    event = zygote.event()
    assert (event["exit_code"], event["signal"]) == (143, None)
    assert (tasks.folder / "run/stdout.log").read_text() == "on\ncleaned\n"
    assert not (tasks.folder / "run/result.json").exists()


def test_a_task_that_will_not_stop_is_killed_with_its_processes(
    tasks: Tasks, zygote: Zygote
) -> None:
    program = tasks.folder / "program.py"
    program.write_text("""
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"])
print(child.pid, flush=True)
while True: time.sleep(1)
""")
    task = {"path": "program.py", "file": str(program)}
    identity = zygote.start(tasks.specification(kind="spark_python", python_file=task))
    wait_for(tasks.folder / "run/stdout.log", "\n")
    child = int((tasks.folder / "run/stdout.log").read_text())
    zygote.send(op="kill", id=identity, grace_seconds=0.2)
    event = zygote.event()
    assert (event["exit_code"], event["signal"]) == (None, signal.SIGKILL)
    assert ends(child)


def test_processes_that_a_task_leaves_behind_are_killed(tasks: Tasks) -> None:
    ran = tasks.file("import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        "print(child.pid)")  # fmt: skip
    assert ran.result["state"] == "SUCCESS"
    assert ends(int(ran.log))


def test_the_result_is_json_whatever_the_message_holds(tasks: Tasks) -> None:
    ran = tasks.file("raise ValueError('\\u2028 \\x00 \\ud800 \"')")
    assert json.loads((ran.directory / "result.json").read_bytes())["error"]["type"] == "ValueError"


DAEMON = """
import subprocess
daemon = subprocess.Popen(["sh", "-c", "sleep 60"], start_new_session=True)
subprocess.run(["sh", "-c", "setsid sleep 60 & echo $!"])
print(daemon.pid, flush=True)
"""


def test_daemons_of_a_task_end_with_it(tasks: Tasks) -> None:
    ran = tasks.file(DAEMON)
    pids = [int(word) for word in ran.log.split()]
    assert len(pids) == 2
    assert all(ends(pid) for pid in pids)


def test_daemons_of_a_killed_task_end_with_it(tasks: Tasks, zygote: Zygote) -> None:
    program = tasks.folder / "program.py"
    program.write_text(DAEMON + "import time; print('on', flush=True); time.sleep(60)")
    task = {"path": "program.py", "file": str(program)}
    identity = zygote.start(tasks.specification(kind="spark_python", python_file=task))
    wait_for(tasks.folder / "run/stdout.log", "on")
    pids = [int(word) for word in (tasks.folder / "run/stdout.log").read_text().split()[:2]]
    zygote.send(op="kill", id=identity, grace_seconds=0)
    assert zygote.event()["signal"] == signal.SIGKILL
    assert all(ends(pid) for pid in pids)


def test_each_stream_has_a_file_of_its_own_when_wanted(tasks: Tasks) -> None:
    source = f"""
import subprocess, sys
print("out {TOKEN}")
print("err {TOKEN}", file=sys.stderr)
subprocess.run("echo out of a child; echo err of a child >&2", shell=True)
raise ValueError("at the end")
"""
    ran = tasks.file(source, streams_apart=True)
    out, err = ((ran.directory / name).read_text() for name in ("driver.stdout", "driver.stderr"))
    assert out == "out [REDACTED]\nout of a child\n"
    assert err.startswith("err [REDACTED]\nerr of a child\nTraceback (most recent call last):")
    assert err.endswith("ValueError: at the end\n")
    assert sorted(ran.log.splitlines()) == sorted((out + err).splitlines())
    assert not (tasks.file(source).directory / "driver.stdout").exists()


def test_a_task_and_its_programs_keep_to_their_cores(tasks: Tasks) -> None:
    core = max(os.sched_getaffinity(0))
    source = """
import os, subprocess
print(sorted(os.sched_getaffinity(0)), flush=True)
subprocess.run("nproc", shell=True)
"""
    assert tasks.file(source, cores=[core]).log.split() == [f"[{core}]", "1"]
    assert f"{sorted(os.sched_getaffinity(0))}" in tasks.file(source).log


def test_a_task_that_takes_too_much_memory_fails_alone(tasks: Tasks) -> None:
    source = "taken = bytearray({} << 20)\nprint('has it')"
    fits = tasks.file(source.format(100), memory_megabytes=1000)
    assert fits.result["state"] == "SUCCESS"
    assert tasks.file(source.format(2000), memory_megabytes=1000).error["type"] == "MemoryError"
    assert tasks.file(source.format(2000)).result["state"] == "SUCCESS", "without a bound it fits"


def test_a_task_is_the_first_to_go_when_memory_runs_out(tasks: Tasks) -> None:
    ran = tasks.file("print(open('/proc/self/oom_score_adj').read())")
    assert ran.log.strip() == "800"
