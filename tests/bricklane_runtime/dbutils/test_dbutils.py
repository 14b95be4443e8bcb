"""``dbutils`` in tasks, on the few routes of a workspace that each part needs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import FakeWorkspace, Tasks

VALUES = "/api/2.0/bricklane/task-values"
SUBMIT = "/api/2.2/jobs/runs/submit"
GET = "/api/2.2/jobs/runs/get"
OUTPUT = "/api/2.2/jobs/runs/get-output"


def test_task_values_go_to_the_workspace_and_come_back(
    tasks: Tasks, fake_workspace: FakeWorkspace
) -> None:
    stored: dict[str, Any] = {}

    def store(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        stored[body["key"]] = body["value"]
        return 200, {}

    def load(query: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if query["key"] not in stored:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}
        return 200, {"value": stored[query["key"]]}

    fake_workspace.routes["POST", VALUES] = store
    fake_workspace.routes["GET", VALUES] = load
    ran = tasks.notebook(
        "v = dbutils.jobs.taskValues\nv.set(key='rows', value={'n': [1, None]})\n"
        "print(v.get('main', 'rows'), v.get(taskKey='main', key='x', default=0, debugValue=9))",
        "v.get('main', 'x')",
        host=fake_workspace.host,
    )
    assert ran.text(0) == "{'n': [1, None]} 0\n"
    assert ran.error["message"] == ("Task 'main' set no task value 'x', and no default was given")
    assert fake_workspace.calls[0] == (
        "POST",
        VALUES,
        {"run_id": 22, "key": "rows", "value": {"n": [1, None]}},
    )
    assert fake_workspace.calls[1][2] == {"job_run_id": "33", "task_key": "main", "key": "rows"}


def test_task_values_must_be_small_json(tasks: Tasks) -> None:
    ran = tasks.notebook("dbutils.jobs.taskValues.set('big', 'x' * 50000)")
    assert ran.error["message"] == (
        "Task value 'big' has 50002 bytes as JSON; up to 49152 are allowed"
    )
    ran = tasks.notebook("dbutils.jobs.taskValues.set('odd', {1, 2})")
    assert ran.error["message"] == "Object of type set is not JSON serializable"


def test_secrets_are_redacted_in_every_output(tasks: Tasks, fake_workspace: FakeWorkspace) -> None:
    value = base64.b64encode(b"pa55-word").decode()
    fake_workspace.routes["GET", "/api/2.0/secrets/get"] = lambda query: (
        (200, {"key": query["key"], "value": value})
        if query["scope"] == "team"
        else (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no scope"})
    )
    fake_workspace.routes["GET", "/api/2.0/secrets/list"] = lambda _: (
        200,
        {"secrets": [{"key": "a"}]},
    )
    fake_workspace.routes["GET", "/api/2.0/secrets/scopes/list"] = lambda _: (
        200,
        {"scopes": [{"name": "team"}]},
    )
    ran = tasks.notebook(
        "s = dbutils.secrets.get(scope='team', key='a')\n"
        "print(len(s), s); print(s[:4], end=''); print(s[4:])\n"
        "displayHTML(f'<b>{s}</b>'); display([{'secret': s}])\ns",
        "import os\nos.write(1, s.encode())\n"
        "print(dbutils.secrets.getBytes('team', 'a') == s.encode())\n"
        "print(dbutils.secrets.list('team'), dbutils.secrets.listScopes()[0].getName())",
        "raise ValueError('with ' + s)",
        host=fake_workspace.host,
    )
    assert ran.text(0) == "9 [REDACTED]\n[REDACTED]\n'[REDACTED]'\n"
    assert ran.outputs(0, "html") == [{"type": "html", "html": "<b>[REDACTED]</b>"}]
    assert ran.outputs(0, "table")[0]["rows"] == [["[REDACTED]"]]
    assert ran.text(1) == "True\n[SecretMetadata(key='a')] team\n9\n".replace("9\n", "")
    assert ran.error["message"] == "with [REDACTED]"
    everything = "".join(path.read_text() for path in ran.directory.iterdir())
    assert "pa55-word" not in everything


def test_a_missing_secret_is_named(tasks: Tasks, fake_workspace: FakeWorkspace) -> None:
    ran = tasks.notebook("dbutils.secrets.get('team', 'x')", host=fake_workspace.host)
    assert ran.error["message"].startswith("Secret does not exist with scope: team and key: x")


def test_another_notebook_runs_as_a_run_of_its_own(
    tasks: Tasks, fake_workspace: FakeWorkspace
) -> None:
    states = iter([{"life_cycle_state": "RUNNING"}])
    ended = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}
    fake_workspace.routes["POST", SUBMIT] = lambda _: (200, {"run_id": 5})
    fake_workspace.routes["GET", GET] = lambda _: (
        200,
        {"run_id": 5, "state": next(states, ended), "tasks": [{"run_id": 6}]},
    )
    fake_workspace.routes["GET", OUTPUT] = lambda query: (
        200,
        {"notebook_output": {"result": f"from {query['run_id']}"}},
    )
    ran = tasks.notebook(
        "print(dbutils.notebook.run('../other', 60, {'a': 1}))", host=fake_workspace.host
    )
    assert ran.text(0) == "from 6\n", ran.log
    assert fake_workspace.calls[0][2] == {
        "run_name": "other",
        "timeout_seconds": 60,
        "tasks": [
            {
                "task_key": "notebook",
                "notebook_task": {
                    "notebook_path": "/Users/other",
                    "base_parameters": {"a": "1"},
                    "source": "WORKSPACE",
                },
            }
        ],
    }


def test_a_failed_notebook_fails_its_caller(tasks: Tasks, fake_workspace: FakeWorkspace) -> None:
    state = {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}
    fake_workspace.routes["POST", SUBMIT] = lambda _: (200, {"run_id": 5})
    fake_workspace.routes["GET", GET] = lambda _: (200, {"run_id": 5, "state": state})
    fake_workspace.routes["GET", OUTPUT] = lambda _: (200, {"error": "ValueError: bad"})
    ran = tasks.notebook("dbutils.notebook.run('/other', 0)", host=fake_workspace.host)
    assert ran.error["type"] == "WorkflowException"
    assert ran.error["message"] == "Notebook /other ended FAILED: ValueError: bad"


def test_the_context_says_who_and_where(tasks: Tasks) -> None:
    ran = tasks.notebook(
        """
