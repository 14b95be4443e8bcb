"""Files of volumes in Python ask for the privileges that Spark and SQL ask for."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
TRY = """
import json, os, shutil, subprocess, time
from pathlib import Path
import pandas as pd
import pyarrow.parquet as pq

at = Path("/Volumes/dev/guarded/files")
results = {}

def note(name, act):
    try:
        results[name] = str(act())
    except OSError as error:
        results[name] = f"{type(error).__name__}: {error}"
"""
READS = """
note("open", lambda: open(at / "a.txt").read())
note("pathlib", lambda: (at / "a.txt").read_text())
note("listdir", lambda: sorted(os.listdir(at)))
note("scandir", lambda: sorted(entry.name for entry in os.scandir(at)))
note("exists", lambda: os.path.exists(at / "a.txt"))
note("access", lambda: os.access(at / "a.txt", os.R_OK))
note("pandas", lambda: pd.read_csv(at / "a.txt", header=None).shape)
note("parquet", lambda: pq.read_table(str(at / "t.parquet")).num_rows)
note("shell", lambda: subprocess.check_output(f"cat {at}/a.txt", shell=True, text=True))
"""
WRITES = """
note("write", lambda: (at / "b.txt").write_text("b"))
note("append", lambda: open(at / "a.txt", "a").close())
note("mkdir", lambda: (at / "folder").mkdir(exist_ok=True))
note("rename", lambda: os.rename(at / "a.txt", at / "c.txt"))
note("remove", lambda: os.remove(at / "a.txt"))
note("to_parquet", lambda: pd.DataFrame({"a": [1]}).to_parquet(at / "u.parquet"))
note("copy", lambda: shutil.copy(at / "a.txt", at / "d.txt"))
"""
LEAVE = "dbutils.notebook.exit(json.dumps(results))"
PATH = "/Volumes/dev/guarded/files"


@pytest.fixture(scope="module")
def reader(bench: Workbench) -> str:
    """A service principal without any privilege on a volume with two files."""
    client = bench.client
    client.schemas.create("guarded", "dev")
    client.volumes.create("dev", "guarded", "files", VolumeType.MANAGED)
    client.files.upload(f"{PATH}/a.txt", io.BytesIO(b"1,2\n"))
    made = bench.result(
        TRY,
        'pq.write_table(__import__("pyarrow").table({"a": [1, 2]}), str(at / "t.parquet"))',
        'dbutils.notebook.exit("made")',
    )
    assert made == "made"
    return str(client.service_principals.create(display_name="reader of files").application_id)


def grant(bench: Workbench, kind: str, name: str, principal: str, *privileges: Privilege) -> None:
    change = PermissionsChange(principal=principal, add=list(privileges))
    bench.client.grants.update(kind, name, changes=[change])


def tried(bench: Workbench, principal: str, *cells: str) -> dict[str, str]:
    run = bench.run(bench.task(TRY, *cells, LEAVE), run_as={"service_principal_name": principal})
    output = bench.output(run)
    assert run["state"]["result_state"] == "SUCCESS", output
    found: dict[str, str] = json.loads(output["notebook_output"]["result"])
    return found


def test_files_of_a_volume_need_their_privileges(bench: Workbench, reader: str) -> None:
    denied = tried(bench, reader, READS)
    missing = "PermissionError: [Errno 13] User does not have USE SCHEMA on Schema 'dev.guarded'"
    assert denied.pop("exists") == denied.pop("access") == "False"
    assert {name: text.partition(": '")[0] for name, text in denied.items()} == dict.fromkeys(
        denied, missing
    )
    assert denied["open"].endswith(f": '{PATH}/a.txt'")

    grant(bench, "schema", "dev.guarded", reader, Privilege.USE_SCHEMA)
    assert "READ VOLUME on Volume 'dev.guarded.files'" in tried(bench, reader, READS)["open"]

    grant(bench, "volume", "dev.guarded.files", reader, Privilege.READ_VOLUME)
    assert tried(bench, reader, READS) == {
        "open": "1,2\n",
        "pathlib": "1,2\n",
        "listdir": "['a.txt', 't.parquet']",
        "scandir": "['a.txt', 't.parquet']",
        "exists": "True",
        "access": "True",
        "pandas": "(1, 2)",
        "parquet": "2",
        "shell": "1,2\n",
    }
    refused = tried(bench, reader, WRITES, 'os.chdir(at); note("beside", lambda: open("e", "w"))')
    missing = (
        "PermissionError: [Errno 13] User does not have WRITE VOLUME on Volume 'dev.guarded.files'"
    )
    assert {name: text.partition(": '")[0] for name, text in refused.items()} == dict.fromkeys(
        refused, missing
    )
    assert len(refused) == 8

    grant(bench, "volume", "dev.guarded.files", reader, Privilege.WRITE_VOLUME)
    written = tried(
        bench,
        reader,
        WRITES.replace('os.rename(at / "a.txt"', 'os.rename(at / "b.txt"').replace(
            'os.remove(at / "a.txt")', 'os.remove(at / "c.txt")'
        ),
        'note("above", lambda: Path("/Volumes/dev/guarded/other").mkdir())',
        'note("nowhere", lambda: Path("/Volumes/dev/guarded/other/x").mkdir())',
    )
    assert [name for name, text in written.items() if "Error" in text] == ["above", "nowhere"]
    assert written["nowhere"].startswith("FileNotFoundError: [Errno 2] Volume 'dev.guarded.other'")


def test_a_grant_that_is_taken_back_counts_in_a_running_run(bench: Workbench, reader: str) -> None:
    grant(bench, "schema", "dev.guarded", reader, Privilege.USE_SCHEMA)
    grant(bench, "volume", "dev.guarded.files", reader, Privilege.READ_VOLUME)
    job = bench.create(
        bench.task(
            TRY,
            'first = (at / "a.txt").read_text()',
            "deadline = time.monotonic() + 60\n"
            "while time.monotonic() < deadline:\n"
            "    try:\n"
            '        (at / "a.txt").read_text()\n'
            "    except PermissionError as error:\n"
            "        dbutils.notebook.exit(str(error))\n"
            "    time.sleep(0.2)",
        ),
        run_as={"service_principal_name": reader},
    )
    run = bench.start(job)
    bench.until(run, lambda state: state["status"]["state"] == "RUNNING")
    change = PermissionsChange(principal=reader, remove=[Privilege.USE_SCHEMA])
    bench.client.grants.update("schema", "dev.guarded", changes=[change])
    output = bench.output(bench.finish(run))
    assert "USE SCHEMA" in str(output.get("notebook_output") or output), output
