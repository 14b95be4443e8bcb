"""Runs the tests, and the files of those that failed once more in a session of their own.

A test on real parts may fail for what the machine was doing. Tried again in its own session, it
would meet what its first try has left there (a job, a table, a pipeline of the same name) and fail
for that; in a session of their own, files get parts of their own. Both sessions say what failed.

Arguments go to pytest in both sessions.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
# More files than these do not fail for what the machine was doing.
MOST_FILES = 3


def main(arguments: list[str]) -> int:
    """Run the tests.

    Args:
        arguments: for pytest.

    Returns:
        The exit code of the last session.
    """
    code = _session(*arguments, "--cache-clear")
    # Other codes of failure mean that tests did not run at all.
    if code != pytest.ExitCode.TESTS_FAILED:
        return code
    failed = sorted(json.loads(FAILED.read_text("utf-8")))
    files = sorted({test.partition("::")[0] for test in failed})
    if len(files) > MOST_FILES:
        return code
    print(f"\nOnce more, in a session of their own: {', '.join(files)}", flush=True)  # noqa: T201
    code = _session(*arguments, *files)
    if code == 0:
        print("\nFailed at first, passed at last:", *failed, sep="\n  ")  # noqa: T201
    return code


def _session(*arguments: str) -> int:
    program = Path(sys.executable).with_name("pytest")
    return subprocess.run([program, *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
