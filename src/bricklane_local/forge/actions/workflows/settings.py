"""Reading what workflows and jobs have alike: defaults, concurrency, permissions."""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.actions.workflows import tables
from bricklane_local.forge.actions.workflows.document import Mapped
from bricklane_local.forge.actions.workflows.model import Concurrency
from bricklane_local.forge.actions.workflows.problems import Problems


def read_defaults(where: str, value: Any, problems: Problems) -> dict[str, str]:
    """Return the ``run`` defaults of a workflow or job."""
    defaults = problems.mapping(f"{where}defaults", value)
    run = problems.mapping(f"{where}defaults.run", defaults.get("run"))
    problems.keys(f"{where}defaults: ", defaults, frozenset(["run"]))
    problems.keys(f"{where}defaults.run: ", run, frozenset(["shell", "working-directory"]))
    return {key: problems.template(f"{where}defaults.run.{key}", run[key]) for key in run}


def read_concurrency(where: str, value: Any, problems: Problems) -> Concurrency | None:
    """Return the concurrency group of a workflow or job."""
    if value is None:
        return None
    if not isinstance(value, Mapped):
        return Concurrency(problems.template(where, value))
    problems.keys(f"{where}: ", value, frozenset(["group", "cancel-in-progress"]))
    if "group" not in value:
        problems.add(f"{where}: required property is missing: group")
    return Concurrency(
        problems.template(f"{where}.group", value.get("group")),
        problems.template(f"{where}.cancel-in-progress", value.get("cancel-in-progress")),
    )


def read_permissions(where: str, value: Any, problems: Problems) -> Any:
    """Return the permissions of a workflow or job: ``read-all``, ``write-all``, or levels."""
    if value is None or value in ("read-all", "write-all"):
        return value
    if not isinstance(value, Mapped):
        problems.add(f"{where} must be read-all, write-all or a mapping, got {value!r}")
        return {}
    for name, level in value.items():
        line = value.lines[name]
        if name not in tables.PERMISSIONS:
            problems.add(f"{where}: unexpected value '{name}'", line)
        elif level not in tables.PERMISSIONS[name]:
            allowed = ", ".join(tables.PERMISSIONS[name])
            problems.add(f"{where}.{name} must be one of {allowed}; got '{level}'", line)
    return dict(value)
