"""Which events start a workflow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bricklane_local.forge.actions.workflows import tables
from bricklane_local.forge.actions.workflows.document import Mapped
from bricklane_local.forge.actions.workflows.filters import all_ignored, any_selected, selects
from bricklane_local.forge.actions.workflows.model import Input, Trigger
from bricklane_local.forge.actions.workflows.problems import Problems, scalar, words

INPUT_KEYS = frozenset(
    ["type", "required", "default", "options", "description", "deprecationMessage"]
)


def read_triggers(value: Any, problems: Problems) -> dict[str, Trigger]:
    """Return the triggers that an ``on`` names."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        names = [str(name) for name in value]
        found = {name: Trigger() for name in names}
        lines: dict[str, int] = {}
    elif isinstance(value, Mapped):
        lines = value.lines
        found = {name: _trigger(name, body, problems) for name, body in value.items()}
    else:
        return {}
    for name in found:
        if name not in tables.EVENTS:
            problems.add(f"on: unexpected value '{name}'", lines.get(name, 0))
    return found


def _trigger(name: str, body: Any, problems: Problems) -> Trigger:
    if body is None or name == "schedule":
        return Trigger()
    settings = problems.mapping(f"on.{name}", body)
    allowed = tables.FILTERS.get(name, ())
    known = {*allowed, "types", "inputs", "secrets", "outputs", "workflows"}
    problems.keys(f"on.{name}: ", settings, frozenset(known))
    for kind in ("branches", "tags", "paths"):
        if kind in settings and f"{kind}-ignore" in settings:
            problems.add(
                f"on.{name}: you may only define one of `{kind}` and `{kind}-ignore`",
                settings.lines[kind],
            )
    inputs = problems.mapping(f"on.{name}.inputs", settings.get("inputs"))
    return Trigger(
        words(settings["types"]) if "types" in settings else None,
        {key: words(settings[key]) for key in allowed if key in settings},
        tuple(_input(f"on.{name}.inputs", key, inputs[key], problems) for key in inputs),
        words(settings.get("workflows")),
    )


def _input(where: str, name: str, body: Any, problems: Problems) -> Input:
    settings = problems.mapping(f"{where}.{name}", body)
    problems.keys(f"{where}.{name}: ", settings, INPUT_KEYS)
    kind = scalar(settings.get("type")) or "string"
    if kind not in tables.INPUT_KINDS:
        allowed = ", ".join(tables.INPUT_KINDS)
        problems.add(f"{where}.{name}.type must be one of {allowed}; got '{kind}'")
    if kind == "choice" and not settings.get("options"):
        problems.add(f"{where}.{name}: a choice needs options")
    return Input(
        name,
        kind,
        settings.get("required") is True,
        settings.get("default"),
        words(settings.get("options")),
        scalar(settings.get("description")),
    )


def wants_type(event: str, action: str, trigger: Trigger) -> bool:
    """Say whether a trigger wants this action of its event."""
    types = tables.USUAL_TYPES.get(event) if trigger.types is None else trigger.types
    return types is None or not action or action in types


def wants_ref(event: str, ref: str, trigger: Trigger) -> bool:
    """Say whether a trigger wants this ref.

    Args:
        event: its name.
        ref: full name of what was pushed, or of a pull request's base branch.
        trigger: with its filters.
    """
    filters = trigger.filters
    kind, other = ("tags", "branches") if ref.startswith("refs/tags/") else ("branches", "tags")
    name = ref.split("/", 2)[-1]
    if kind in filters:
        return selects(filters[kind], name)
    if f"{kind}-ignore" in filters:
        return not selects(filters[f"{kind}-ignore"], name)
    # A push filter for tags alone leaves branches out, and the other way round.
    return event != "push" or not (other in filters or f"{other}-ignore" in filters)


def filters_paths(trigger: Trigger) -> bool:
    """Say whether changed files matter to a trigger."""
    return "paths" in trigger.filters or "paths-ignore" in trigger.filters


def wants_paths(paths: Iterable[str], trigger: Trigger) -> bool:
    """Say whether a trigger wants a change of these files."""
    names = list(paths)
    if "paths" in trigger.filters:
        return any_selected(trigger.filters["paths"], names)
    ignored = trigger.filters.get("paths-ignore", ())
    return not ignored or not all_ignored(ignored, names)
