"""What Actions need of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SOURCE = "https://github.com"
# Names another source of actions, such as a mirror; empty for none.
SOURCE_VARIABLE = "BRICKLANE_LOCAL_ACTIONS"


@dataclass(frozen=True, slots=True)
class ActionsSettings:
    """Where the programs are that jobs need, and what jobs may use.

    Args:
        act: the program, or None: then workflows are planned, but a job fails with an error that
            says how to install it.
        java: a Java home that jobs get as ``JAVA_HOME``, or None.
        jobs: how many jobs of the forge may run at once.
        source: where actions come from that the forge does not have; empty to use only what is
            shipped with it.
    """

    act: Path | None = None
    java: Path | None = None
    jobs: int = 4
    source: str = SOURCE
