"""Text files of a project, which are UTF-8."""

from __future__ import annotations

from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode


def read_text(file: Path) -> str:
    """Return the text of a file.

    Raises:
        BricklaneError: naming line and byte, when it is not UTF-8, or saying why it cannot be read.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BricklaneError(
            f"{file} cannot be read: {error.strerror}", exit_code=ExitCode.CONFIG
        ) from None
    try:
        # A byte order mark, as editors on Windows write it, is no text; line ends are as in YAML.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BricklaneError(
            f"{file}:{line}: byte {error.start + 1} of the file, 0x{content[error.start]:02X}, is "
            "not UTF-8",
            hint="save the file as UTF-8",
            exit_code=ExitCode.CONFIG,
        ) from None
