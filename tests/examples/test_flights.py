"""The flights example as its readers meet it: its own tests, its wheel, and its job in a cloud."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import RunOutput

    from conftest import AcceptanceCloud, Outcome

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
NOT_COMMITTED = shutil.ignore_patterns(".*cache", ".databricks", ".venv", "__pycache__", "dist")
TASKS = {"land", "bronze", "silver", "days", "gold", "published", "checks"}
TABLES = {
    *(f"bronze_{name}" for name in ("airlines", "airports", "flights", "planes", "weather")),
    *(f"silver_{name}" for name in ("airlines", "airports", "flights", "weather")),
    *(f"gold_{name}" for name in ("airline_delays", "days", "route_delays", "weather_effect")),
    *("check_results", "weather_and_delays", "worst_airlines"),
}
APPLICATION_ID = "11111111-2222-3333-4444-555555555555"  # of nobody: enough to validate

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Delivery:
    """The example, deployed.

    Args:
        cloud: it is deployed to.
        folder: of its copy.
        target: of the bundle.
    """

    cloud: AcceptanceCloud
    folder: Path
    target: str = "dev"

    @property
    def client(self) -> WorkspaceClient:
        return self.cloud.client

    def bundle(self, *arguments: str) -> Outcome:
        """Run ``databricks bundle …`` for the target."""
        return self.cloud.run(self.folder, "bundle", "-t", self.target, *arguments)

    def resource(self, kind: str, key: str) -> dict[str, Any]:
        """Return what the summary says about a resource."""
        summary = json.loads(self.bundle("summary", "--output", "json").expect().stdout)
        found: dict[str, Any] = summary["resources"][kind][key]
        return found

    def latest_outputs(self) -> dict[str, RunOutput]:
        """Return the output of each task of the job's latest run, of its last attempt."""
        job_id = int(self.resource("jobs", "delays")["id"])
        latest = next(iter(self.client.jobs.list_runs(job_id=job_id)))
        tasks = self.client.jobs.get_run(latest.run_id or 0).tasks or []
        ordered = sorted(tasks, key=lambda task: task.attempt_number or 0)
        return {
            task.task_key: self.client.jobs.get_run_output(task.run_id or 0) for task in ordered
        }

    def commits(self, table: str) -> int:
        """Return how many versions a Delta table has, counted in its log."""
        return len(self._log(table))

    def rows_written(self, table: str) -> int:
        """Return how many rows the newest version of a Delta table was written with."""
        actions = map(json.loads, self._log(table)[-1].read_text("utf-8").splitlines())
        (told,) = (action["commitInfo"] for action in actions if "commitInfo" in action)
        return int(told["operationMetrics"]["numOutputRows"])

    def _log(self, table: str) -> list[Path]:
        schema = self.resource("schemas", "flights")["id"]
        location = self.client.tables.get(f"{schema}.{table}").storage_location or ""
        return sorted(Path(location.removeprefix("file:"), "_delta_log").glob("*.json"))


@pytest.fixture(scope="module")
def delivery(
    acceptance_cloud: AcceptanceCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Delivery]:
    """Deploy a copy of the example and run its job once; destroy it in the end."""
    folder = tmp_path_factory.mktemp("example") / "flights"
    shutil.copytree(FLIGHTS, folder, ignore=NOT_COMMITTED)
    delivery = Delivery(acceptance_cloud, folder)
    delivery.bundle("deploy").expect()
    try:
        delivery.bundle("run", "delays").expect()
        yield delivery
    finally:
        delivery.bundle("destroy", "--auto-approve").expect()


