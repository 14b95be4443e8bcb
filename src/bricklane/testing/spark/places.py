"""Where the Spark of a test run is: by the option, the environment, the level and the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bricklane.errors import BricklaneError, ExitCode
from bricklane.testing.variables import LEVEL, SPARK, TARGET, UNIT

RUNTIME = "DATABRICKS_RUNTIME_VERSION"

LOCAL = "local"
COLD = "local-cold"
WORKSPACE = "workspace"
SERVERLESS = "serverless"
CLUSTER = "cluster"
CONNECT = "sc"
INSIDE = "inside"

# Word → (what stands after it, what it means).
WORDS: Mapping[str, tuple[str, str]] = {
    LOCAL: ("", "one warm Spark on this machine, shared by all runs (the default)"),
    COLD: ("", "a Spark of this process alone"),
    CONNECT: ("//HOST:PORT", "any Spark Connect"),
    WORKSPACE: ("", "the Spark of the target's workspace"),
    SERVERLESS: ("", "serverless compute of the target's workspace, by Databricks Connect"),
    CLUSTER: ("ID", "a cluster of the target's workspace, by Databricks Connect"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where Spark is.

    Args:
        kind: one of the words above, or ``inside`` for the session of a Databricks run.
        detail: URL of a Spark Connect, or id of a cluster.
    """

    kind: str
    detail: str = ""

    @property
    def on_this_machine(self) -> bool:
        """Whether it is a Spark without a workspace."""
        return self.kind in {LOCAL, COLD, CONNECT}

    def __str__(self) -> str:
        return self.detail if self.kind == CONNECT else ":".join(filter(None, self._parts))

    @property
    def _parts(self) -> tuple[str, str]:
        return (self.kind, self.detail)


def resolve(option: str | None, target: str | None, environment: Mapping[str, str]) -> Place:
    """Return where Spark is.

    Inside a Databricks run it is what runs there. Else the option says it, then the variable; else
    unit tests have the one of this machine, other levels and runs with a target that of the
    target's workspace.

    Args:
        option: the value of ``--spark``.
        target: the value of ``--target``.
        environment: of this process.

    Raises:
        BricklaneError: for a word that is not known.
    """
    if environment.get(RUNTIME):
        return Place(INSIDE)
    if word := option or environment.get(SPARK):
        return parse(word, "--spark" if option else SPARK)
    level = environment.get(LEVEL)
    elsewhere = level != UNIT if level else bool(target or environment.get(TARGET))
    return Place(WORKSPACE if elsewhere else LOCAL)


def parse(word: str, source: str) -> Place:
    """Return the place that ``word`` names.

    Raises:
        BricklaneError: when there is none; the hint lists them.
    """
    kind, _, detail = word.partition(":")
    if kind in WORDS and bool(detail.strip("/")) == bool(WORDS[kind][0]):
        return Place(kind, word if kind == CONNECT else detail)
    raise BricklaneError(
        f"{source}: {word!r} is no place for Spark",
        hint="\n".join(
            f"{name}{':' + more if more else ''}: {means}" for name, (more, means) in WORDS.items()
        ),
        exit_code=ExitCode.USAGE,
    )
