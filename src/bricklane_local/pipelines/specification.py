"""What the worker of an update is told: whom it acts as, what it runs, what it refreshes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import Principal
from bricklane_local.pipelines.pipelines import log_table, run_as, schema_of
from bricklane_local.resources.kind import Body
from bricklane_local.workspace.paths import normal

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

SELECTIONS = ("refresh_selection", "full_refresh_selection", "reset_checkpoint_selection")


def acting(workspace: Workspace, pipeline: Body) -> Principal:
    """Return whom the updates of a pipeline act as.

    Raises:
        ApiError: PERMISSION_DENIED when there is no such principal any more.
    """
    name = run_as(pipeline)
    found = workspace.cloud.directory.find(workspace.name, name)
    if found is None or not found.active:
        state = "is not in the workspace any more" if found is None else "is inactive"
        raise ApiError(
            "PERMISSION_DENIED",
            f"The pipeline cannot run as {name}, which {state}: set run_as of the pipeline, or "
            "its owner, to another principal",
        )
    return found


def sources_of(
    workspace: Workspace, pipeline: Body, principal: Principal, folder: Path
) -> list[dict[str, str]]:
    """Return the sources of a pipeline; of a single table, the statement that defines it.

    Args:
        workspace: of the pipeline.
        pipeline: as it is stored.
        principal: who must be able to read them.
        folder: gets what has no file of its own.

    Raises:
        SourceError: one does not exist, is no source, or may not be read.
    """
    from bricklane_local.pipelines.single import MAKES, STATEMENT
    from bricklane_local.pipelines.sources import Sources

    if STATEMENT not in pipeline:
        return Sources(workspace, principal, folder).of(pipeline.get("libraries") or [])
    file = folder / "statement.sql"
    file.write_text(pipeline[STATEMENT], "utf-8")
    return [{"kind": "sql", "path": pipeline[MAKES], "file": str(file), "folder": str(folder)}]


def specified(
    workspace: Workspace,
    pipeline: Body,
    update: Body,
    sources: list[dict[str, str]],
    storage: Path,
) -> Body:
    """Return the parts of a specification that say what an update does.

    Args:
        workspace: of the pipeline.
        pipeline: as it is stored.
        update: likewise.
        sources: as :func:`sources_of` returns them.
        storage: folder of what the pipeline keeps beside its tables.
    """
    number = update["update_id"]
    root = str(pipeline.get("root_path") or "")
    parameters = {**(pipeline.get("parameters") or {}), **(update.get("parameters") or {})}
    return {
        "kind": "pipeline",
        "catalog": pipeline["catalog"],
        "schema": schema_of(pipeline),
        "context": {"pipeline_id": pipeline["pipeline_id"], "update_id": number},
        "pipeline": {
            "pipeline_id": pipeline["pipeline_id"],
            "update_id": number,
            "storage": str(storage),
            "sources": sources,
            "configuration": pipeline.get("configuration") or {},
            "parameters": parameters,
            "root_folder": str(workspace.view.path(normal(root))) if root else "",
            "log_table": log_table(pipeline),
            "continuous": bool(pipeline.get("continuous")),
            "validate_only": update["validate_only"],
            "full_refresh": update["full_refresh"],
            **{name: update.get(name) or [] for name in SELECTIONS},
        },
    }
