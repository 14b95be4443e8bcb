"""The CLI's own project templates, used as a beginner would use them, with nothing changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import VolumeType

from tests.examples.sbt import sbt_environment

if TYPE_CHECKING:
    from conftest import AcceptanceCloud

pytestmark = pytest.mark.real
COMMON = {"default_catalog": "dev", "personal_schemas": "yes"}
# What the CLI and the building of wheels and jars leave in a project, by the project's own
# .gitignore; and the file in which sbt writes down its version.
MADE = {".databricks", "build", "dist", "__pycache__", ".venv", "target", "build.properties"}


@dataclass(frozen=True)
class Template:
    """A template and what its project does.

    Args:
        name: as ``databricks bundle init`` takes it.
        job: key of the job that is run; "" when the project has none.
        tables: that the job leaves, with how many rows each has.
        answers: to the template's questions, beyond those of all.
        bundles: whether resources are written in Python, for which the CLI wants a package.
        sbt: whether its build takes sbt.
    """

    name: str
    job: str = ""
    tables: dict[str, int] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    bundles: bool = False
    sbt: bool = False

    @property
    def project(self) -> str:
        """The name of the project, one for each template: all are deployed to one workspace."""
        return self.name.replace("-", "_")


PYTHON = {"include_job": "yes", "include_pipeline": "yes", "include_python": "yes"}
TRIPS = 21_932
TEMPLATES = (
    Template("default-minimal"),
    Template(
        "default-python",
        "sample_job",
        {"sample_trips_default_python": TRIPS},
        {**PYTHON, "serverless": "yes"},
    ),
    Template("default-sql", "default_sql_sql_job", {"orders_raw": 400, "orders_daily": 31}),
    Template("lakeflow-pipelines", "sample_job", {"sample_trips_lakeflow_pipelines": TRIPS}),
    Template(
        "pydabs",
        "sample_job",
        {"sample_trips_pydabs": TRIPS},
        {**PYTHON, "serverless": "yes"},
        bundles=True,
    ),
    Template("dbt-sql", "dbt_sql_job", {"orders_raw": 400, "orders_daily": 31}),
    Template(
        "default-scala",
        "default_scala",
        answers={"artifacts_dest_path": "/Volumes/dev/default/jars"},
        sbt=True,
    ),
)


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of every file of a project that a person would commit."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not MADE.intersection(path.relative_to(folder).parts)
        and not any(part.endswith(".egg-info") for part in path.parts)
    }


def made(template: Template, cloud: AcceptanceCloud, folder: Path) -> Path:
    """Make a project from a template and return its folder."""
    answers = COMMON | template.answers | {"project_name": template.project}
    (folder / "answers.json").write_text(json.dumps(answers), "utf-8")
    init = ("bundle", "init", template.name, "--config-file", "answers.json")
    cloud.run(folder, *init).expect()
    return folder / template.project


def install_bundles(project: Path, version: str) -> None:
    """Give a project the package with which the CLI reads resources in Python."""
    for words in (("venv", "-q"), ("pip", "install", "-q", f"databricks-bundles=={version}")):
        command = [str(Path(sys.executable).with_name("uv")), *words]
        subprocess.run(command, cwd=project, check=True, timeout=300)


def with_sbt(cloud: AcceptanceCloud) -> AcceptanceCloud:
    """Return a cloud whose CLI finds sbt, with the volume that takes the project's jar."""
    if not any(volume.name == "jars" for volume in cloud.client.volumes.list("dev", "default")):
        cloud.client.volumes.create("dev", "default", "jars", VolumeType.MANAGED)
    return replace(cloud, environment={**cloud.environment, **sbt_environment()})


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_a_template_runs_as_it_is(
    template: Template, acceptance_cloud: AcceptanceCloud, tmp_path: Path
) -> None:
    project = made(template, acceptance_cloud, tmp_path)
    before = contents(project)
    if template.bundles:
        said = acceptance_cloud.run(project, "--version").expect().stdout
        install_bundles(project, said.split()[-1].removeprefix("v"))
    cloud = with_sbt(acceptance_cloud) if template.sbt else acceptance_cloud
    cloud.run(project, "bundle", "deploy").expect()
    try:
        plan = cloud.run(project, "bundle", "plan").expect()
        assert "Plan: 0 to add, 0 to change, 0 to delete" in plan.stdout
        if template.job:
            ran = cloud.run(project, "bundle", "run", template.job).expect()
            assert "TERMINATED SUCCESS" in ran.stderr
        assert rows(cloud, template) == template.tables
    finally:
        cloud.run(project, "bundle", "destroy", "--auto-approve").expect()
        for table in template.tables:
            # Two of the templates have tables of the same names, which outlive the bundle.
            with contextlib.suppress(NotFound):
                cloud.client.tables.delete(f"dev.developer.{table}")
    assert contents(project) == before


def rows(cloud: AcceptanceCloud, template: Template) -> dict[str, int]:
    """Return how many rows the tables have that a template's job leaves."""
    (warehouse,) = cloud.client.warehouses.list()
    counted = {}
    for table in template.tables:
        answer = cloud.client.statement_execution.execute_statement(
            f"SELECT count(*) FROM dev.developer.{table}",  # noqa: S608  (names of this file)
            str(warehouse.id),
            wait_timeout="50s",
        )
        assert answer.result, answer.status
        counted[table] = int((answer.result.data_array or [])[0][0])
    return counted
