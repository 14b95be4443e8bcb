"""What the workflow files of a project say of its deliveries: read as text, nothing is run.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.bundlefile import LOADER

FOLDER = Path(".github", "workflows")
PATTERNS = ("*.yml", "*.yaml")
DEPLOY = re.compile(r"\bbricklane\s+ci\s+deploy\b.*?(?:--target|-t)[ =](\S+)")
PUBLISH = re.compile(r"\bbricklane\s+ci\s+publish\b")
# A value that is one variable or secret and nothing else; with `||` another takes its place.
NAMED = re.compile(r"\$\{\{\s*(vars|secrets)\.(\w+)\s*\}\}")
PULL_REQUEST = "pull_request"
WHILE_OPEN = frozenset({"opened", "synchronize", "reopened"})
BUNDLE_VARIABLE = "BUNDLE_VAR_"
AUTH_TYPE = "DATABRICKS_AUTH_TYPE"
SECRET, OIDC = "oauth-m2m", "github-oidc"
# Every job has these without being given them.
GIVEN = frozenset({"GITHUB_TOKEN"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """The job of a workflow that deploys to a target.

    Args:
        target: of the bundle.
        file: of the workflow, relative to the root of the repository.
        job: its key in the file.
        environment: of the forge, as the job names it; empty for none.
        authentication: :data:`SECRET` or :data:`OIDC`.
        variables: names that it takes from the environment's or repository's variables.
        secrets: likewise of secrets.
        bundle_variables: variable of the bundle → the forge's variable that it gets its value from.
        id_token: whether it may ask for ID tokens.
    """

    target: str
    file: str
    job: str
    environment: str
    authentication: str
    variables: tuple[str, ...]
    secrets: tuple[str, ...]
    bundle_variables: Mapping[str, str]
    id_token: bool


@dataclass(frozen=True, slots=True)
class Workflows:
    """The workflow files of a project.

    Args:
        deliveries: target → its job.
        checks: names that jobs show on pull requests.
        files: their paths, relative to the root of the repository.
    """

    deliveries: Mapping[str, Delivery]
    checks: tuple[str, ...]
    files: tuple[str, ...]


def read_workflows(top: Path, production: str) -> Workflows:
    """Read the workflow files below ``top``, the root of the repository.

    Args:
        top: the root of the repository.
        production: the target that publishing deploys to.

    Raises:
        BricklaneError: naming the file that is no workflow.
    """
    deliveries: dict[str, Delivery] = {}
    checks: list[str] = []
    paths = sorted(file for pattern in PATTERNS for file in (top / FOLDER).glob(pattern))
    for path in paths:
        document, name = _mapping(path), str(path.relative_to(top))
        for key, job in _jobs(document):
            for target in _targets(job, production):
                deliveries.setdefault(target, _delivery(target, name, key, job, document))
            if _checks_pull_requests(document):
                checks.append(str(job.get("name") or key))
    files = tuple(str(path.relative_to(top)) for path in paths)
    return Workflows(deliveries, tuple(dict.fromkeys(checks)), files)


def _mapping(path: Path) -> Mapping[Any, Any]:
    try:
        content = yaml.load(path.read_text("utf-8"), LOADER)  # noqa: S506  (a safe one)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = getattr(error, "problem_mark", None)
        line = f":{place.line + 1}" if place else ""
        raise BricklaneError(
            f"{path.name}{line}: cannot be read as YAML",
            hint="mend the file, or restore the template's: bricklane update",
            exit_code=ExitCode.CONFIG,
        ) from None
    return content if isinstance(content, dict) else {}


def _jobs(document: Mapping[Any, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    jobs = document.get("jobs")
    for key, job in (jobs if isinstance(jobs, dict) else {}).items():
        if isinstance(job, dict):
            yield str(key), job


def _checks_pull_requests(document: Mapping[Any, Any]) -> bool:
    """Say whether a workflow runs on pull requests that are open, and not on their end alone."""
    # YAML takes the key `on` for a truth value.
    events = document.get("on", document.get(True))
    if not isinstance(events, dict):
        return events == PULL_REQUEST or (isinstance(events, list) and PULL_REQUEST in events)
    types = (events.get(PULL_REQUEST) or {}).get("types")
    return PULL_REQUEST in events and (types is None or bool(set(types) & WHILE_OPEN))


def _steps(job: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    steps = job.get("steps")
    yield from (step for step in (steps if isinstance(steps, list) else ()) if _is_mapping(step))


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)


def _targets(job: Mapping[str, Any], production: str) -> Iterator[str]:
    for step in _steps(job):
        text = str(step.get("run") or "")
        yield from (found.strip("'\"") for found in DEPLOY.findall(text))
        if PUBLISH.search(text) and production:
            yield production


def _delivery(
    target: str, file: str, key: str, job: Mapping[str, Any], document: Mapping[Any, Any]
) -> Delivery:
    environment = job.get("environment")
    if isinstance(environment, dict):
        environment = environment.get("name")
    values = _environment(job, document)
    named = {name: found for name, value in values.items() if (found := NAMED.fullmatch(value))}
    secrets = [found[2] for found in named.values() if found[1] == "secrets"]
    permissions = job.get("permissions", document.get("permissions"))
    return Delivery(
        target=target,
        file=file,
        job=key,
        environment=str(environment or ""),
        authentication=OIDC if values.get(AUTH_TYPE) == OIDC else SECRET,
        variables=_names(found[2] for found in named.values() if found[1] == "vars"),
        secrets=_names(name for name in secrets if name not in GIVEN),
        bundle_variables={
            name.removeprefix(BUNDLE_VARIABLE): found[2]
            for name, found in named.items()
            if name.startswith(BUNDLE_VARIABLE) and found[1] == "vars"
        },
        id_token=permissions == "write-all"
        or (isinstance(permissions, dict) and permissions.get("id-token") == "write"),
    )


def _environment(job: Mapping[str, Any], document: Mapping[Any, Any]) -> dict[str, str]:
    """Return what the job's steps find in their environment; the innermost value counts."""
    places = (document, job, *_steps(job))
    tables = (place.get("env") for place in places)
    return {
        str(name): str(value)
        for table in tables
        if isinstance(table, dict)
        for name, value in table.items()
    }


def _names(found: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
