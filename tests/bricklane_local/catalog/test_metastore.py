"""The metastore across restarts and sudden deaths."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING

import psutil
from databricks.sdk.service.catalog import VolumeType

if TYPE_CHECKING:
    from conftest import Server


def test_what_was_acknowledged_survives_a_kill(fresh: Server) -> None:
    client = fresh.up().client()
    client.schemas.create("kept", "dev", comment="c")
    client.volumes.create("dev", "kept", "v", VolumeType.MANAGED)
    client.files.upload("/Volumes/dev/kept/v/f", BytesIO(b"kept"))
    metastore = client.metastores.current().metastore_id
    waiting = fresh.state / "metastore/uploads/half"
    waiting.write_text("of an upload that nobody finished")
    process = psutil.Process(json.loads((fresh.state / "server.json").read_text())["pid"])
    process.kill()
    process.wait(10)
    client = fresh.up().client()
    assert client.schemas.get("dev.kept").comment == "c"
    download = client.files.download("/Volumes/dev/kept/v/f").contents
    assert download is not None
    assert download.read() == b"kept"
    assert client.metastores.current().metastore_id == metastore
    assert not waiting.exists()
