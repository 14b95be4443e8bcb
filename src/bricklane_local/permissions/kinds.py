"""Kinds of objects that have permissions, one row each.

Source: https://docs.databricks.com/api/workspace/permissions (names of kinds and object types).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bricklane_local.permissions import levels
from bricklane_local.permissions.levels import MANAGE, OWNER, USE

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

__all__ = ["ALIASES", "KINDS", "MANAGE", "OWNER", "ObjectKind"]

EVERYBODY_USES = ({"group_name": "users", "permission_level": USE},)


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind of object with an access control list.

    Args:
        name: as in the path of the API.
        type: as in ``object_type`` of answers.
        levels: level → what it allows, weakest first.
        exists: says whether a workspace has the object with this id.
        folder: path of the folder that holds an object, from which it inherits; "" for none.
        path: path of an object that is itself in the workspace tree; "" for one that is not.
        owned: the object has exactly one owner.
        on_owner: told who owns an object of an owned kind.
        initial: the list of an object that was given none.
    """

    name: str
    type: str
    levels: dict[str, str]
    exists: Callable[[Workspace, str], bool]
    folder: Callable[[Workspace, str], str] = lambda _workspace, _object_id: ""
    path: Callable[[Workspace, str], str] = lambda _workspace, _object_id: ""
    owned: bool = False
    on_owner: Callable[[Workspace, str, str], None] = lambda _workspace, _object_id, _owner: None
    initial: tuple[dict[str, str], ...] = ()


def _stored(document: str) -> Callable[[Workspace, str], bool]:
    return lambda workspace, object_id: workspace.space.get(document, object_id) is not None


def _job_owner(workspace: Workspace, object_id: str, owner: str) -> None:
    workspace.engine.jobs.set_owner(int(object_id), owner)


def _pipeline_owner(workspace: Workspace, object_id: str, owner: str) -> None:
    from bricklane_local.pipelines.pipelines import set_owner

    set_owner(workspace, object_id, owner)


def _tree_object_exists(workspace: Workspace, object_id: str) -> bool:
    return workspace.objects.by_id(object_id) is not None


def _tree_path(workspace: Workspace, object_id: str) -> str:
    found = workspace.objects.by_id(object_id)
    return found.path if found else ""


def _tree_folder(workspace: Workspace, object_id: str) -> str:
    from bricklane_local.workspace.paths import parent_of

    return parent_of(_tree_path(workspace, object_id))


def _folder_of(document: str) -> Callable[[Workspace, str], str]:
    """Return what reads from a resource's document which folder it is in."""

    def folder(workspace: Workspace, object_id: str) -> str:
        body = workspace.space.get(document, object_id) or {}
        return str(body.get("_folder") or "")

    return folder


def _is_tokens(_workspace: Workspace, object_id: str) -> bool:
    return object_id == "tokens"


def _is_database_project(workspace: Workspace, object_id: str) -> bool:
    return workspace.space.get("postgres_project", f"projects/{object_id}") is not None


def _plain(name: str, kind: str, document: str, wanted: dict[str, str]) -> ObjectKind:
    return ObjectKind(name, kind, wanted, _stored(document))


def _filed(name: str, kind: str, document: str, wanted: dict[str, str] = levels.TREE) -> ObjectKind:
    return ObjectKind(name, kind, wanted, _stored(document), _folder_of(document))


def _in_tree(name: str, kind: str) -> ObjectKind:
    return ObjectKind(name, kind, levels.TREE, _tree_object_exists, _tree_folder, path=_tree_path)


KINDS = {
    kind.name: kind
    for kind in (
        ObjectKind("jobs", "job", levels.JOB, _stored("job"), owned=True, on_owner=_job_owner),
        ObjectKind(
            "pipelines",
            "pipelines",
            levels.PIPELINE,
            _stored("pipeline"),
            owned=True,
            on_owner=_pipeline_owner,
        ),
        _in_tree("directories", "directory"),
        _in_tree("notebooks", "notebook"),
        _in_tree("files", "file"),
        _in_tree("repos", "repo"),
        _filed("experiments", "mlflowExperiment", "experiment", levels.EXPERIMENT),
        _plain(
            "registered-models", "registered-model", "registered_model", levels.REGISTERED_MODEL
        ),
        _plain(
            "serving-endpoints", "serving-endpoint", "serving_endpoint", levels.SERVING_ENDPOINT
        ),
        _plain(
            "vector-search-endpoints",
            "vector-search-endpoints",
            "vector_search_endpoint",
            levels.USED,
        ),
        _plain("apps", "apps", "app", levels.USED),
        _plain("database-instances", "database-instances", "database_instance", levels.USED),
        ObjectKind("database-projects", "database-projects", levels.USED, _is_database_project),
        _filed("dashboards", "dashboard", "dashboard"),
        _filed("genie", "genie", "genie_space"),
        _filed("sql/queries", "query", "query"),
        _filed("sql/alerts", "alert", "alert"),
        _filed("alertsv2", "alertv2", "alert_v2"),
        _plain("cluster-policies", "cluster-policy", "cluster_policy", levels.CLUSTER_POLICY),
        ObjectKind("authorization", "tokens", levels.TOKENS, _is_tokens, initial=EVERYBODY_USES),
        ObjectKind(
            "sql/warehouses", "warehouses", levels.WAREHOUSE, _stored("sql_warehouse"), owned=True
        ),
        _plain("clusters", "cluster", "cluster", levels.CLUSTER),
        _plain("instance-pools", "instance-pool", "instance_pool", levels.INSTANCE_POOL),
    )
}
# Names under which the API also takes a kind.
ALIASES = {
    "warehouses": "sql/warehouses",
    "queries": "sql/queries",
    "alerts": "sql/alerts",
}
