"""What a tool is: one row that says what is wanted, where it may be, and how to provide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bricklane.errors import ExitCode


class WayFailed(Exception):  # noqa: N818  (an outcome that the next way may repair)
    """One way of providing a tool did not work.

    Args:
        reason: what went wrong, as half a sentence.
        hint: what the user can do about it.
        code: NETWORK when a working network would have helped, TOOL otherwise.
        final: whether no other way may be tried, because hiding this would be wrong.
    """

    def __init__(
        self,
        reason: str,
        *,
        hint: str | None = None,
        code: ExitCode = ExitCode.TOOL,
        final: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.code = code
        self.final = final


class Activity(Protocol):
    """Something that takes a while and is being shown."""

    def note(self, text: str) -> None:
        """Show ``text`` as what is going on right now."""

    def advance(self, amount: int, total: int | None) -> None:
        """Show that ``amount`` more bytes of ``total`` arrived."""


class Reporter(Protocol):
    """Where progress is shown."""

    def say(self, text: str) -> None:
        """Show one line that stays."""

    def activity(self, title: str) -> AbstractContextManager[Activity]:
        """Show ``title`` as going on until the context ends."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one way is asked to do.

    Args:
        tool: the row.
        folder: an empty folder to fill; it is moved into the cache afterwards.
        log: file that takes the output of external programs.
        environment: the process environment.
        reporter: where progress is shown.
        needs: paths of the tools that the row needs, by name.
    """

    tool: Tool
    folder: Path
    log: Path
    environment: Mapping[str, str]
    reporter: Reporter
    needs: Mapping[str, Path]


class Way(Protocol):
    """One way of providing a tool."""

    @property
    def label(self) -> str:
        """What the way is called in messages."""

    def provide(self, job: Job) -> dict[str, Any]:
        """Fill the job's folder and return facts for its manifest.

        Raises:
            WayFailed: with the reason.
        """


class Place(Protocol):
    """Somewhere outside the cache where an executable of the tool may be."""

    @property
    def label(self) -> str:
        """The name of the place, as ``tools list`` shows it."""

    def executable(self, environment: Mapping[str, str]) -> Path | None:
        """Return the executable there, whether or not it exists, or None when nothing is said."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A usable copy of a tool.

    Args:
        path: what users of the tool need: its executable, or its home folder.
        version: its version.
    """

    path: Path
    version: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A row of the table.

    Args:
        name: how commands and cache folders name it.
        wanted: the acceptable versions, as a PEP 440 specifier.
        version: the version that is installed when no acceptable one is found.
        places: where to look before the cache, in order.
        inspect: returns the copy that an executable belongs to; raises ``ProbeFailed``.
        ways: how to provide it, in order.
        executable: path of the executable inside a cached folder.
        home: path inside a cached folder of what users of the tool need.
        advice: how a user provides it without bricklane.
        needs: names of the tools that the ways need.
        key: the name of the cached folder; the version by default.
        development: whether only the tests of bricklane itself use it.
    """

    name: str
    wanted: str
    version: str
    places: tuple[Place, ...]
    inspect: Callable[[Path], Copy]
    ways: tuple[Way, ...]
    executable: str
    home: str
    advice: str
    needs: tuple[str, ...] = ()
    key: Callable[[], str] | None = None
    development: bool = False

    def cache_key(self) -> str:
        """Return the name of the cached folder."""
        return self.key() if self.key else self.version