def java_home() -> str:
    """Return where the Java is that the tests of this repository use."""
    bricklane = Path(sys.executable).with_name("bricklane")
    command: list[str | Path] = [bricklane, "tools", "path", "java"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_its_own_tests_pass() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=FLIGHTS,
        env=os.environ | {"JAVA_HOME": java_home()},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr


def test_its_wheel_is_the_same_bytes_whenever_it_is_built(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    command: list[str | Path] = [uv, "build", "--wheel", "--quiet", FLIGHTS]

    for folder in ("first", "second"):
        subprocess.run([*command, "--out-dir", tmp_path / folder], check=True)

    (first,) = (tmp_path / "first").glob("*.whl")
    (second,) = (tmp_path / "second").glob("*.whl")
    assert first.name == "flights-0.0.0-py3-none-any.whl"
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_every_target_is_valid(
    acceptance_cloud: AcceptanceCloud, tmp_path: Path, target: str
) -> None:
    folder = tmp_path / "flights"
    shutil.copytree(FLIGHTS, folder, ignore=NOT_COMMITTED)

    principal = f"service_principal={APPLICATION_ID}"
    validated = acceptance_cloud.run(
        folder, "bundle", "validate", "--strict", "-t", target, "--var", principal
    )

    assert f"Target: {target}" in validated.expect().stdout


def test_a_second_plan_is_empty(delivery: Delivery) -> None:
    planned = delivery.bundle("plan").expect()

    assert "0 to add, 0 to change, 0 to delete" in planned.stdout


def test_the_job_leaves_tables_files_and_kept_promises(delivery: Delivery) -> None:
    schema = delivery.resource("schemas", "flights")["name"]
    outputs = delivery.latest_outputs()

    assert set(outputs) == TASKS
    assert {table.name for table in delivery.client.tables.list("dev", schema)} == TABLES
    landed = delivery.client.files.list_directory_contents(f"/Volumes/dev/{schema}/raw")
    assert sorted(file.name or "" for file in landed) == [
        f"{name}.csv" for name in ("airlines", "airports", "flights", "planes", "weather")
    ]
    logs = outputs["checks"].logs or ""
    assert logs.count("kept    ") == 13
    assert "broken" not in logs
    assert f"wrote dev.{schema}.gold_route_delays" in (outputs["gold"].logs or "")
    assert delivery.rows_written("gold_route_delays") == 186


def test_its_tests_of_a_deployment_pass_and_change_no_cleaned_row(
    delivery: Delivery, tmp_path: Path
) -> None:
    cleaned = ["silver_flights", "silver_weather"]
    before = {table: delivery.commits(table) for table in cleaned}
    assert set(before.values()) == {2}, "one version that creates it, one that fills it"

    tested = project_tests(delivery, tmp_path, "tests/integration", "tests/e2e")

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "3 passed" in tested.stdout
    assert {table: delivery.commits(table) for table in cleaned} == before


def project_tests(
    delivery: Delivery, place: Path, *levels: str
) -> subprocess.CompletedProcess[str]:
    """Run the project's tests of a deployment as ``bricklane deploy`` runs them."""
    summary = delivery.bundle("summary", "--output", "json").expect()
    (place / "summary.json").write_text(summary.stdout, "utf-8")
    handed = {
        "BRICKLANE_TARGET": delivery.target,
        "BRICKLANE_BUNDLE_SUMMARY": str(place / "summary.json"),
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *levels],
        cwd=delivery.folder,
        env=delivery.cloud.environment | handed,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_broken_promise_fails_the_run_and_is_named(delivery: Delivery) -> None:
    schema = delivery.resource("schemas", "flights")["name"]
    delivery.client.files.upload(
        f"/Volumes/dev/{schema}/raw/airlines.csv",
        BytesIO(b"carrier,name\nAA,American Airlines Inc.\n"),
        overwrite=True,
    )

    failed = delivery.bundle("run", "delays", "--only", "bronze,silver,gold,checks")

    assert failed.code == 1, str(failed)
    error = delivery.latest_outputs()["checks"].error or ""
    assert "BrokenPromisesError: 1 of 13 promises are broken:" in error
    assert "- every carrier is a known airline: 24,210 violations" in error


def test_prod_is_deployed_by_its_service_principal_and_everybody_reads(
    acceptance_cloud: AcceptanceCloud, tmp_path: Path
) -> None:
    from databricks.sdk.service.iam import PermissionLevel

    principal, secret = service_principal(acceptance_cloud, "prod")
    client = acceptance_cloud.workspace("prod")
    cloud = replace(
        acceptance_cloud,
        client=client,
        environment=acceptance_cloud.signed_in("prod", principal, secret),
    )
    shutil.copytree(FLIGHTS, tmp_path / "flights", ignore=NOT_COMMITTED)
    prod = Delivery(cloud, tmp_path / "flights", "prod")
    prod.bundle("deploy").expect()
    try:
        assert "0 to add, 0 to change, 0 to delete" in prod.bundle("plan").expect().stdout
        schema = prod.resource("schemas", "flights")
        job = prod.resource("jobs", "delays")
        assert (schema["id"], job["name"]) == ("prod.flights", "flights delays")
        run_as = client.jobs.get(int(job["id"])).settings
        assert run_as is not None
        assert run_as.run_as is not None
        assert run_as.run_as.service_principal_name == principal
        granted = client.grants.get("SCHEMA", schema["id"]).privilege_assignments or []
        assert {
            assignment.principal: {privilege.value for privilege in assignment.privileges or []}
            for assignment in granted
        } == {"account users": {"USE_SCHEMA", "SELECT"}}
        levels = {
            entry.group_name: [permission.permission_level for permission in entry.all_permissions]
            for entry in client.permissions.get("jobs", job["id"]).access_control_list or []
            if entry.all_permissions
        }
        assert levels["users"] == [PermissionLevel.CAN_VIEW]
    finally:
        prod.bundle("destroy", "--auto-approve").expect()


def service_principal(cloud: AcceptanceCloud, target: str) -> tuple[str, str]:
    """Make the service principal that delivers to a target; return its id and its secret."""
    from databricks.sdk.service.catalog import PermissionsChange, Privilege

    client = cloud.workspace(target)
    made = client.service_principals.create(display_name="delivery", active=True)
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    may = [Privilege.USE_CATALOG, Privilege.CREATE_SCHEMA]
    change = PermissionsChange(principal=made.application_id, add=may)
    client.grants.update("CATALOG", target, changes=[change])
    return str(made.application_id), str(secret)
