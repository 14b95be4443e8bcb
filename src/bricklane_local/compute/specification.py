"""What every worker is told, whatever it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.spark.endpoint import SparkEndpoint

TOKEN_SETTING = "spark.bricklane.token"  # noqa: S105  # a name, not a token


def roots(workspace: Workspace) -> dict[str, Path]:
    """Return the path prefixes that mean the same in every run, with their folders."""
    paths, name = workspace.cloud.paths, workspace.name
    return {
        "/Workspace": paths.view(name),
        "/Volumes": paths.volumes,
        "/dbfs": paths.dbfs(name),
    }


def common(
    workspace: Workspace, folder: Path, token: str, user: str, spark: SparkEndpoint | None
) -> dict[str, Any]:
    """Return the parts of a specification that say where a worker is and as whom.

    Args:
        workspace: that it works for.
        folder: for its outputs.
        token: by which it calls the workspace.
        user: name of the principal that the token stands for.
        spark: where Spark is; None for a worker that uses none.
    """
    from bricklane_local.catalog.metastores.assignments import Assignments

    return {
        "run_directory": str(folder),
        "host": workspace.host,
        "token": token,
        "workspace": workspace.name,
        "workspace_id": str(workspace.id),
        "user": user,
        "spark": {
            "remote": spark.remote if spark else "",
            "token": spark.token if spark else "",
            "conf": catalog_settings(workspace),
            "host": workspace.spark_host,
        },
        "catalog": Assignments(workspace.cloud.metastore).default_catalog(workspace.id),
        "schema": "default",
        "roots": {prefix: str(root) for prefix, root in roots(workspace).items()},
        "memory_megabytes": workspace.cloud.compute_settings.run_memory_megabytes,
        "guard_volumes": True,
    }


def workspace_settings(workspace: Workspace) -> dict[str, str]:
    """Return the settings of a session of a workspace, all but the token that says whose it is."""
    from bricklane_local.catalog.metastores.assignments import Assignments

    catalog = Assignments(workspace.cloud.metastore).default_catalog(workspace.id)
    return {
        **catalog_settings(workspace),
        "spark.bricklane.host": workspace.spark_host,
        "spark.bricklane.workspace": workspace.name,
        **({"spark.sql.defaultCatalog": catalog} if catalog else {}),
    }


def catalog_settings(workspace: Workspace) -> dict[str, str]:
    """Return the settings that make today's catalogs known from a session's first word.

    Those made later are known when SQL names them; ``setCurrentCatalog`` asks no parser.
    """
    from bricklane_local.catalog.kinds import CATALOG
    from bricklane_local.catalog.securables import described
    from bricklane_local.compute.spark.settings import CATALOG_CLASS

    catalogs = workspace.cloud.metastore.children(CATALOG)
    return {
        f"spark.sql.catalog.{document.key}": CATALOG_CLASS
        for document in catalogs
        if described(CATALOG, document.key, document.body).is_bound_to(workspace.id)
    }
