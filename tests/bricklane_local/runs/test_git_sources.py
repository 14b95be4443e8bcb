"""Tasks whose code lies in a git repository: fetched from the local forge, run on real Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied
from databricks.sdk.service.workspace import ImportFormat

from tests.bricklane_local.forge.desk import Desk

if TYPE_CHECKING:
    from github.Repository import Repository

    from conftest import Workbench

pytestmark = pytest.mark.real
NOTEBOOK = """# Databricks notebook source
from shared.words import WORD

# COMMAND ----------

# MAGIC %run ./more

# COMMAND ----------

dbutils.notebook.exit(f"{WORD} {MORE}")
"""
MORE = "# Databricks notebook source\nMORE = 'more'\n"
SCRIPT = """from pathlib import Path

print(Path(__file__).with_name("data.txt").read_text())
try:
    Path(__file__).with_name("data.txt").write_text("changed")
except PermissionError as error:
    print(error)
"""
FILES = {
    "jobs/main.py": NOTEBOOK,
    "jobs/more.py": MORE,
    "jobs/shared/words.py": "WORD = 'first'\n",
    "scripts/script.py": SCRIPT,
    "scripts/data.txt": "data of the script",
    "queries/one.sql": "SELECT 1 AS one;\n",
}
TASKS: tuple[dict[str, Any], ...] = (
    {"task_key": "notebook", "notebook_task": {"notebook_path": "jobs/main"}},
    {
        "task_key": "script",
        "spark_python_task": {"python_file": "scripts/script.py", "source": "GIT"},
    },
)


@pytest.fixture(scope="module")
def desk(bench: Workbench) -> Desk:
    return Desk.of(bench.server)


@pytest.fixture(scope="module")
def repository(bench: Workbench, desk: Desk) -> Repository:
    """A private repository that only who has a credential can fetch."""
    made = desk.repository()
    for path, text in FILES.items():
        made.create_file(path, f"feat: {path}", text)
    made.create_git_ref("refs/tags/1.0.0", made.get_branch("main").commit.sha)
    bench.client.git_credentials.create(
        "gitHub", git_username="developer", personal_access_token=desk.tokens["developer"]
    )
    return made


def source(desk: Desk, repository: Repository, **reference: str) -> dict[str, str]:
    url = f"{desk.url}/{repository.full_name}.git"
    return {"git_url": url, "git_provider": "gitHub", **reference}


def test_tasks_of_a_run_come_from_one_commit(
    bench: Workbench, desk: Desk, repository: Repository
) -> None:
    (warehouse,) = bench.client.warehouses.list()
    sql = {"warehouse_id": warehouse.id, "file": {"path": "queries/one.sql"}}
    tasks = [*TASKS, {"task_key": "sql", "sql_task": sql}]
    job_id = bench.create(*tasks, git_source=source(desk, repository, git_branch="main"))
    first = bench.finish(bench.start(job_id))
    commit = repository.get_branch("main").commit.sha
    assert first["git_source"]["git_snapshot"] == {"used_commit": commit}
    assert bench.output(first, "notebook")["notebook_output"]["result"] == "first more"
    assert bench.output(first, "script")["logs"].startswith("data of the script")
    assert bench.output(first, "sql")["sql_output"]["query_output"]["query_text"]
    assert first["state"]["result_state"] == "SUCCESS"
    changed = repository.get_contents("jobs/shared/words.py")
    assert not isinstance(changed, list)
    repository.update_file(changed.path, "feat: second", "WORD = 'second'\n", changed.sha)
    second = bench.finish(bench.start(job_id))
    assert bench.output(second, "notebook")["notebook_output"]["result"] == "second more"
    # What the script wrote beside itself did not change the commit, nor can anybody else.
    again = bench.run(TASKS[1], git_source=source(desk, repository, git_commit=commit))
    assert bench.output(again, "script")["logs"].startswith("data of the script")
    (folder,) = bench.client.workspace.list("/Repos/.internal")
    file = f"{folder.path}/{commit}/scripts/data.txt"
    with pytest.raises(PermissionDenied, match="CAN_EDIT"):
        bench.client.workspace.upload(file, b"x", format=ImportFormat.RAW, overwrite=True)  # type: ignore[arg-type]


def test_a_tag_and_a_commit_stay_what_they_are(
    bench: Workbench, desk: Desk, repository: Repository
) -> None:
    tag = repository.get_git_ref("tags/1.0.0").object.sha
    for reference in ({"git_tag": "1.0.0"}, {"git_commit": tag}):
        run = bench.run(TASKS[0], git_source=source(desk, repository, **reference))
        assert bench.output(run, "notebook")["notebook_output"]["result"] == "first more"


def test_who_has_no_credential_gets_no_code(
    bench: Workbench, desk: Desk, repository: Repository
) -> None:
    made = bench.client.service_principals.create(display_name="without git")
    run_as = {"service_principal_name": str(made.application_id)}
    git = source(desk, repository, git_tag="1.0.0")
    run = bench.run(TASKS[0], git_source=git, run_as=run_as)
    details = run["tasks"][0]["status"]["termination_details"]
    assert details["code"] == "REPOSITORY_CHECKOUT_FAILED"
    assert "a private one needs a git credential" in details["message"]


def test_what_cannot_be_reached_is_named(bench: Workbench) -> None:
    git = {"git_url": "http://127.0.0.1:9/no/repo.git", "git_provider": "gitHub"}
    run = bench.run(TASKS[0], git_source={**git, "git_branch": "main"})
    message = run["state"]["state_message"]
    assert "main of http://127.0.0.1:9/no/repo.git" in message
    assert run["tasks"][0]["attempt_number"] == 0


@pytest.mark.parametrize(
    ("task", "git", "message"),
    [
        (TASKS[1], None, "source is GIT, and the job has no git_source"),
        (TASKS[0], {"git_branch": "a", "git_tag": "b"}, "has git_branch and git_tag"),
        (TASKS[0], {}, "exactly one of git_branch, git_tag, git_commit; it has none"),
        (
            {"task_key": "n", "notebook_task": {"notebook_path": "/jobs/main"}},
            {"git_branch": "a"},
            "notebook_task.notebook_path must be relative",
        ),
    ],
)
def test_a_source_that_cannot_work_is_refused(
    bench: Workbench, task: dict[str, Any], git: dict[str, str] | None, message: str
) -> None:
    settings = {}
    if git is not None:
        git = {"git_url": "https://example.com/x.git", "git_provider": "gitHub", **git}
        settings["git_source"] = git
    with pytest.raises(InvalidParameterValue, match=message):
        bench.create(task, **settings)


def test_a_service_principal_reads_what_it_has_fetched(
    bench: Workbench, desk: Desk, repository: Repository
) -> None:
    made = bench.client.service_principals.create(display_name="with git")
    bench.client.git_credentials.create(
        "gitHub",
        git_username="machine",
        personal_access_token=desk.tokens["developer"],
        principal_id=int(made.id or 0),
    )
    run_as = {"service_principal_name": str(made.application_id)}
    git = source(desk, repository, git_tag="1.0.0")
    run = bench.run(TASKS[0], git_source=git, run_as=run_as)
    assert bench.output(run, "notebook")["notebook_output"]["result"] == "first more"
