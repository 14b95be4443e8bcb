"""What a policy is made of: rules on resources, and what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bricklane.project.bundlefile import DEVELOPMENT

# The kind under which a rule is asked about the bundle itself.
BUNDLE = "bundle"
# In place of kinds: every resource, and the bundle.
EVERYTHING = "*"
# What stands for a value that only the Databricks CLI resolves.
REFERENCE = "${"
# The field by which the CLI merges and sorts the items of a list.
KEYS = ("task_key", "job_cluster_key", "environment_key")

Steps = tuple[str, ...]


class Severity(StrEnum):
    """What a finding means: an error refuses, a warning is said, off is not asked."""

    ERROR = "error"
    WARNING = "warning"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Target:
    """The target for which the bundle is looked at.

    Args:
        name: of the target.
        mode: ``development``, ``production`` or "".
        releases: whether releases end there: production itself.
        document: the whole bundle as it is for this target.
        resolved: whether the Databricks CLI has resolved it; else files alone were read, and values
            with ``${`` in them are not known.
    """

    name: str
    mode: str
    releases: bool
    document: Mapping[str, Any] = field(repr=False)
    resolved: bool

    @property
    def strict(self) -> bool:
        """Whether rules have the severity of production here."""
        return self.mode != DEVELOPMENT and (bool(self.mode) or self.releases)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a resource.

    Args:
        said: one line.
        path: the keys that lead to it in the resource; items of lists by key or place.
    """

    said: str
    path: Steps = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the bundle, or with the kind ``bundle`` the bundle itself.

    Args:
        kind: such as ``jobs``.
        key: in the bundle.
        body: its configuration.
        target: for which it is looked at.
    """

    kind: str
    key: str
    body: Mapping[str, Any] = field(repr=False)
    target: Target

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"{self.kind}.{self.key}" if self.key else self.kind

    def table(self, *path: str) -> Mapping[str, Any]:
        """Return the table below the keys of ``path``, an empty one when there is none."""
        found: Any = self.body
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def items(self, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the tables of a list, each with the step that leads to it."""
        found = self.body.get(key)
        for place, item in enumerate(found if isinstance(found, list) else ()):
            if isinstance(item, Mapping):
                yield step_of(item, place), item

    def texts(self) -> Iterator[tuple[Steps, str]]:
        """Yield every text in the resource, with the keys that lead to it."""
        yield from _texts(self.body, ())

    def problem(self, said: str, *path: str) -> Problem:
        """Return a problem, at the keys of ``path``."""
        return Problem(said, path)


Check = Callable[[Resource], Iterable[Problem | str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Args:
        id: by which ``bricklane.toml`` names it.
        title: what it wants, in a few words.
        kinds: of the resources it is asked about: ``jobs``, ``bundle``, or ``*``.
        fix: what to do about a finding.
        check: yields what is wrong with a resource, as problems or lines of text.
        development: its severity in targets of mode development, and in those that state no mode
            and are not production.
        production: its severity elsewhere.
    """

    id: str
    title: str
    kinds: tuple[str, ...]
    fix: str
    check: Check
    development: Severity = Severity.WARNING
    production: Severity = Severity.ERROR

    def concerns(self, resource: Resource) -> bool:
        """Say whether the rule is about resources of this kind."""
        return EVERYTHING in self.kinds or resource.kind in self.kinds

    def severity(self, target: Target) -> Severity:
        """Return its severity in a target for which nothing else is configured."""
        return self.production if target.strict else self.development


def rule(
    rule_id: str,
    *,
    kinds: Iterable[str],
    title: str,
    fix: str = "",
    development: str = Severity.WARNING,
    production: str = Severity.ERROR,
) -> Callable[[Check], Rule]:
    """Make a rule of the function that is decorated.

    Args:
        rule_id: by which ``bricklane.toml`` names it.
        kinds: of the resources it is asked about.
        title: what it wants, in a few words.
        fix: what to do about a finding.
        development: ``error``, ``warning`` or ``off`` in development targets.
        production: the same elsewhere.

    Raises:
        ValueError: for another severity.
    """
    severities = Severity(development), Severity(production)

    def made(check: Check) -> Rule:
        return Rule(rule_id, title, tuple(kinds), fix, check, *severities)

    return made


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Args:
        rule: which.
        severity: in this target.
        resource: what it is about, such as ``jobs.daily``.
        said: what is wrong.
        file: where it is written, relative to the bundle's root; None when that is not known.
        line: in that file, from 1.
    """

    rule: Rule
    severity: Severity
    resource: str
    said: str
    file: Path | None = None
    line: int = 0

    @property
    def place(self) -> str:
        """Where it is written, ``file:line``; "" when that is not known."""
        return "" if self.file is None else f"{self.file}:{self.line}"


def step_of(item: Mapping[str, Any], place: int) -> str:
    """Return the step that leads to an item of a list: its key, else its place."""
    return next((f"{name}={item[name]}" for name in KEYS if name in item), str(place))


def shown(path: Steps) -> str:
    """Return the keys that lead to something for people: ``tasks[load].notebook_task``."""
    steps = [f"[{step.partition('=')[2]}]" if "=" in step else f".{step}" for step in path]
    return "".join(steps).removeprefix(".")


def _texts(value: Any, path: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*path, str(key)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            step = step_of(item, place) if isinstance(item, Mapping) else str(place)
            yield from _texts(item, (*path, step))
