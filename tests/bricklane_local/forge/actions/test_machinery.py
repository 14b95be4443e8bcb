"""The parts of running a job that need no program."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bricklane_local.forge.actions.runner import step, supervisor
from bricklane_local.forge.actions.runner.environment import base_environment
from bricklane_local.forge.actions.runner.masking import Masker
from bricklane_local.forge.actions.runner.rewriting import written
from bricklane_local.forge.actions.runner.transcript import Transcript
from bricklane_local.forge.actions.runs.concurrency import Groups, Member
from bricklane_local.forge.actions.settings import ActionsSettings

SECRET = 's3cr3t "value" / größe'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        json.dumps({"password": SECRET}),
        "https://h/?q=s3cr3t%20%22value%22%20%2F%20gr%C3%B6%C3%9Fe",
        *(base64.b64encode(b"x" * n + SECRET.encode() + b"yz").decode() for n in range(4)),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_secrets_are_masked_in_their_usual_encodings(text: str) -> None:
    found = Masker([SECRET]).clean(f"before {text} after")
    assert "***" in found
    assert found.startswith("before ")
    assert SECRET not in found
    assert base64.b64encode(SECRET.encode()).decode()[4:-4] not in found


def test_each_line_of_a_secret_is_masked_but_no_crumbs() -> None:
    masker = Masker(["-----BEGIN KEY-----\nMIIabcdef\n}\n-----END KEY-----"])
    assert masker.clean("x MIIabcdef y } z") == "x *** y } z"
    assert masker.clean("-----END KEY-----") == "***"
    assert Masker(["", "  "]).clean("a b") == "a b"
    masker.add("later")
    assert masker.hits("it comes later")


def test_json_for_yaml_parsers_escapes_what_they_do_not_take() -> None:
    text = written({"a": "\x85\u2028\ufeff\x7f 🚀 größe \\u2028 \t"})
    assert all(letter.isprintable() for letter in text)
    assert json.loads(text) == {"a": "\x85\u2028\ufeff\x7f 🚀 größe \\u2028 \t"}


def test_one_is_in_a_group_one_waits_and_the_newest_takes_the_place() -> None:
    groups = Groups()
    first, second, third = Member(1), Member(2), Member(3)
    assert groups.enter(1, "g", first) == (True, None)
    assert groups.enter(1, "g", first) == (True, None)
    assert groups.enter(1, "g", second) == (False, None)
    assert groups.enter(1, "g", second) == (False, None)
    assert groups.enter(1, "g", third) == (False, second)
    assert groups.enter(2, "g", second) == (True, None)
    assert groups.enter(1, "g", Member(1, 11)) == (True, None)  # a job of the run that is in
    groups.leave(1, "g", first)
    assert groups.enter(1, "g", third) == (True, None)
    groups.leave(1, "g", third)
    assert groups.holder(1, "g") is None


def run_step(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", step.__file__, *words],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.real
def test_a_step_has_no_terminal_and_passes_output_and_status_on() -> None:
    done = run_step("bash", "-c", "test -t 0 || echo none; cat; seq 50000 | tail -1; exit 7")
    assert (done.returncode, done.stdout) == (7, "none\n50000\n")
    assert run_step("bash", "-c", "kill -9 $$").returncode == 137


@pytest.mark.real
def test_a_process_left_behind_does_not_keep_a_step_from_ending() -> None:
    begin = time.monotonic()
    done = run_step("bash", "-c", "sleep 15 & echo $!")
    psutil.Process(int(done.stdout)).kill()
    assert time.monotonic() - begin < 10


def supervised(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", supervisor.__file__, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


# A process that leaves its session and its parent, as daemons do; it says its id.
DAEMON = "setsid bash -c 'sleep 60 & echo $!' ; "


@pytest.mark.real
@pytest.mark.parametrize(
    ("ending", "code"), [("", 5), ("end\n", 130), ("kill\n", 130), ("closed", 130)]
)
def test_the_supervisor_leaves_no_process_behind(ending: str, code: int) -> None:
    script = DAEMON + ("exit 5" if not ending else "sleep 60")
    process = supervised("bash", "-c", script)
    assert process.stdin is not None
    assert process.stdout is not None
    daemon = psutil.Process(int(process.stdout.readline()))
    if ending == "closed":
        process.stdin.close()
    elif ending:
        process.stdin.write(ending)
        process.stdin.flush()
    assert process.wait(20) == code
    daemon.wait(10)
    process.stdout.close()
    process.stdin.close()


@pytest.mark.real
def test_the_supervisor_waits_a_while_for_who_was_asked_to_end() -> None:
    process = supervised("bash", "-c", "trap 'echo bye; exit 3' INT; echo up; sleep 60 & wait")
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.stdin.write("end\n")
    process.stdin.flush()
    assert process.stdout.read() == "bye\n"
    assert process.wait(20) == 130
    process.stdin.close()
    process.stdout.close()


@pytest.mark.real
def test_processes_are_known_by_their_mark_where_they_cannot_be_adopted() -> None:
    process = subprocess.Popen(["sleep", "60"], env={supervisor.MARK: "github_x"})
    try:
        assert [found.pid for found in supervisor.marked("github_x")] == [process.pid]
    finally:
        process.kill()
        process.wait()


def test_a_transcript_follows_the_steps(tmp_path: Path) -> None:
    log, summary = tmp_path / "log", tmp_path / "summary"
    times = iter(range(1, 100))
    transcript = Transcript(
        log, summary, Masker(["hidden"]), ["Run hidden", "two"], ["a", ""], lambda: next(times)
    )
    main = {"jobID": "x", "stage": "Main", "level": "info"}
    for message in (
        {"stepid": ["--setup-job"], "msg": "⭐ Run Set up job"},
        {"stepid": ["--setup-job"], "msg": "ok", "stepResult": "success"},
        {**main, "stepID": ["a"], "msg": "⭐ Run Main Run hidden"},
        {**main, "stepID": ["a"], "raw_output": True, "msg": "it is hidden\n"},
        {**main, "stepID": ["a"], "command": "add-mask", "arg": "later"},
        {**main, "stepID": ["a"], "raw_output": True, "msg": "later\n"},
        {**main, "stepID": ["a"], "command": "error", "arg": "bad", "kvPairs": {"line": "3"}},
        {**main, "stepID": ["a"], "msg": "Failed but continue next step"},
        {**main, "stepID": ["a"], "msg": "❌", "stepResult": "failure"},
        {**main, "stepID": ["a"], "command": "set-output", "name": "v", "arg": "1"},
        {**main, "stepID": ["a"], "command": "summary", "content": "# hidden"},
        {"stepid": ["--complete-job"], "msg": "⭐ Run Complete job"},
        {"stepid": ["--complete-job"], "msg": "ok", "stepResult": "success"},
        {"jobID": "x", "jobResult": "success", "msg": "done"},
    ):
        transcript.take(message)
    transcript.close("success")
    text = log.read_text("utf-8")
    assert "hidden" not in text
    assert "later" not in text
    assert "##[error]bad" in text
    assert summary.read_text("utf-8") == "# ***\n"
    shown = [(row["name"], row["number"], row["conclusion"]) for row in transcript.steps]
    assert shown == [
        ("Set up job", 1, "success"),
        ("Run ***", 2, "success"),
        ("two", 3, "skipped"),
        ("Complete job", 4, "success"),
    ]
    assert transcript.outcome.result == "success"
    assert transcript.outcome.steps_context() == {
        "a": {"outcome": "failure", "conclusion": "success", "outputs": {"v": "1"}}
    }
    assert transcript.annotations[0]["start_line"] == 3


def test_jobs_start_with_what_a_fresh_machine_has(tmp_path: Path) -> None:
    ours = {"TZ": "Europe/Berlin", "MY_TOKEN": SECRET, "TMPDIR": "/elsewhere", "PATH": "/bin"}
    found = base_environment(tmp_path / "home", tmp_path / "programs", ActionsSettings(), ours)
    assert found["TZ"] == "UTC"
    assert found["HOME"] == str(tmp_path / "home")
    assert found["TMPDIR"] == "/elsewhere"
    assert "MY_TOKEN" not in found
