"""One bundle for several targets, and what a trigger starts once its job is deployed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Bundle

pytestmark = pytest.mark.real
SECONDS = 120


@contextmanager
def deployed(bundle: Bundle, *options: str) -> Iterator[None]:
    """Deploy a bundle with options that each command takes; destroy it in the end."""
    bundle.run("deploy", *options).expect()
    try:
        assert "0 to add, 0 to change, 0 to delete" in bundle.run("plan", *options).expect().stdout
        yield
    finally:
        bundle.run("destroy", "--auto-approve", *options).expect()


@pytest.mark.parametrize("mortal_bundle", ["targets"], indirect=True)
def test_a_target_overrides_what_all_have(mortal_bundle: Bundle, tmp_path: Path) -> None:
    bundle, client = mortal_bundle, mortal_bundle.cloud.client
    options = ("-t", "prod", "--var", "table=silver")
    with deployed(bundle, *options):
        jobs = bundle.read("summary", *options)["resources"]["jobs"]
        settings = client.jobs.get(int(jobs["ingest"]["id"])).as_dict()["settings"]
        assert settings["name"] == "targets"
        assert settings["schedule"] == {
            "quartz_cron_expression": "0 0 4 * * ?",
            "timezone_id": "UTC",
            "pause_status": "UNPAUSED",
        }
        (cluster,) = settings["job_clusters"]
        policies = {policy.name: policy.policy_id for policy in client.cluster_policies.list()}
        assert cluster["new_cluster"] == {
            "spark_version": "16.4.x-scala2.12",
            "node_type_id": "i3.2xlarge",
            "policy_id": policies["Job Compute"],
            "autoscale": {"min_workers": 2, "max_workers": 4},
            "spark_conf": {"spark.sql.shuffle.partitions": "64"},
        }
        tasks = {task["task_key"]: task for task in settings["tasks"]}
        assert sorted(tasks) == ["announce", "load"]
        assert tasks["load"]["max_retries"] == 3
        given = tasks["load"]["notebook_task"]["base_parameters"]
        assert given == {"table": "silver", "limit": "all"}
        entries = client.permissions.get("jobs", str(jobs["ingest"]["id"])).access_control_list
        levels = {
            (entry.group_name, permission.permission_level.value)
            for entry in entries or []
            for permission in entry.all_permissions or []
            if permission.permission_level
        }
        assert ("users", "CAN_VIEW") in levels
        assert opened(bundle, tmp_path, "ingest", *options) == jobs["ingest"]["url"]


def opened(bundle: Bundle, folder: Path, key: str, *options: str) -> str:
    """Return the address that ``bundle open`` shows in a browser."""
    browser, seen = folder / "browser", folder / "seen"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{seen}"\n', "utf-8")
    browser.chmod(0o755)
    bundle.cloud.environment["BROWSER"] = str(browser)
    bundle.run("open", key, *options).expect()
    return seen.read_text("utf-8")


@pytest.mark.parametrize("bundle", ["arrivals"], indirect=True)
def test_a_file_that_arrives_is_taken_in(bundle: Bundle, tmp_path: Path) -> None:
    client = bundle.cloud.client
    file = tmp_path / "orders.csv"
    file.write_text("id\n1\n2\n", "utf-8")
    with deployed(bundle):
        secret = ("secrets", "put-secret", "arrivals_partners", "key")
        bundle.cloud.run(tmp_path, *secret, text="abc").expect()
        volume = "dbfs:/Volumes/dev/arrivals/inbox/"
        bundle.cloud.run(tmp_path, "fs", "cp", str(file), volume).expect()
        jobs = bundle.read("summary")["resources"]["jobs"]
        job_id, deadline = int(jobs["take_in_one"]["id"]), time.monotonic() + SECONDS
        while not (runs := list(client.jobs.list_runs(job_id=job_id, completed_only=True))):
            assert time.monotonic() < deadline, "no file has been taken in"
            time.sleep(0.5)
        (run,) = runs
        (task,) = client.jobs.get_run(run.run_id or 0).tasks or []
        output = client.jobs.get_run_output(task.run_id or 0).notebook_output
        assert output
        assert output.result == "2 rows for a key of 3 characters, [REDACTED]"
        (starter,) = client.jobs.list_runs(job_id=int(jobs["take_in"]["id"]))
        ended = client.jobs.wait_get_run_job_terminated_or_skipped(starter.run_id or 0)
        assert ended.trigger
        assert ended.trigger.value == "FILE_ARRIVAL"