import json
context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()
print(context.notebookPath().get(), context.apiUrl().getOrElse(None), context.userName())
print(context.tags().get("jobId").get(), context.tags().apply("taskKey"), context.jobId().get())
print(context.clusterId().isDefined(), context.tags().contains("none"))
print(json.loads(context.toJson())["tags"]["multitaskParentRunId"], context.apiToken().get())
context.nothing()
"""
    )
    assert ran.text(0).splitlines() == [
        "/Users/someone/main http://127.0.0.1:9 Some(someone@example.com)",
        "11 main 11",
        "False False",
        "33 [REDACTED]",
    ]
    assert ran.error["message"].startswith("The notebook context has no 'nothing'; it has: ")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("dbutils.fs.mount('s3://a', '/mnt/a')", "dbutils.fs.mount is not available"),
        ("dbutils.fs.mounts()", "use a Unity Catalog volume"),
        ("dbutils.credentials.assumeRole('x')", "dbutils.credentials.assumeRole is not available"),
        ("dbutils.data.summarize(1)", "dbutils.data.summarize is not available"),
        ("dbutils.fs.ls('s3://bucket/x')", "there is no s3 storage here"),
        ("dbutils.nothing", "dbutils has no 'nothing'; it has: fs, jobs, library"),
    ],
)
def test_what_is_not_there_is_refused_by_name(tasks: Tasks, call: str, message: str) -> None:
    assert message in tasks.notebook(call).error["message"]


def test_restarting_python_is_for_notebooks(tasks: Tasks) -> None:
    ran = tasks.file("dbutils.library.restartPython()")
    assert ran.error["message"].endswith("this task is no notebook")


def test_help_is_printed(tasks: Tasks) -> None:
    ran = tasks.notebook("dbutils.help()\ndbutils.fs.help('cp')\ndbutils.secrets.help()")
    assert "Copy a file, or a folder with ``recurse``" in ran.text(0)
    assert "listScopes() -> Return the scopes of the workspace." in ran.text(0)
