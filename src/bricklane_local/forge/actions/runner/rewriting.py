"""A workflow of one job, as act is given it: all that the forge knows is folded in.

What act does not model (needs, matrix, environment, concurrency, permissions) is gone from it. A
value that may hold ``${{`` of somebody's choosing, such as a branch's name, is guarded as often
as act evaluates it: act evaluates the variables of a job twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bricklane_local.forge.actions.contexts import VARIABLES, contexts
from bricklane_local.forge.actions.expressions import fold_condition, fold_template, render, text_of
from bricklane_local.forge.actions.expressions.folding import Known, guarded
from bricklane_local.forge.actions.runner.resolving import standin_command, without_terminal
from bricklane_local.forge.actions.standins.table import Standin
from bricklane_local.forge.actions.workflows.model import Job, Workflow
from bricklane_local.forge.actions.workflows.problems import scalar

# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax (shell)
SHELLS = {
    "": "bash -e {0}",
    "bash": "bash --noprofile --norc -e -o pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}
# Read by act's YAML parser: these need escapes there that JSON does not ask for.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
PLACEHOLDER = "see-the-variables-of-the-step"


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a job before it starts.

    Args:
        workflow: that it is part of.
        job: as the file describes it.
        values: contexts by name, ``github`` without what depends on the step.
        secrets: clear values by name, the job's token included.
        standins: stand-ins by the text of ``uses``.
    """

    workflow: Workflow
    job: Job
    values: Mapping[str, Any]
    secrets: Mapping[str, str]
    standins: Mapping[str, Standin]

    @property
    def known(self) -> Known:
        """What is folded into steps: all but secrets, which act masks by itself."""
        return Known(self.values, {"github"})


def job_document(given: Given) -> dict[str, Any]:
    """Return the workflow that act runs.

    Raises:
        ExpressionError: when an expression of known values cannot be evaluated.
    """
    steps = [_step(given, step) for step in given.job.steps]
    job: dict[str, Any] = {"runs-on": "ubuntu-latest", "env": job_variables(given), "steps": steps}
    return {
        # act takes no expressions here; steps get the true name in their variables.
        "name": PLACEHOLDER if "${{" in given.workflow.name else given.workflow.name,
        "on": [given.values["github"]["event_name"]],
        "jobs": {given.job.id: job},
    }


def job_variables(given: Given) -> dict[str, str]:
    """Return the variables of workflow and job, evaluated, for a place that act evaluates twice.

    Raises:
        ExpressionError: when one cannot be evaluated.
    """
    available = contexts({**given.values, "secrets": dict(given.secrets)})
    found: dict[str, str] = {}
    own = given.job.env
    if isinstance(own, str):
        evaluated = render(own, available)
        own = evaluated if isinstance(evaluated, dict) else {}
    for source in (given.workflow.env, own):
        for name, value in source.items():
            found[name] = text_of(render(scalar(value), available))
    return {name: guarded(value, 2) for name, value in found.items()}


def github_variables(given: Given) -> tuple[dict[str, str], dict[str, str]]:
    """Return ``GITHUB_*`` for act's environment file, and those that each step must set again.

    The second are those with ``${{`` in them, which act would evaluate.
    """
    github = given.values["github"]
    file: dict[str, str] = {}
    again: dict[str, str] = {}
    for name in VARIABLES:
        variable, value = f"GITHUB_{name.upper()}", text_of(github[name])
        file[variable] = value
        if "${{" in value:
            file[variable] = PLACEHOLDER
            again[variable] = guarded(value)
    # act takes the commit from this name.
    return file | {"SHA_REF": text_of(github["sha"])}, again


def _step(given: Given, step: Mapping[str, Any]) -> dict[str, Any]:
    known = given.known
    out: dict[str, Any] = {"id": str(step["id"])} if "id" in step else {}
    for key in ("name", "working-directory"):
        if key in step:
            out[key] = fold_template(scalar(step[key]), known)
    if scalar(step.get("if")).strip():
        out["if"] = fold_condition(scalar(step["if"]), known)
    for key in ("continue-on-error", "timeout-minutes"):
        if key in step:
            value = step[key]
            out[key] = fold_template(value, known) if isinstance(value, str) else value
    variables = {
        name: fold_template(scalar(value), known) for name, value in _mapping(step, "env").items()
    }
    inputs = {
        name: fold_template(scalar(value), known) for name, value in _mapping(step, "with").items()
    }
    standin = given.standins.get(str(step.get("uses", "")))
    if standin is not None:
        uses = str(step["uses"])
        out |= {"run": f"stand-in for {uses}", "shell": standin_command(standin, uses)}
        variables |= standin.variables(inputs)
    elif "uses" in step:
        out |= {"uses": str(step["uses"]), "with": inputs}
    else:
        out |= _shell(given, step, out)
    out["env"] = variables | github_variables(given)[1]
    return out


def _mapping(step: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = step.get(key)
    return value if isinstance(value, Mapping) else {}


def _shell(given: Given, step: Mapping[str, Any], out: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {**given.workflow.defaults, **given.job.defaults}
    shell = scalar(step.get("shell")) or defaults.get("shell", "")
    shell = fold_template(shell, given.known)
    command = SHELLS.get(shell, shell)
    found: dict[str, Any] = {"run": fold_template(scalar(step["run"]), given.known)}
    # act adds what these shells need, by their names alone.
    known_to_act = "{0}" not in command or "${{" in command
    found["shell"] = command if known_to_act else f"{without_terminal()} {command}"
    if "working-directory" not in out and "working-directory" in defaults:
        found["working-directory"] = fold_template(defaults["working-directory"], given.known)
    return found


def written(document: Any) -> str:
    """Return ``document`` as JSON that YAML parsers read alike."""
    text = json.dumps(document, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
