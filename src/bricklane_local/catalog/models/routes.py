"""Routes of registered models, their versions and aliases: kept and answered.

Source: https://docs.databricks.com/api/workspace/registeredmodels,
https://docs.databricks.com/api/workspace/modelversions, and for making versions the requests of
MLflow's client.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.catalog import crud, listing
from bricklane_local.catalog.calls import (
    UNITY,
    answer,
    caller_of,
    page_size,
    shown,
    wanted,
    whole_number,
)
from bricklane_local.catalog.kinds import MODEL, SCHEMA
from bricklane_local.catalog.models import models, versions
from bricklane_local.catalog.names import full_name_of
from bricklane_local.catalog.pages import page
from bricklane_local.catalog.privileges import EXECUTE

GET_MODEL = crud.getter(MODEL, models)


def get_model(call: Call) -> dict[str, Any]:
    """Return one model, with its aliases when they are asked for."""
    info = GET_MODEL(call)
    if call.flag("include_aliases"):
        body = call.cloud.metastore.body(MODEL, info["full_name"])
        info["aliases"] = models.aliases(info["full_name"], body)
    return info


def list_models(call: Call) -> dict[str, Any]:
    """List the models of a schema, or of the whole metastore, that the caller may see."""
    catalog, schema = call.query.get("catalog_name"), call.query.get("schema_name")
    if catalog and schema:
        return crud.page(call, MODEL, full_name_of(f"{catalog}.{schema}", SCHEMA), models.info)
    if catalog or schema:
        raise invalid("catalog_name and schema_name must be given together")
    metastore, asked = call.cloud.metastore, wanted(call)
    items = listing.everywhere(metastore, caller_of(call), MODEL, asked)
    found, token = listing.cut(items, asked.size)
    described = [
        shown(item, models.info(metastore, item.document.key, item.document.body)) for item in found
    ]
    return answer(MODEL, described, token)


def delete_model(call: Call) -> None:
    """Delete a model and its versions."""
    models.delete(call.cloud.metastore, call.path["name"], caller_of(call))


def set_alias(call: Call) -> dict[str, Any]:
    """Let an alias name a version."""
    return models.set_alias(
        call.cloud.metastore,
        call.path["name"],
        call.path["alias"],
        call.integer("version_num", low=1),
        caller_of(call),
    )


def delete_alias(call: Call) -> None:
    """Forget an alias."""
    path = call.path
    models.delete_alias(call.cloud.metastore, path["name"], path["alias"], caller_of(call))


def _readable(call: Call) -> tuple[str, dict[str, Any]]:
    """Return the name and body of a model whose versions the caller may see."""
    metastore = call.cloud.metastore
    standing = metastore.standing(caller_of(call), MODEL, call.path["name"])
    if not standing.manages():
        standing.require(EXECUTE)
    name = standing.securable.full_name
    return name, metastore.body(MODEL, name)


def _version(call: Call, name: str, model: dict[str, Any], number: int) -> dict[str, Any]:
    metastore = call.cloud.metastore
    stored = versions.body(metastore, name, model["id"], number)
    info = versions.info(metastore, name, stored)
    if call.flag("include_aliases"):
        info["aliases"] = models.aliases(name, model, number)
    return info


def get_version(call: Call) -> dict[str, Any]:
    """Return one version of a model."""
    name, model = _readable(call)
    return _version(call, name, model, whole_number(call.path["version"], "version"))


def get_version_by_alias(call: Call) -> dict[str, Any]:
    """Return the version of a model that an alias names."""
    name, model = _readable(call)
    alias = call.path["alias"]
    number = (model.get(models.ALIASES) or {}).get(alias)
    if number is None:
        raise ApiError(
            "RESOURCE_DOES_NOT_EXIST", f"Alias '{alias}' of model '{name}' does not exist."
        )
    return _version(call, name, model, number)


def list_versions(call: Call) -> dict[str, Any]:
    """List the versions of a model, oldest first."""
    name, model = _readable(call)
    metastore = call.cloud.metastore
    stored = metastore.space.select(versions.VERSION, parent=model["id"])
    page_size(call)
    found = [versions.info(metastore, name, document.body) for document in stored]
    return page(call, "model_versions", found)


def update_version(call: Call) -> dict[str, Any]:
    """Change the comment of a version."""
    number = whole_number(call.path["version"], "version")
    return versions.update(
        call.cloud.metastore, call.path["name"], number, call.body, caller_of(call)
    )


def delete_version(call: Call) -> None:
    """Delete a version of a model."""
    number = whole_number(call.path["version"], "version")
    versions.delete(call.cloud.metastore, call.path["name"], number, caller_of(call))


def create_version(call: Call) -> dict[str, Any]:
    """Make a version as MLflow does: its files are uploaded before it is finalized."""
    fields = {**call.body, "name": call.text("name"), "comment": call.body.get("description")}
    made = versions.create(call.cloud.metastore, fields, caller_of(call))
    return {"model_version": _as_mlflow(call.text("name"), made)}


def finalize_version(call: Call) -> dict[str, Any]:
    """Say that a version is complete."""
    number = call.integer("version", low=1)
    done = versions.finalize(call.cloud.metastore, call.text("name"), number, caller_of(call))
    return {"model_version": _as_mlflow(call.text("name"), done)}


def _as_mlflow(name: str, info: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "version": str(info["version"]),
        "status": info["status"],
        "user_id": info["created_by"],
        "source": info.get("source", ""),
        "run_id": info.get("run_id", ""),
        "description": info.get("comment", ""),
        "storage_location": info["storage_location"],
        "creation_timestamp": info["created_at"],
        "last_updated_timestamp": info["updated_at"],
    }


def _route(method: str, path: str, handler: Any, proof: str, sdk: str | None = None) -> Route:
    return Route(
        method,
        path,
        handler,
        sdk=sdk,
        fidelity=Fidelity.STATE_ONLY,
        proved_by=proof,
        note="no files: nothing can be served" if "mlflow" in path else "",
    )


MODELS = f"{UNITY}/models"
ONE, VERSIONS = f"{MODELS}/{{name}}", f"{MODELS}/{{name}}/versions"
ALIAS, VERSION = f"{ONE}/aliases/{{alias}}", f"{VERSIONS}/{{version}}"
MLFLOW = "/api/2.0/mlflow/unity-catalog/model-versions"
CLI, CLI_VERSIONS = "databricks registered-models", "databricks model-versions"
ROUTES = [
    _route("GET", ONE, get_model, f"{CLI} get"),
    *(
        route
        for route in crud.routes(
            MODEL,
            models,
            "RegisteredModelsAPI",
            ("name", "catalog_name", "schema_name"),
            Fidelity.STATE_ONLY,
            command="registered-models",
        )
        if route.method != "GET"
    ),
    _route("GET", MODELS, list_models, f"{CLI} list"),
    _route("DELETE", ONE, delete_model, f"{CLI} delete"),
    _route("PUT", ALIAS, set_alias, f"{CLI} set-alias", "catalog.RegisteredModelsAPI.set_alias"),
    _route("DELETE", ALIAS, delete_alias, f"{CLI} delete-alias"),
    _route("GET", ALIAS, get_version_by_alias, f"{CLI_VERSIONS} get-by-alias"),
    _route("GET", VERSIONS, list_versions, f"{CLI_VERSIONS} list"),
    _route("GET", VERSION, get_version, f"{CLI_VERSIONS} get"),
    _route(
        "PATCH",
        VERSION,
        update_version,
        f"{CLI_VERSIONS} update",
        "catalog.ModelVersionsAPI.update",
    ),
    _route("DELETE", VERSION, delete_version, f"{CLI_VERSIONS} delete"),
    _route("POST", f"{MLFLOW}/create", create_version, "databricks api post"),
    _route("POST", f"{MLFLOW}/finalize", finalize_version, "databricks api post"),
]
