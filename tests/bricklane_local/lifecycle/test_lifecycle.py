from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
from typing import TYPE_CHECKING

import psutil
from databricks.sdk.service.workspace import ImportFormat

from bricklane_local.lifecycle import wait_for_ends

if TYPE_CHECKING:
    from conftest import Server


def pid_of(server: Server) -> int:
    return int(json.loads((server.state / "server.json").read_text())["pid"])


def test_up_is_idempotent_and_says_how_to_point_a_client_at_it(fresh: Server) -> None:
    first = fresh.local("up", "--port", "0").stdout
    second = fresh.local("up").stdout
    assert "local cloud started" in first
    assert "already running" in second
    assert f"export DATABRICKS_CONFIG_FILE={fresh.state}/config" in first
    assert "export DATABRICKS_CONFIG_PROFILE=dev" in first
    assert fresh.client().current_user.me().user_name == "developer@bricklane.local"


def test_down_leaves_no_process_and_keeps_the_state(fresh: Server) -> None:
    fresh.up()
    fresh.client().workspace.mkdirs("/Shared/kept")
    server = psutil.Process(pid_of(fresh))
    fresh.local("down")
    assert wait_for_ends([server], 0) == []
    assert fresh.local("status", check=False).returncode == 3
    token = fresh.profile["token"]
    fresh.up()
    assert fresh.profile["token"] == token
    assert fresh.client().workspace.get_status("/Shared/kept").object_id


def test_what_was_acknowledged_survives_a_kill(fresh: Server) -> None:
    fresh.up()
    client = fresh.client()
    for number in range(20):
        path = f"/Shared/{number}.txt"
        client.workspace.upload(path, str(number).encode() * 50_000, format=ImportFormat.RAW)  # type: ignore[arg-type]
    os.kill(pid_of(fresh), signal.SIGKILL)
    # server.json is stale now; its lock is free, so the next start does not believe it.
    fresh.up()
    client = fresh.client()
    for number in range(20):
        with client.workspace.download(f"/Shared/{number}.txt") as stream:
            assert stream.read() == str(number).encode() * 50_000


def test_a_taken_port_is_named_with_the_way_out(fresh: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        failed = fresh.local("up", "--port", port, check=False)
    assert failed.returncode == 6
    assert f"port {port} for workspace dev cannot be used: Address already in use" in failed.stderr
    assert "bricklane local up --port NUMBER" in failed.stderr


def test_state_of_a_newer_version_is_refused_until_reset(fresh: Server) -> None:
    fresh.up()
    fresh.local("down")
    with sqlite3.connect(fresh.state / "cloud.sqlite") as connection:
        connection.execute("PRAGMA user_version=999")
    connection.close()
    failed = fresh.local("up", "--port", "0", check=False)
    assert failed.returncode == 6
    assert "was written by a newer bricklane (schema 999" in failed.stderr
    assert "bricklane local reset" in failed.stderr
    fresh.local("reset", "--yes")
    fresh.up()


def test_reset_of_a_running_cloud_starts_it_empty(fresh: Server) -> None:
    fresh.up()
    fresh.client().workspace.mkdirs("/Shared/old")
    shown = fresh.local("reset", "--yes", "--port", "0").stdout
    assert "deleted" in shown
    assert "local cloud started" in shown
    assert [item.path for item in fresh.client().workspace.list("/Shared")] == []


def test_reset_deletes_nothing_that_is_no_cloud(fresh: Server) -> None:
    fresh.state.mkdir()
    (fresh.state / "thesis.doc").write_text("precious")
    failed = fresh.local("reset", "--yes", check=False)
    assert failed.returncode == 6
    assert "is not the state of a local cloud" in failed.stderr
    assert (fresh.state / "thesis.doc").read_text() == "precious"


def test_files_with_tokens_are_for_their_owner_only(fresh: Server) -> None:
    fresh.up()
    assert stat.S_IMODE((fresh.state / "config").stat().st_mode) == 0o600
    assert stat.S_IMODE(fresh.state.stat().st_mode) == 0o700
    stored = (fresh.state / "cloud.sqlite").read_bytes()
    assert fresh.profile["token"].encode() not in stored


def test_status_as_json_is_for_programs(fresh: Server) -> None:
    assert json.loads(fresh.local("status", "--json", check=False).stdout)["running"] is False
    fresh.up()
    shown = json.loads(fresh.local("status", "--json").stdout)
    assert list(shown["hosts"])[:3] == ["dev", "staging", "prod"]
    assert shown["hosts"]["dev"] == fresh.host
    assert len(set(shown["hosts"].values())) == len(shown["hosts"])
    assert shown["pid"] == pid_of(fresh)


def test_a_state_folder_that_cannot_be_made_is_named(fresh: Server) -> None:
    fresh.state.write_text("a file")
    failed = fresh.local("up", "--port", "0", check=False)
    assert failed.returncode == 6
    assert f"the state folder {fresh.state} cannot be made: File exists" in failed.stderr


def test_free_ports_are_those_of_last_time_while_they_are_free(fresh: Server) -> None:
    fresh.up()
    first = json.loads((fresh.state / "server.json").read_text())["hosts"]
    fresh.local("down")
    fresh.up()
    assert json.loads((fresh.state / "server.json").read_text())["hosts"] == first
    fresh.local("down")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(first["staging"].rpartition(":")[2])))
        taken.listen()
        fresh.up()
    again = json.loads((fresh.state / "server.json").read_text())["hosts"]
    assert again["staging"] != first["staging"]
    assert {**again, "staging": ""} == {**first, "staging": ""}


def test_what_has_ended_is_not_waited_for_until_its_parent_asks() -> None:
    with subprocess.Popen(["true"]) as ended, subprocess.Popen(["sleep", "60"]) as running:
        processes = [psutil.Process(each.pid) for each in (ended, running)]
        assert [each.pid for each in wait_for_ends(processes, 1)] == [running.pid]
        # Nobody has asked: it is still there.
        assert processes[0].status() == psutil.STATUS_ZOMBIE
        running.kill()
        assert wait_for_ends(processes, 60) == []
