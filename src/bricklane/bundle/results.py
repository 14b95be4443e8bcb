"""What the Databricks CLI answers, typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

# Actions of a plan that take data away from whoever uses it.
DESTRUCTIVE = frozenset({"delete", "recreate"})
NO_CHANGE = "skip"

# The CLI uploads wheels below this folder of the workspace. Paths with it stand in the plan of
# every bundle that takes files along with its jobs.
UPLOADED = "/.internal/"


@dataclass(frozen=True, slots=True)
class Change:
    """What a deployment would do to one resource.

    Args:
        kind: such as ``jobs``.
        key: the resource's key in the bundle.
        action: ``create``, ``update``, ``delete``, ``recreate``, ``skip``, or a newer one.
    """

    kind: str
    key: str
    action: str

    @property
    def destructive(self) -> bool:
        """Whether the resource that is there goes away."""
        return self.action in DESTRUCTIVE


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment would change.

    Args:
        changes: of every resource, also of those that stay, in the CLI's order.
        text: the JSON it was read from, which ``bundle deploy --plan`` takes.
        warnings: what the CLI said of the bundle's files.
    """

    changes: tuple[Change, ...]
    text: str = field(repr=False, default="")
    warnings: str = ""

    @property
    def effective(self) -> tuple[Change, ...]:
        """The changes that change something."""
        return tuple(change for change in self.changes if change.action != NO_CHANGE)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many resources each action has, sorted by action."""
        return dict(sorted(Counter(change.action for change in self.changes).items()))

    @property
    def applicable(self) -> bool:
        """Whether ``bundle deploy --plan`` does all that ``bundle deploy`` does.

        Observed with CLI 1.10: applying a plan uploads no wheel, so a job that has one would run
        the wheel of the deployment before, or none.
        """
        return UPLOADED not in self.text

    def __str__(self) -> str:
        changed = self.effective
        if not changed:
            return f"nothing to change, {_resources(len(self.changes))} as they are"
        counted = ", ".join(
            f"{n} to {verb}" for verb, n in self.counts.items() if verb != NO_CHANGE
        )
        same = len(self.changes) - len(changed)
        return f"{counted}, {same} unchanged"


def _resources(count: int) -> str:
    return "1 resource" if count == 1 else f"{count} resources"


@dataclass(frozen=True, slots=True)
class Resource:
    """A deployed resource.

    Args:
        kind: such as ``jobs``.
        key: its key in the bundle.
        id: the workspace's; empty when it is not deployed.
        name: how the workspace shows it.
        url: its page; empty when it has none.
    """

    kind: str
    key: str
    id: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What is deployed.

    Args:
        host: URL of the workspace.
        user: who the CLI is in the workspace.
        root_path: folder of the deployment in the workspace.
        resources: sorted by kind and key.
        text: the JSON it was read from.
    """

    host: str
    user: str
    root_path: str
    resources: tuple[Resource, ...]
    text: str = field(repr=False, default="")


def read_plan(document: Mapping[str, Any], text: str, warnings: str = "") -> Plan:
    """Return the plan in what ``bundle plan -o json`` printed."""
    changes = []
    for path, entry in _table(document, "plan").items():
        kind, _, key = path.removeprefix("resources.").partition(".")
        changes.append(Change(kind, key, str(entry.get("action") or "")))
    return Plan(tuple(changes), text, warnings)


def read_summary(document: Mapping[str, Any], text: str) -> Summary:
    """Return the summary in what ``bundle summary -o json`` printed."""
    workspace = _table(document, "workspace")
    resources = [
        Resource(
            kind,
            key,
            str(entry.get("id") or ""),
            str(entry.get("name") or entry.get("display_name") or ""),
            str(entry.get("url") or ""),
        )
        for kind, entries in sorted(_table(document, "resources").items())
        for key, entry in sorted(entries.items())
    ]
    return Summary(
        host=str(workspace.get("host") or "") or _host_of(resources),
        user=str(_table(workspace, "current_user").get("userName") or ""),
        root_path=str(workspace.get("root_path") or ""),
        resources=tuple(resources),
        text=text,
    )


def _host_of(resources: list[Resource]) -> str:
    """Return the workspace that links lead to: with a profile the CLI does not say it elsewhere."""
    for resource in resources:
        if resource.url:
            parts = urlsplit(resource.url)
            return f"{parts.scheme}://{parts.netloc}"
    return ""


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}
