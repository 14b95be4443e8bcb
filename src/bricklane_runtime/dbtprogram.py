"""dbt as a program of a run: its connections to the run's workspace go over plain HTTP.

The connector says ``https://`` to whatever a profile names as host; the workspace of a run is on
this machine. Only the connections to that one are changed. This file is started by its path, in
the task's environment, and imports nothing of the runtime.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any
from urllib.parse import urlsplit


def local_connect(connect: Any, host: str) -> Any:
    """Return what connects as ``connect`` does, but to the workspace of the run over HTTP.

    Args:
        connect: of ``databricks.sql``.
        host: URL of the workspace.
    """
    place = urlsplit(host).netloc

    def connected(*arguments: Any, **settings: Any) -> Any:
        named = str(settings.get("server_hostname") or "")
        if named.rpartition("//")[2].rstrip("/") == place:
            path = "/" + str(settings.get("http_path") or "").lstrip("/")
            settings = {
                "enable_telemetry": False,
                "_connection_uri": host + path,
                **settings,
                "server_hostname": host,
            }
        return connect(*arguments, **settings)

    return connected


def main(arguments: list[str]) -> int:
    """Run one dbt command and return its exit code: 0, 1 for failures, 2 for what cannot run."""
    connector: Any = importlib.import_module("databricks.sql")
    runner: Any = importlib.import_module("dbt.cli.main")
    connector.connect = local_connect(connector.connect, os.environ["DATABRICKS_HOST"])
    result = runner.dbtRunner().invoke(arguments)
    if result.success:
        return 0
    if result.exception is not None:
        print(f"dbt: {result.exception}", file=sys.stderr)  # noqa: T201 - where dbt prints it
        return 2
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
