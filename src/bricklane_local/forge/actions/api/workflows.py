"""Workflows: listed, switched on and off, started by hand.

Source: https://docs.github.com/en/rest/actions/workflows
"""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.actions.api.common import READ, WRITE, workflow_at
from bricklane_local.forge.actions.expressions import text_of
from bricklane_local.forge.actions.starting import Cause
from bricklane_local.forge.actions.wire import workflow_wire
from bricklane_local.forge.actions.workflows.document import WorkflowError
from bricklane_local.forge.actions.workflows.model import Input, Trigger
from bricklane_local.forge.actions.workflows.reading import read_workflow
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.git import refs
from bricklane_local.forge.repositories.wire import repository_wire
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply

BASE = "/repos/{owner}/{repo}/actions"
INPUT_LIMIT = 25


async def list_workflows(call: ForgeCall) -> Listing:
    """List the workflows of a repository, those of the latest push included."""
    await call.forge.actions.drain()
    found = call.forge.actions.store.workflows(call.repository)
    return Listing(found, lambda row: workflow_wire(call.forge, call.repository, row), "workflows")


def get_workflow(call: ForgeCall) -> dict[str, Any]:
    """Return one workflow."""
    return workflow_wire(call.forge, call.repository, workflow_at(call))


def _switch(call: ForgeCall, state: str) -> None:
    record = workflow_at(call)
    record.state, record.updated_at = state, call.forge.clock.now()
    call.forge.actions.store.save_workflow(record)


def enable(call: ForgeCall) -> None:
    """Let events start a workflow again."""
    _switch(call, "active")


def disable(call: ForgeCall) -> None:
    """Keep events from starting a workflow."""
    _switch(call, "disabled_manually")


async def dispatch(call: ForgeCall) -> Reply | None:
    """Start a workflow by hand."""
    await call.forge.actions.drain()
    record = workflow_at(call)
    if record.state != "active":
        raise ForgeApiError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    asked = call.text("ref")
    ref, sha = await _located(call, asked)
    trigger = await _trigger(call, record.path, sha)
    given = call.mapping("inputs") or {}
    inputs = checked_inputs(trigger.inputs, given)
    payload = {
        "inputs": {name: text_of(value) for name, value in inputs.items()} or None,
        "ref": ref,
        "workflow": record.path,
        "repository": repository_wire(call.forge, call.repository),
        "sender": call.forge.user(call.caller.user.login),
    }
    cause = Cause(
        "workflow_dispatch", call.caller.user.login, payload, ref, sha, record.path, inputs
    )
    runs = await call.forge.actions.dispatch(call.repository, cause)
    if not (call.body.get("return_run_details") and runs):
        return None
    url = f"{call.forge.api}/repos/{call.repository.full_name}/actions/runs/{runs[0].id}"
    page = f"{call.forge.url}/{call.repository.full_name}/actions/runs/{runs[0].id}"
    return Reply(200, {"workflow_run_id": runs[0].id, "run_url": url, "html_url": page})


async def _located(call: ForgeCall, asked: str) -> tuple[str, str]:
    bare = call.forge.git.repository(call.repository.id)
    full = asked.startswith(("refs/heads/", "refs/tags/"))
    for ref in [asked] if full else [f"refs/heads/{asked}", f"refs/tags/{asked}"]:
        sha = await refs.find(bare, ref)
        if sha is not None:
            return ref, sha
    raise ForgeApiError(422, f"No ref found for: {asked}")


async def _trigger(call: ForgeCall, path: str, sha: str) -> Trigger:
    files = await call.forge.actions.starter.files(call.repository, sha)
    if path not in files:
        raise ForgeApiError(422, f"Workflow {path} does not exist at that ref")
    try:
        workflow = read_workflow(path, files[path])
    except WorkflowError as error:
        problems = "; ".join(error.problems)
        raise ForgeApiError(422, f"failed to parse workflow: {problems}") from None
    trigger = workflow.triggers.get("workflow_dispatch")
    if trigger is None:
        raise ForgeApiError(422, "Workflow does not have 'workflow_dispatch' trigger")
    return trigger


def checked_inputs(inputs: tuple[Input, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of a manual run, each of the kind that the workflow says.

    Raises:
        ForgeApiError: 422 naming the input and its value.
    """
    if len(given) > INPUT_LIMIT:
        raise ForgeApiError(422, f"you may only define up to {INPUT_LIMIT} inputs")
    known = {row.name for row in inputs}
    unknown = sorted(name for name in given if name not in known)
    if unknown:
        raise ForgeApiError(422, f"Unexpected inputs provided: {unknown}".replace("'", '"'))
    return {row.name: _input(row, given.get(row.name)) for row in inputs}


def _input(row: Input, value: Any) -> Any:
    if value is None or value == "":
        if row.required and row.default is None:
            raise ForgeApiError(422, f"Required input '{row.name}' not provided")
        value = row.default
        if value is None:
            return False if row.kind == "boolean" else ""
    if row.kind == "boolean":
        if text_of(value).lower() not in ("true", "false"):
            raise _refused(row, value, "a boolean")
        return text_of(value).lower() == "true"
    if row.kind == "number":
        try:
            return float(text_of(value))
        except ValueError:
            raise _refused(row, value, "a number") from None
    text = text_of(value)
    if row.kind == "choice" and text not in row.options:
        raise ForgeApiError(
            422,
            f"Provided value '{text}' for input '{row.name}' not in the list of allowed values",
        )
    return text


def _refused(row: Input, value: Any, wanted: str) -> ForgeApiError:
    return ForgeApiError(
        422, f"Provided value '{text_of(value)}' for input '{row.name}' is not {wanted}"
    )


async def repository_dispatch(call: ForgeCall) -> None:
    """Tell the default branch's workflows of something that happened elsewhere."""
    event = call.text("event_type")
    if not 0 < len(event) <= 100:
        raise ForgeApiError(422, "event_type must have 1 to 100 characters")
    payload = {
        "action": event,
        "branch": call.repository.default_branch,
        "client_payload": call.mapping("client_payload") or {},
        "repository": repository_wire(call.forge, call.repository),
        "sender": call.forge.user(call.caller.user.login),
    }
    cause = Cause("repository_dispatch", call.caller.user.login, payload)
    await call.forge.actions.dispatch(call.repository, cause)


ROUTES = [
    ForgeRoute("GET", f"{BASE}/workflows", list_workflows, READ),
    ForgeRoute("GET", f"{BASE}/workflows/{{workflow}}", get_workflow, READ),
    ForgeRoute("POST", f"{BASE}/workflows/{{workflow}}/dispatches", dispatch, WRITE),
    ForgeRoute("PUT", f"{BASE}/workflows/{{workflow}}/enable", enable, WRITE),
    ForgeRoute("PUT", f"{BASE}/workflows/{{workflow}}/disable", disable, WRITE),
    ForgeRoute(
        "POST", "/repos/{owner}/{repo}/dispatches", repository_dispatch, ("contents:write",)
    ),
]
