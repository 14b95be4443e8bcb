"""Asks the workspace whether the run may use the files of a volume, as the platform's mount does.

Source: https://docs.databricks.com/en/volumes/privileges.html. Reading needs READ VOLUME, changing
anything WRITE VOLUME, and both USE CATALOG and USE SCHEMA. What holds volumes cannot be changed by
file functions.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from bricklane_runtime.files.roots import Roots
    from bricklane_runtime.rest import Rest, RestError

PREFIX = "/Volumes"
# What the platform mounts for all to read.
DBFS, DATASETS = "/dbfs", "/dbfs/databricks-datasets"
DEPTH = 3  # catalog, schema and volume
# For so long an answer is believed; grants that change count after it.
SECONDS = 5.0
IN_COMMAND = re.compile(rf"{PREFIX}/[\w.-]+/[\w.-]+/[\w.-]+")
ABOVE = "Only volumes hold files; make one with CREATE VOLUME"
_getcwd = os.getcwd  # before it is replaced by one that answers in the user's paths


class Use(StrEnum):
    """What a file function does with a path."""

    READ = "read"
    WRITE = "write"
    # Whether something is there, how large: who may write has to know it too.
    LOOK = "look"


class Guard:
    """Decides for one run.

    Args:
        roots: where volumes are on this machine.
        rest: the workspace, called as the run's principal; None to let everything pass.
        clock: seconds.
    """

    def __init__(
        self, roots: Roots, rest: Rest | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._roots = roots
        self._rest = rest
        self._clock = clock
        self._folder = roots.folders.get(PREFIX, "")
        dbfs = roots.folders.get(DBFS, "")
        self._datasets = dbfs + DATASETS.removeprefix(DBFS) + "/" if dbfs else ""
        self._answers: dict[tuple[str, Use], tuple[float, OSError | None]] = {}

    def require(self, path: object, use: Use) -> None:
        """Refuse a use that the run's principal may not make; paths elsewhere pass.

        Args:
            path: what a file function was given, in any form.
            use: what it does with it.

        Raises:
            PermissionError: naming the privilege that is missing, or for a change of datasets.
            FileNotFoundError: for a change in a volume that does not exist.
            OSError: when the workspace does not answer.
        """
        if self._rest is None:
            return
        local = self._roots.to_local(path)
        if not isinstance(local, (str, bytes, os.PathLike)):
            return
        text = os.fsdecode(os.fspath(local))
        if not text.startswith("/"):
            text = os.path.join(_getcwd(), text)  # noqa: PTH118
        text = os.path.normpath(text) if ".." in text or "//" in text else text
        if use is Use.WRITE and self._datasets and (text + "/").startswith(self._datasets):
            shown = DATASETS + text[len(self._datasets) - 1 :]
            raise PermissionError(errno.EROFS, os.strerror(errno.EROFS), shown)
        if not self._folder or not text.startswith(self._folder + "/"):
            return
        self._require_in(PREFIX + text[len(self._folder) :], use)

    def require_command(self, command: str) -> None:
        """Refuse a shell command that names a volume of which the run may not look at files.

        What it does with them is not known.

        Raises:
            PermissionError: as :meth:`require`.
        """
        for path in IN_COMMAND.findall(command):
            self.require(path, Use.LOOK)

    def _require_in(self, path: str, use: Use) -> None:
        names = path.split("/")[2:]
        if len(names) < DEPTH:
            if use is Use.WRITE:
                raise PermissionError(errno.EPERM, ABOVE, path)
            return
        refusal = self._answer("/".join(names[:DEPTH]), use)
        if refusal is not None:
            raise type(refusal)(refusal.errno, refusal.strerror, path)

    def _answer(self, volume: str, use: Use) -> OSError | None:
        now = self._clock()
        known = self._answers.get((volume, use))
        if known is not None and now < known[0]:
            return known[1]
        refusal = self._ask(volume, use)
        self._answers[volume, use] = now + SECONDS, refusal
        return refusal

    def _ask(self, volume: str, use: Use) -> OSError | None:
        if use is Use.READ:
            return self._call("GET", volume)
        if use is Use.WRITE:
            return self._call("PUT", volume)
        refusal = self._answer(volume, Use.READ)
        return None if refusal is None or self._answer(volume, Use.WRITE) is None else refusal

    def _call(self, method: str, volume: str) -> OSError | None:
        """Use the volume's own folder: list a little of it, or make it where it is already."""
        from bricklane_runtime.rest import RestError

        if self._rest is None:
            return None
        path = f"/api/2.0/fs/directories{PREFIX}/{quote(volume)}"
        try:
            if method == "GET":
                # The answer to HEAD is quick in a large folder, but says nothing when it refuses.
                try:
                    self._rest.send("HEAD", path)
                except RestError:
                    self._rest.send(method, path, params={"page_size": 1})
            else:
                self._rest.send(method, path)
        except RestError as error:
            return _refusal(error, method)
        except OSError as error:
            return OSError(errno.EIO, f"The workspace cannot be asked for the right to it: {error}")
        return None


def _refusal(error: RestError, method: str) -> OSError | None:
    message = error.message.rstrip(".")
    if error.status == 403:
        return PermissionError(errno.EACCES, message)
    if error.status == 404:
        # What is not there cannot be read; the function says so itself.
        return FileNotFoundError(errno.ENOENT, message) if method == "PUT" else None
    return OSError(errno.EIO, f"The workspace answered {error.status}: {message}")
