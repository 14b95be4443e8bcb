"""What Terraform answers, typed; what it marks as sensitive is not in what these show.

Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# In place of values that are secret, and of those that only applying will tell.
SENSITIVE = "(sensitive value)"
UNKNOWN = "(known after apply)"

NO_CHANGE = ("no-op",)
READ = ("read",)
VERBS: Mapping[tuple[str, ...], str] = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
    READ: "read",
    NO_CHANGE: "keep",
}
DESTRUCTIVE = frozenset({"delete", "replace"})


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that changes.

    Args:
        path: where it is in the resource, such as ``tags.team`` or ``grant[0].privileges``.
        before: its value, or a word in place of it; None when there is none.
        after: its new value, or a word in place of it; None when it goes away.
    """

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What a plan does to one resource.

    Args:
        address: such as ``module.account.databricks_group.this["developers"]``.
        kind: such as ``databricks_group``.
        verb: ``create``, ``update``, ``replace``, ``delete``, ``forget``, ``read`` or ``keep``.
        attributes: what changes, by path.
        reason: why it is replaced or deleted, in Terraform's word; often empty.
    """

    address: str
    kind: str
    verb: str
    attributes: tuple[Attribute, ...] = ()
    reason: str = ""

    @property
    def destructive(self) -> bool:
        """Whether what is there goes away."""
        return self.verb in DESTRUCTIVE


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying would change.

    Args:
        changes: of every resource, also of those that stay, in Terraform's order.
        drift: what others changed since the state was written, as Terraform noticed it.
        outputs: the verbs of the outputs that change, by name.
    """

    changes: tuple[Change, ...]
    drift: tuple[Change, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def effective(self) -> tuple[Change, ...]:
        """The changes that change something."""
        return tuple(c for c in self.changes if c.verb not in {"keep", "read"})

    @property
    def empty(self) -> bool:
        """Whether nothing is to be done."""
        return not self.effective and not self.outputs

    def __str__(self) -> str:
        changed = self.effective
        if not changed:
            return f"nothing to change, {_resources(len(self.changes))} as they are"
        counts = Counter(change.verb for change in changed)
        counted = ", ".join(f"{count} to {verb}" for verb, count in sorted(counts.items()))
        return f"{_resources(len(changed))}: {counted}"


@dataclass(frozen=True, slots=True)
class Output:
    """An output of a root module.

    Args:
        value: its value, which is not shown.
        sensitive: whether it is a secret.
    """

    value: Any = field(repr=False)
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something that Terraform found wrong with the files of a module.

    Args:
        severity: ``error`` or ``warning``.
        summary: what is wrong.
        detail: more of it, and often what to do.
        place: file and line, such as ``main.tf:12``; empty when it has none.
    """

    severity: str
    summary: str
    detail: str = ""
    place: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return "\n".join(filter(None, (f"{where}{self.severity}: {self.summary}", self.detail)))


def read_plan(document: Mapping[str, Any]) -> Plan:
    """Return the plan that ``terraform show -json`` printed."""
    outputs = document.get("output_changes", {})
    return Plan(
        changes=tuple(map(_change, document.get("resource_changes", ()))),
        drift=tuple(map(_change, document.get("resource_drift", ()))),
        outputs={
            name: verb
            for name, change in sorted(outputs.items())
            if (verb := _verb(change["actions"])) != "keep"
        },
    )


def read_outputs(document: Mapping[str, Any]) -> Mapping[str, Output]:
    """Return the outputs that ``terraform output -json`` printed, by name."""
    return {
        name: Output(value["value"], bool(value["sensitive"])) for name, value in document.items()
    }


def read_diagnostics(document: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """Return what ``terraform validate -json`` printed."""
    return tuple(map(_diagnostic, document.get("diagnostics", ())))


def _diagnostic(found: Mapping[str, Any]) -> Diagnostic:
    place = found.get("range")
    return Diagnostic(
        severity=found["severity"],
        summary=found["summary"],
        detail=found.get("detail", ""),
        place=f"{place['filename']}:{place['start']['line']}" if place else "",
    )


def _change(resource: Mapping[str, Any]) -> Change:
    change = resource["change"]
    before = dict(_leaves(change.get("before"), change.get("before_sensitive"), None))
    after = dict(
        _leaves(change.get("after"), change.get("after_sensitive"), change.get("after_unknown"))
    )
    paths = (path for path in sorted({*before, *after}) if before.get(path) != after.get(path))
    return Change(
        address=resource["address"],
        kind=resource["type"],
        verb=_verb(change["actions"]),
        attributes=tuple(_attribute(path, before.get(path), after.get(path)) for path in paths),
        reason=resource.get("action_reason", ""),
    )


def _verb(actions: list[str]) -> str:
    return VERBS.get(tuple(actions), "+".join(actions))


@dataclass(frozen=True, slots=True, repr=False)
class _Leaf:
    """A value as it is compared; ``shown`` is what may be seen of it."""

    value: Any
    shown: Any


def _attribute(path: str, before: _Leaf | None, after: _Leaf | None) -> Attribute:
    return Attribute(path, before and before.shown, after and after.shown)


def _leaves(
    value: Any, sensitive: Any, unknown: Any, path: str = ""
) -> Iterator[tuple[str, _Leaf]]:
    """Yield what a value is made of, by path, with what may be seen of it.

    Args:
        value: any JSON value.
        sensitive: the same structure with true where a value is secret.
        unknown: the same structure with true where a value is not known yet.
        path: of the value.
    """
    if unknown is True:
        yield path, _Leaf(UNKNOWN, SENSITIVE if sensitive is True else UNKNOWN)
    elif sensitive is True:
        if value is not None:
            yield path, _Leaf(value, SENSITIVE)
    elif isinstance(value, dict) or isinstance(unknown, dict):
        for key in sorted({*(value or {}), *(unknown or {})}):
            inner = f"{path}.{key}" if path else key
            yield from _leaves(_at(value, key), _at(sensitive, key), _at(unknown, key), inner)
    elif isinstance(value, list) or isinstance(unknown, list):
        for index in range(max(len(value or []), len(unknown or []))):
            inner = f"{path}[{index}]"
            yield from _leaves(_at(value, index), _at(sensitive, index), _at(unknown, index), inner)
    elif value is not None:
        yield path, _Leaf(value, value)


def _at(structure: Any, key: Any) -> Any:
    """Return a part of a structure that may have other parts, or be none at all."""
    if isinstance(structure, dict):
        return structure.get(key)
    if isinstance(structure, list) and key < len(structure):
        return structure[key]
    return None


def _resources(count: int) -> str:
    return f"{count} resource" + "s" * (count != 1)
