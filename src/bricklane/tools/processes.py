"""Running the programs that provide tools: output to a log, failures told apart by their words."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from bricklane.errors import ExitCode
from bricklane.tools.model import Activity, Job, WayFailed

LIMIT_SECONDS = 1800
TAIL_LINES = 40

# Go, uv and Ivy exit 1 for everything; what they print is the only thing that tells a missing
# network or a full disk from a broken build. None of them translates its messages.
NETWORK_SIGNS = re.compile(
    r"dial tcp|no such host|connection refused|connection reset|i/o timeout|TLS handshake"
    r"|disabled by GOPROXY=off|error sending request|network (connectivity is|was) disabled"
    r"|network is unreachable|failure in name resolution|dns error|UnknownHostException"
    r"|ConnectException|SocketTimeoutException|NoRouteToHostException|timed out"
    r"|PKIX path building failed",
    re.IGNORECASE,
)
DISK_SIGNS = re.compile(
    r"no space left on device|os error 28|disk quota exceeded|errno 28", re.IGNORECASE
)
# Ivy's parting advice, about options that are not the user's to set.
ADVICE = re.compile(r"^:: USE VERBOSE OR DEBUG")
CREDENTIALS = re.compile(r"://[^/@\s]+@")


def redact(text: str) -> str:
    """Return ``text`` without the credentials that its URLs carry."""
    return CREDENTIALS.sub("://***@", text)


def run(
    arguments: Sequence[str | Path],
    job: Job,
    activity: Activity,
    *,
    directory: Path,
    environment: Mapping[str, str],
) -> None:
    """Run a program; its output goes to the job's log, its latest line to the activity.

    Args:
        arguments: the program and its arguments; nothing secret.
        job: says which log, and which tool failures are about.
        activity: shows the latest line.
        directory: the working directory.
        environment: added to the environment of the job.

    Raises:
        WayFailed: when the program cannot be started, fails, or runs longer than half an hour.
    """
    words = [str(word) for word in arguments]
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    with job.log.open("a", encoding="utf-8") as log:
        log.write(f"$ {redact(shlex.join(words))}\n")
        log.flush()
        code = _pump(words, directory, {**job.environment, **environment}, log, tail, activity)
    if code != 0:
        raise explain(Path(words[0]).name, code, tail, job.log)


def _pump(
    words: list[str],
    directory: Path,
    environment: Mapping[str, str],
    log: TextIO,
    tail: deque[str],
    activity: Activity,
) -> int:
    process = _start(words, directory, environment)
    assert process.stdout is not None  # noqa: S101  (it is a pipe)
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        process.kill()

    limit = threading.Timer(LIMIT_SECONDS, expire)
    limit.start()
    try:
        for line in process.stdout:
            clean = redact(line)
            log.write(clean)
            tail.append(clean.rstrip())
            activity.note(clean.strip())
        code = process.wait()
    finally:
        # Also when the log cannot be written or the user interrupts: nothing may go on filling
        # a folder that is about to be removed.
        limit.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    if expired.is_set():
        program = Path(words[0]).name
        raise WayFailed(f"{program} did not end within {LIMIT_SECONDS} seconds")
    return code


def _start(
    words: list[str], directory: Path, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            words,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise WayFailed(f"{words[0]} cannot be run ({error.strerror})") from None


def explain(program: str, code: int, output: Iterable[str], log: Path) -> WayFailed:
    """Return the failure that the last lines of a program's output speak of."""
    tail = [line for line in output if not ADVICE.match(line.strip())]
    text = "\n".join(tail)
    last = next((line.strip() for line in reversed(tail) if line.strip()), "it printed nothing")
    hint = f"its whole output is in {log}"
    if sign := DISK_SIGNS.search(text):
        reason = f"{program} failed: {sign.group(0)}"
        return WayFailed(reason, hint=f"free some space for {log.parent}\n{hint}", final=True)
    if NETWORK_SIGNS.search(text):
        line = next(line.strip() for line in tail if NETWORK_SIGNS.search(line))
        # The last line is often the cause of the cause, such as a certificate that is not trusted.
        both = "; ".join(dict.fromkeys([line, last]))
        return WayFailed(f"{program} needs a network: {both}", hint=hint, code=ExitCode.NETWORK)
    return WayFailed(f"{program} exited {code}: {last}", hint=hint)
