"""Where the data of tables and volumes lies on this machine.

Folders of this machine are named as they are. A URL of a cloud's object store stands for a folder
of the cloud's own state, so that a project with external locations can be rehearsed: nothing is
ever sent to the store itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bricklane_local.app.errors import invalid
from bricklane_local.paths import StatePaths

STORES = ("s3", "s3a", "abfss", "gs", "r2", "wasbs")


class Locations:
    """Turns the API's locations into folders.

    Args:
        paths: of the cloud's state.
    """

    def __init__(self, paths: StatePaths) -> None:
        self._paths = paths

    def table_folder(self, table_id: str) -> Path:
        """Return the folder of a managed table."""
        return self._paths.tables / table_id

    def model_folder(self, model_id: str) -> Path:
        """Return where the versions of a registered model would lie; nothing is written there."""
        return self._paths.metastore / "models" / model_id

    def volume_folder(self, full_name: str) -> Path:
        """Return where ``/Volumes`` shows a volume."""
        return self._paths.volumes.joinpath(*full_name.split("."))

    def container_folder(self, full_name: str) -> Path:
        """Return the folder below ``/Volumes`` of a catalog or schema."""
        return self._paths.volumes.joinpath(*full_name.split("."))

    def folder(self, location: str) -> Path:
        """Return the folder behind a location.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE when it is no absolute path and no known URL.
        """
        url = urlsplit(location)
        # A URL's path is percent-encoded, a bare path is not.
        path = location if not url.scheme else unquote(url.path)
        if ".." in path.split("/"):
            raise invalid(f"The location {location!r} must not contain '..'")
        if url.scheme in ("", "file") and path.startswith("/") and not url.netloc:
            return self._mapped(path)
        if url.scheme in STORES and url.netloc:
            bucket = re.sub(r"[^A-Za-z0-9._@-]", "_", url.netloc)
            return self._paths.external / url.scheme / bucket / path.lstrip("/")
        if url.scheme == "dbfs":
            workspace = url.netloc or "dev"
            return self._paths.dbfs(workspace) / path.lstrip("/")
        stores = ", ".join(f"{store}://" for store in STORES)
        raise invalid(
            f"The location {location!r} is not supported here: "
            f"use an absolute path of this machine or a URL of an object store ({stores})"
        )

    def _mapped(self, path: str) -> Path:
        if path.startswith("/Volumes/"):
            return self._paths.volumes / path.removeprefix("/Volumes/")
        return Path(path)
