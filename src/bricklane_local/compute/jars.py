"""Files that programs of the Java virtual machine are started with: jars and the like.

Source: https://docs.databricks.com/api/workspace/jobs/create (``libraries``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.catalog.kinds import VOLUME
from bricklane_local.catalog.privileges import READ_VOLUME
from bricklane_local.compute.libraries import JAR, MAVEN
from bricklane_local.compute.sources import SourceError, check_source, local_file

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.pool import ComputePool
    from bricklane_local.identity.principals import Principal

_VOLUMES = "/Volumes/"


async def jars_for(
    workspace: Workspace, pool: ComputePool, libraries: list[dict[str, Any]], principal: Principal
) -> list[Path]:
    """Return the files of libraries for the Java virtual machine, each once.

    Args:
        workspace: where jars are that are files.
        pool: has those with Maven coordinates.
        libraries: as tasks and clusters write them.
        principal: who must be able to read the files.

    Raises:
        SourceError: when a file is not there, is in cloud storage, or may not be read.
        ApiError: PERMISSION_DENIED without READ VOLUME.
        EnvironmentFailure: when coordinates cannot be had.
    """
    from bricklane_local.compute.maven import MavenLibrary

    files = [
        program_file(workspace, str(item[JAR]), principal) for item in libraries if item.get(JAR)
    ]
    coordinates = [MavenLibrary.of(item[MAVEN]) for item in libraries if item.get(MAVEN)]
    fetched = await pool.libraries(coordinates) if coordinates else []
    return list(dict.fromkeys([*files, *fetched]))


def program_file(workspace: Workspace, path: str, principal: Principal) -> Path:
    """Return the file at a path of the workspace, a volume or DBFS, for the principal of a run.

    Raises:
        SourceError: when it is not there, is in cloud storage, or may not be read.
        ApiError: PERMISSION_DENIED without READ VOLUME.
    """
    bare = path.removeprefix("file:").removeprefix("dbfs:")
    if bare.startswith(_VOLUMES):
        full_name = ".".join(bare.removeprefix(_VOLUMES).split("/")[:3]).lower()
        metastore = workspace.cloud.metastore
        caller = metastore.principals.caller(principal, workspace.id)
        metastore.standing(caller, VOLUME, full_name).require(READ_VOLUME)
    else:
        check_source(workspace, None if path.startswith("dbfs:") else bare, principal)
    return present_file(workspace, path)


def present_file(workspace: Workspace, path: str) -> Path:
    """Return the file at a path of the workspace, a volume or DBFS.

    Raises:
        SourceError: when it is not there, or in cloud storage.
    """
    file = local_file(workspace, path)
    if file is None or not file.is_file():
        raise SourceError(f"Unable to access the file {path!r}: it does not exist")
    return file
