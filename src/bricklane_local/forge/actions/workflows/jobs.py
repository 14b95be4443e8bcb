"""Reading the jobs of a workflow file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bricklane_local.forge.actions.workflows import tables
from bricklane_local.forge.actions.workflows.document import Mapped
from bricklane_local.forge.actions.workflows.model import Environment, Job
from bricklane_local.forge.actions.workflows.problems import Problems, words
from bricklane_local.forge.actions.workflows.settings import (
    read_concurrency,
    read_defaults,
    read_permissions,
)

# No expressions: GitHub takes none here either.
USES = re.compile(r"(?!.*\$\{\{)(\./.*|docker://.+|[\w.-]+/[\w.-]+(/[^@]*)?@[^@\s]+)")
STEP_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class JobReader:
    """Reads one job.

    Args:
        key: its id.
        body: as it stands.
        line: where it begins.
        problems: takes what is wrong.
    """

    def __init__(self, key: str, body: Mapped, line: int, problems: Problems) -> None:
        self._key = key
        self._body = body
        self._line = line
        self._problems = problems
        self._where = f"jobs.{key}"

    def job(self) -> Job:
        """Return the job."""
        body, problems, where = self._body, self._problems, self._where
        problems.keys(f"{where}: ", body, tables.JOB_KEYS)
        strategy = problems.mapping(f"{where}.strategy", body.get("strategy"))
        problems.keys(f"{where}.strategy: ", strategy, tables.STRATEGY_KEYS)
        return Job(
            self._key,
            self._template("name"),
            words(body.get("needs")),
            problems.condition(f"{where}.if", body.get("if"), body.lines.get("if", 0)),
            body.get("runs-on"),
            self._environment(),
            read_concurrency(f"{where}.concurrency", body.get("concurrency"), problems),
            read_permissions(f"{where}.permissions", body.get("permissions"), problems),
            self._env(body.get("env"), f"{where}.env"),
            read_defaults(f"{where}.", body.get("defaults"), problems),
            strategy.get("matrix"),
            strategy.get("fail-fast", True),
            strategy.get("max-parallel", 0),
            self._steps(),
            self._outputs(),
            body.get("timeout-minutes", 360),
            body.get("continue-on-error", False),
            self._refused(),
        )

    def _template(self, key: str) -> str:
        line = self._body.lines.get(key, 0)
        return self._problems.template(f"{self._where}.{key}", self._body.get(key), line)

    def _environment(self) -> Environment | None:
        value = self._body.get("environment")
        if value is None:
            return None
        if not isinstance(value, Mapped):
            return Environment(self._template("environment"))
        where = f"{self._where}.environment"
        self._problems.keys(f"{where}: ", value, frozenset(["name", "url", "deployment"]))
        return Environment(
            self._problems.template(f"{where}.name", value.get("name")),
            self._problems.template(f"{where}.url", value.get("url")),
        )

    def _env(self, value: Any, where: str) -> Mapping[str, Any] | str:
        if isinstance(value, str):
            return self._problems.template(where, value)
        found = self._problems.mapping(where, value)
        for name, item in found.items():
            self._problems.template(f"{where}.{name}", item, found.lines[name])
        return found

    def _outputs(self) -> dict[str, str]:
        where = f"{self._where}.outputs"
        found = self._problems.mapping(where, self._body.get("outputs"))
        return {
            name: self._problems.template(f"{where}.{name}", value, found.lines[name])
            for name, value in found.items()
        }

    def _refused(self) -> tuple[str, ...]:
        refused = [
            f"{key}: {reason}"
            for key, reason in tables.REFUSED_JOB_KEYS.items()
            if self._body.get(key) is not None
        ]
        refused += [
            f"{step['uses']}: the local forge runs no Docker actions"
            for step in self._body.get("steps") or ()
            if isinstance(step, Mapped) and str(step.get("uses", "")).startswith("docker://")
        ]
        return tuple(refused)

    def _steps(self) -> tuple[Mapping[str, Any], ...]:
        if self._body.get("uses") is not None:
            return ()
        for key in ("runs-on", "steps"):
            if self._body.get(key) is None:
                self._problems.add(
                    f"{self._where}: required property is missing: {key}", self._line
                )
        steps = self._body.get("steps") or []
        if not isinstance(steps, list):
            self._problems.add(f"{self._where}.steps must be a list", self._line)
            return ()
        seen: set[str] = set()
        for number, step in enumerate(steps):
            self._check_step(f"{self._where}.steps[{number}]", step, seen)
        return tuple(step for step in steps if isinstance(step, Mapped))

    def _check_step(self, where: str, step: Any, seen: set[str]) -> None:
        problems = self._problems
        if not isinstance(step, Mapped):
            problems.add(f"{where} must be a mapping", self._line)
            return
        line = min(step.lines.values(), default=self._line)
        problems.keys(f"{where}: ", step, tables.STEP_KEYS)
        if ("run" in step) == ("uses" in step):
            problems.add(f"{where}: a step has either run or uses", line)
        if "uses" in step and not USES.fullmatch(str(step["uses"])):
            problems.add(
                f"{where}.uses: expected format {{org}}/{{repo}}[/path]@ref, got '{step['uses']}'",
                line,
            )
        identifier = str(step.get("id", ""))
        if identifier and (not STEP_ID.fullmatch(identifier) or identifier.lower() in seen):
            problems.add(f"{where}.id: '{identifier}' is no id, or is used twice", line)
        seen.add(identifier.lower())
        problems.condition(f"{where}.if", step.get("if"), step.lines.get("if", 0))
        for key in ("run", "name", "shell", "working-directory", "timeout-minutes"):
            problems.template(f"{where}.{key}", step.get(key), step.lines.get(key, 0))
        for key in ("env", "with"):
            self._env(step.get(key), f"{where}.{key}")
