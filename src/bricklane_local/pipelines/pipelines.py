"""Definitions of pipelines.

Source: https://docs.databricks.com/api/workspace/pipelines
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Answer, Route
from bricklane_local.catalog.kinds import TABLE
from bricklane_local.catalog.names import full_name_of
from bricklane_local.identity.principals import PrincipalKind
from bricklane_local.jobs.run_as import check_run_as, wanted_run_as
from bricklane_local.permissions.levels import MANAGE, VIEW
from bricklane_local.pipelines.states import FINAL, PIPELINE_STATES, UpdateState
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, uuid_key
from bricklane_local.resources.operations import Create, Get, List, Replace, routes
from bricklane_local.resources.records import CREATED_BY, Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

API, SDK = "/api/2.0/pipelines", "pipelines.PipelinesAPI"
DOCUMENT = "pipeline"
EDITIONS = ("CORE", "PRO", "ADVANCED")
CHANNELS = ("CURRENT", "PREVIEW")
# The kinds of libraries that a pipeline may have, with where each says its path.
LIBRARIES = {"notebook": "path", "file": "path", "glob": "include"}
# Fields whose features nothing here can do.
REFUSED = {
    "ingestion_definition": "managed ingestion from other systems",
    "gateway_definition": "ingestion gateways",
    "trigger": "triggers of pipelines: schedule a job with a pipeline_task",
    "filters": "filters of packages",
    "storage": "pipelines with a storage location, which publish to the Hive metastore",
}
# Fields of an answer that are not part of the pipeline's specification.
BESIDE = ("run_as", "parameters", "last_modified")
OWNER = "_owner"
DEFAULT_SCHEMA = "default"
LATEST_UPDATES = 5
NAME_LIKE = re.compile(r"\s*name\s+LIKE\s+'(?P<pattern>(?:[^']|'')*)'\s*", re.IGNORECASE)
NOTEBOOK_IS = re.compile(r"\s*notebook\s*=\s*'(?P<path>(?:[^']|'')*)'\s*", re.IGNORECASE)


def check(act: Act, body: Body, old: Body | None) -> None:
    """Refuse what the types cannot.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the field; NOT_IMPLEMENTED for a feature that is
            not there.
    """
    for field, what in REFUSED.items():
        if body.get(field):
            raise ApiError("NOT_IMPLEMENTED", f"{field}: the local workspace has no {what}")
    if not body.get("catalog"):
        raise invalid(
            "catalog is required: the local workspace publishes pipelines to Unity Catalog only"
        )
    if body.get("schema") and body.get("target"):
        raise invalid("schema and target cannot both be set: target is the older name of schema")
    for field, known in (("edition", EDITIONS), ("channel", CHANNELS)):
        value = str(body.get(field) or known[0])
        if value.upper() not in known:
            raise invalid(f"{field} must be one of {', '.join(known)}; got {value!r}")
    for index, library in enumerate(body.get("libraries") or []):
        _check_library(index, library)
    if body.get("event_log") and not body["event_log"].get("name"):
        raise invalid("Missing required field: event_log.name")
    log_table(body)
    check_run_as(act.workspace, body, act.caller, run_as(old) if old else "")


def _check_library(index: int, library: Body) -> None:
    given = [kind for kind, value in library.items() if value is not None]
    if len(given) != 1 or given[0] not in LIBRARIES:
        raise invalid(
            f"libraries[{index}] must have exactly one of {', '.join(LIBRARIES)}; "
            f"got {', '.join(given) or 'none'}"
        )
    (kind,) = given
    if not library[kind].get(LIBRARIES[kind]):
        raise invalid(f"Missing required field: libraries[{index}].{kind}.{LIBRARIES[kind]}")


def owner(body: Body) -> str:
    """Return the user name or application id of who owns a pipeline."""
    return str(body.get(OWNER) or body[CREATED_BY])


def run_as(body: Body) -> str:
    """Return the user name or application id of whom the updates of a pipeline act as."""
    return wanted_run_as(body) or owner(body)


def schema_of(body: Body) -> str:
    """Return the schema to which a pipeline publishes what says no other."""
    return str(body.get("schema") or body.get("target") or DEFAULT_SCHEMA)


def log_table(body: Body) -> str:
    """Return the full name of the table that publishes the event log of a pipeline, or ""."""
    given = body.get("event_log")
    if not given:
        return ""
    catalog, schema = given.get("catalog") or body["catalog"], given.get("schema")
    return full_name_of(f"{catalog}.{schema or schema_of(body)}.{given['name']}", TABLE)


def set_owner(workspace: Workspace, pipeline_id: str, owner: str) -> None:
    """Note who owns a pipeline now, and whom it acts as unless ``run_as`` says otherwise."""
    body = workspace.space.get(DOCUMENT, pipeline_id)
    if body is not None:
        workspace.space.update(DOCUMENT, pipeline_id, {**body, OWNER: owner})


def spec(body: Body) -> Body:
    """Return the specification of a pipeline as the API shows it."""
    shown = {
        name: value
        for name, value in body.items()
        if name not in (*BESIDE, "pipeline_id") and not name.startswith("_")
    }
    return {"id": body["pipeline_id"], **shown}


def shown(workspace: Workspace, body: Body) -> Body:
    """Return a pipeline as the API shows it."""
    answer = summary(workspace, body) | {"spec": spec(body), "last_modified": body["last_modified"]}
    named = run_as(body)
    found = workspace.cloud.directory.find(workspace.name, named)
    kind = PrincipalKind.USER if found is None else found.kind
    answer["run_as"] = {kind.value: named}
    answer["effective_publishing_mode"] = "DEFAULT_PUBLISHING_MODE"
    return answer | ({"parameters": body["parameters"]} if body.get("parameters") else {})


def summary(workspace: Workspace, body: Body) -> Body:
    """Return a pipeline as lists show it."""
    updates = workspace.pipelines.updates.page(body["pipeline_id"], limit=LATEST_UPDATES)[0]
    state, health = "IDLE", ""
    if updates:
        state = PIPELINE_STATES[UpdateState(updates[0]["state"])]
        ended = [update for update in updates if update["state"] in FINAL]
        if ended:
            failed = ended[0]["state"] == UpdateState.FAILED
            health = "UNHEALTHY" if failed else "HEALTHY"
    return {
        "pipeline_id": body["pipeline_id"],
        "state": state,
        "name": body.get("name", ""),
        "creator_user_name": body[CREATED_BY],
        "run_as_user_name": run_as(body),
        **({"health": health} if health else {}),
        **({"latest_updates": [_latest(update) for update in updates]} if updates else {}),
    }


def _latest(update: Body) -> Body:
    from bricklane_local.resources.kind import iso

    return {
        "update_id": update["update_id"],
        "state": update["state"],
        "creation_time": iso(update["creation_time"]),
    }


def require_free_name(records: Records, sent: Body, pipeline_id: str = "") -> None:
    """Refuse a name that another pipeline has, unless the request allows it.

    Raises:
        ApiError: RESOURCE_CONFLICT.
    """
    name = sent.get("name")
    if not name or sent.get("allow_duplicate_names"):
        return
    for other in records.all():
        if other["pipeline_id"] != pipeline_id and other.get("name") == name:
            raise ApiError(
                "RESOURCE_CONFLICT",
                f"The pipeline name '{name}' is already used by another pipeline. This check can "
                "be skipped by setting `allow_duplicate_names = true` in the request.",
            )


class CreatePipeline(Create):
    """Make a pipeline; a continuous one begins to run."""

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Make one, or with ``dry_run`` only check."""
        require_free_name(records, call.body)
        if call.body.get("dry_run"):
            act = records.act(call.caller)
            body = {**kind.defaults, **records.taken_over(call.body)}
            kind.check(act, body | {CREATED_BY: call.caller.user_name}, None)
            return {"effective_settings": body}
        body = records.create(call.body, call.caller)
        begin_continuous(call.workspace, body, call.caller.user_name)
        return {"pipeline_id": body["pipeline_id"]}


