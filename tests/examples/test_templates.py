"""The project templates of the CLI, used as a beginner would use them: nothing is changed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import AcceptanceCloud

pytestmark = pytest.mark.real
CATALOG = "dev"
# Where the templates put what a developer makes: a schema of the developer's own.
SCHEMA = "developer"
# What the CLI and the building of the wheel leave in a project, by the project's own .gitignore.
MADE = {".databricks", "build", "dist", "__pycache__", ".venv"}
PYTHON = {"include_job": "yes", "include_pipeline": "yes", "include_python": "yes"}


@dataclass(frozen=True)
class Template:
    """A template of the CLI and what its project makes.

    Args:
        name: of the template.
        answers: to its questions, besides those that all templates ask.
        job: key of the job that is run; none when the template has no sample.
        tables: names that the run leaves, with the kind that Unity Catalog shows; ``{project}``
            stands for the project's name.
        environment: whether the project's own Python environment is made first, as its README says.
    """

    name: str
    answers: dict[str, str] = field(default_factory=dict)
    job: str | None = None
    tables: dict[str, str] = field(default_factory=dict)
    environment: bool = False

    @property
    def project(self) -> str:
        """Return a name of the project that no other template's project has."""
        return self.name.replace("-", "_") + "_project"


VIEWS = {
    "sample_trips_{project}": "MATERIALIZED_VIEW",
    "sample_zones_{project}": "MATERIALIZED_VIEW",
}
ORDERS = {"orders_raw": "STREAMING_TABLE", "orders_daily": "MATERIALIZED_VIEW"}
TEMPLATES = (
    Template("default-minimal", {"language_choice": "python"}),
    Template("default-sql", job="{project}_sql_job", tables=ORDERS),
    Template("default-python", PYTHON | {"serverless": "yes"}, "sample_job", VIEWS),
    Template("lakeflow-pipelines", {"language": "python"}, "sample_job", VIEWS),
    Template("pydabs", PYTHON | {"serverless": "yes"}, "sample_job", VIEWS, environment=True),
    Template("dbt-sql", job="{project}_job", tables=ORDERS),
)


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of every file of a project that a person would commit."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not MADE.intersection(path.relative_to(folder).parts)
        and path.name != "uv.lock"
        and not any(part.endswith(".egg-info") for part in path.parts)
    }


def created(template: Template, cloud: AcceptanceCloud, place: Path) -> Path:
    """Make a project of a template, and return its folder."""
    asked = {"project_name": template.project, "default_catalog": CATALOG}
    answers = asked | {"personal_schemas": "yes"} | template.answers
    (place / "answers.json").write_text(json.dumps(answers), "utf-8")
    init = ("bundle", "init", template.name, "--config-file", "answers.json")
    cloud.run(place, *init).expect()
    return place / template.project


def drop(cloud: AcceptanceCloud, name: str, kind: str) -> None:
    """Drop what a run has made by a statement, which belongs to no bundle."""
    noun = "MATERIALIZED VIEW" if kind == "MATERIALIZED_VIEW" else "TABLE"
    warehouse = next(iter(cloud.client.warehouses.list())).id or ""
    statement = f"DROP {noun} IF EXISTS {CATALOG}.{SCHEMA}.{name}"
    ended = cloud.client.statement_execution.execute_statement(statement, warehouse)
    assert ended.status is not None
    assert ended.status.error is None, ended.status.error


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_template_runs_as_it_is(
    template: Template, acceptance_cloud: AcceptanceCloud, tmp_path: Path
) -> None:
    project = created(template, acceptance_cloud, tmp_path)
    before = contents(project)
    expected = {
        name.format(project=template.project): kind for name, kind in template.tables.items()
    }
    if template.environment:
        environment = acceptance_cloud.environment
        uv = shutil.which("uv", path=environment["PATH"])
        assert uv is not None
        sync = [uv, "sync", "--dev", "--quiet"]
        subprocess.run(sync, cwd=project, env=environment, check=True)
    acceptance_cloud.run(project, "bundle", "deploy").expect()
    try:
        plan = acceptance_cloud.run(project, "bundle", "plan").expect()
        assert "Plan: 0 to add, 0 to change, 0 to delete" in plan.stdout
        if template.job is not None:
            job = template.job.format(project=template.project)
            ran = acceptance_cloud.run(project, "bundle", "run", job).expect()
            assert "TERMINATED SUCCESS" in ran.stderr
        tables = acceptance_cloud.client.tables
        made = {name: tables.get(f"{CATALOG}.{SCHEMA}.{name}").table_type for name in expected}
    finally:
        acceptance_cloud.run(project, "bundle", "destroy", "--auto-approve").expect()
        for name, kind in expected.items():
            drop(acceptance_cloud, name, kind)
    assert {name: kind and kind.value for name, kind in made.items()} == expected
    assert contents(project) == before
