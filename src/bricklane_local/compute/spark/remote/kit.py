"""What an operator starts a Spark with so that it serves a local cloud: jars and settings."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.compute.choices import Choices
from bricklane_local.compute.spark.launching import write_private
from bricklane_local.compute.spark.plugin_jar import ensure_plugin, sources_digest
from bricklane_local.compute.spark.remote.checking import PLUGIN, RECORD
from bricklane_local.compute.spark.settings import DATABRICKS, properties_file

if TYPE_CHECKING:
    from bricklane_local.compute.spark.installation import SparkInstallation
    from bricklane_local.paths import StatePaths

MAIN = "org.apache.spark.sql.connect.service.SparkConnectServer"
# Names the file with the token, which is no setting: every session can read those.
ENTRANCE = "spark.bricklane.entrance"


@dataclass(frozen=True, slots=True)
class Kit:
    """The files for the operator of a remote Spark.

    Args:
        folder: has them all.
    """

    folder: Path

    @property
    def jars(self) -> Path:
        """The plugin, Delta Lake and what that needs; nothing that Spark has itself."""
        return self.folder / "jars"

    @property
    def settings(self) -> Path:
        """A file of properties for ``spark-submit --properties-file`` (0600)."""
        return self.folder / "spark-defaults.conf"

    @property
    def token(self) -> Path:
        """The token by which the remote lets the cloud in (0600)."""
        return self.folder / "token"


async def write_kit(installation: SparkInstallation, paths: StatePaths, folder: Path) -> Kit:
    """Write the files for the operator of a remote Spark; again, they have the same token.

    Args:
        installation: the Spark to compile the plugin against, and where Delta Lake is.
        paths: of the cloud that the remote will serve.
        folder: where to; made when absent. The remote must have it at the same path.

    Raises:
        SparkError: when the plugin does not compile.
    """
    kit = Kit(folder)
    plugin = await ensure_plugin(installation, installation.directory / "plugin")
    paths.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    kit.jars.mkdir(parents=True, exist_ok=True)
    wanted = {jar.name: jar for jar in (plugin, *installation.added_jars)}
    for jar in kit.jars.glob("*.jar"):
        if jar.name not in wanted:
            jar.unlink()
    for name, jar in wanted.items():
        # A Spark that runs has the old file open, which a rename leaves to it.
        draft = kit.jars / f".{name}"
        shutil.copyfile(jar, draft)
        draft.replace(kit.jars / name)
    write_private(kit.token, _token(paths))
    write_private(kit.settings, properties_file(settings(paths, kit)))
    return kit


def settings(paths: StatePaths, kit: Kit) -> dict[str, str]:
    """Return the settings of a remote Spark: those of the cloud's own that are not about size.

    Args:
        paths: of the cloud.
        kit: that they are part of.
    """
    classes = f"{kit.jars}/*"
    return {
        **DATABRICKS,
        "spark.driver.extraClassPath": classes,
        "spark.executor.extraClassPath": classes,
        # The parser recurses with the depth of an expression.
        "spark.driver.extraJavaOptions": "-Xss4m",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.sql.artifact.isolation.enabled": "true",
        "spark.sql.warehouse.dir": (paths.spark_remote / "warehouse").as_uri(),
        "spark.hadoop.bricklane.volumes": str(paths.volumes),
        "spark.hadoop.bricklane.workspaces": str(paths.files_of_workspaces),
        RECORD: str(paths.spark_remote_record),
        PLUGIN: sources_digest(),
        ENTRANCE: str(kit.token),
    }


def _token(paths: StatePaths) -> str:
    if known := Choices.read(paths.choices).spark_token:
        return known
    file = paths.spark_token
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("ascii")
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(32))
    return file.read_text("ascii")