class ReplacePipeline(Replace):
    """Replace the settings of a pipeline; a continuous one begins again with them."""

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Replace one."""
        old = self.found(call, records)
        require_free_name(records, call.body, old["pipeline_id"])
        expected = call.body.get("expected_last_modified")
        if expected is not None and int(expected) != old["last_modified"]:
            raise ApiError(
                "RESOURCE_CONFLICT",
                f"The pipeline {old['pipeline_id']} was changed at {old['last_modified']}, not at "
                f"{expected} (expected_last_modified): read it again",
            )
        del kind
        body = records.replace(old, call.body, call.caller)
        begin_continuous(call.workspace, body, call.caller.user_name)
        return None


def begin_continuous(workspace: Workspace, body: Body, caller: str) -> None:
    """Have a continuous pipeline run by its present settings."""
    if body.get("continuous") and body.get("libraries"):
        workspace.pipelines.restart(body, caller)


class ListPipelines(List):
    """Return the pipelines that the caller sees, as summaries."""

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Return them."""
        answer = super().answer(call, records, kind)
        assert isinstance(answer, dict)  # noqa: S101  (lists are)
        return answer | (
            {"statuses": [_listed(item) for item in answer["statuses"]]}
            if "statuses" in answer
            else {}
        )


def _listed(item: Body) -> Body:
    hidden = ("spec", "last_modified", "run_as", "parameters", "effective_publishing_mode")
    return {name: value for name, value in item.items() if name not in hidden}


