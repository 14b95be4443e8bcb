"""Programs that are run to their end, such as those that install what tasks ask for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path


async def run_to_end(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a program to its end; a caller that is cancelled leaves nothing of it behind.

    Args:
        command: the program and its arguments.
        folder: working directory.
        environment: its variables; None for those of this process.

    Returns:
        Its exit code, and what it wrote on both streams.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # what it started is in its group
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace")
