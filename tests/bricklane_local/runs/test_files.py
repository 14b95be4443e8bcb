"""What tasks write under ``/Workspace`` is in the workspace, as on the real platform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import NotFound

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real

WRITE = """
from pathlib import Path
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.workspace import ImportFormat

base = Path("/Workspace/Shared/written by a run")
base.mkdir(exist_ok=True)
(base / "python.txt").write_text("by Python")
client = WorkspaceClient()
seen = [item.path for item in client.workspace.list(str(base))]
client.workspace.upload(f"{base}/client.txt", b"by the API", format=ImportFormat.AUTO)
read = (base / "client.txt").read_text()
(base / "client.txt").unlink()
"""
SHELL = "%sh\ncd '/Workspace/Shared/written by a run' && mkdir -p deep/er && echo shell > deep/er/x"
LEAVE = "import json\ndbutils.notebook.exit(json.dumps([seen, read]))"


def test_files_of_a_task_enter_the_workspace(bench: Workbench) -> None:
    run = bench.run(bench.task(WRITE, SHELL, LEAVE))
    folder = "/Shared/written by a run"
    result = json.loads(bench.output(run)["notebook_output"]["result"])
    assert result == [[f"{folder}/python.txt"], "by the API"]
    tree = bench.client.workspace
    found = {item.path for item in tree.list(folder, recursive=True)}
    assert found == {f"{folder}/python.txt", f"{folder}/deep/er/x"}
    assert tree.download(f"{folder}/python.txt").read() == b"by Python"
    assert tree.download(f"{folder}/deep/er/x").read() == b"shell\n"
    with pytest.raises(NotFound):
        tree.get_status(f"{folder}/client.txt")