def wanted(call: Call) -> Callable[[Body], bool] | None:
    """Return what says whether a pipeline fits the filter of a request.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a filter of another form.
    """
    text = call.query.get("filter")
    if not text:
        return None
    named, notebook = NAME_LIKE.fullmatch(text), NOTEBOOK_IS.fullmatch(text)
    if named:
        literal = re.escape(named["pattern"].replace("''", "'"))
        pattern = re.compile(literal.replace("%", ".*").replace("_", "."), re.DOTALL)
        return lambda body: bool(pattern.fullmatch(str(body.get("name") or "")))
    if notebook:
        path = notebook["path"].replace("''", "'")
        return lambda body: any(
            (library.get("notebook") or {}).get("path") == path
            for library in body.get("libraries") or []
        )
    raise invalid(f"filter must be name LIKE '…' or notebook='…', got {text!r}")


def _changed(act: Act, body: Body) -> Body:
    return {"last_modified": act.time, OWNER: body.get(OWNER) or body[CREATED_BY]}


def _removed(act: Act, body: Body) -> None:
    act.workspace.pipelines.forget(body["pipeline_id"])


PIPELINE = Kind(
    name="pipeline",
    document=DOCUMENT,
    key="pipeline_id",
    new_key=uuid_key,
    guard=Guard("pipelines", EVERYBODY, VIEW, MANAGE),
    defaults={
        "continuous": False,
        "development": False,
        "edition": "ADVANCED",
        "channel": "CURRENT",
        "photon": False,
    },
    outputs=("last_modified",),
    controls=("allow_duplicate_names", "dry_run", "expected_last_modified", "id"),
    changed=_changed,
    check=check,
    shown=shown,
    removed=_removed,
    missing_text="The specified {name} {value} was not found.",
    proved_by="databricks bundle deploy",
    operations=(
        CreatePipeline(
            f"POST {API}",
            f"{SDK}.create",
            key_only=True,
            note="a continuous one is updated again and again, without a restart in between",
        ),
        ListPipelines(
            f"GET {API}", items="statuses", size="max_results", default=25, most=100, where=wanted
        ),
        Get(f"GET {API}/{{pipeline_id}}"),
        ReplacePipeline(f"PUT {API}/{{pipeline_id}}", f"{SDK}.update", silent=True),
    ),
)
ROUTES: list[Route] = routes([PIPELINE])
