"""Every bundle folder under ``bundles/``, deployed, run and destroyed with the real CLI.

A folder holds what a user would commit, and ``expect.yml``: what has to be there before the
deployment, and what the deployment and each run must have done. See :class:`Expectation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import Run, RunOutput, RunTask

    from conftest import Bundle


BUNDLES = Path(__file__).parent / "bundles"
KINDS = sorted(path.parent.name for path in BUNDLES.glob("*/databricks.yml"))
EVERY_BUNDLE = pytest.mark.parametrize("bundle", KINDS, indirect=True)
# Kinds that have no page in the workspace, so that the CLI knows no address for them; an app has
# one once it is deployed.
WITHOUT_PAGE = {
    "apps",
    "external_locations",
    "secret_scopes",
    *(f"postgres_{kind}" for kind in ("branches", "databases", "endpoints", "roles")),
    *(f"postgres_{kind}" for kind in ("catalogs", "projects", "synced_tables")),
}
# Kinds that grants call otherwise.
GRANTED_AS = {"registered_models": "function"}

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class ExpectedRun:
    """One run of a job.

    Args:
        job: key of the job in the bundle.
        parameters: job parameters given to this run.
        result: result state of the run.
        tasks: what tasks return: the exit value of a notebook.
        logs: what is in the output of tasks.
        errors: what is in the error of tasks.
        states: result states of tasks.
        iterations: exit values of the iterations of a for-each task, in order.
        children: for a task that runs a job, what that job's tasks return.
    """

    job: str
    parameters: dict[str, str] = field(default_factory=dict)
    result: str = "SUCCESS"
    tasks: dict[str, str] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    iterations: dict[str, list[str]] = field(default_factory=dict)
    children: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Expectation:
    """The content of ``expect.yml``; an unknown key is an error.

    Args:
        volumes: full names of volumes that exist before the bundle does.
        storage_credentials: names of storage credentials that exist before.
        creates: what the deployment adds to :func:`inventory`, files left out; ``{user}`` is
            the user's short name.
        files: what the deployment uploads, all of it, as kind and path; None: not looked at.
        permissions: per job, directory or other resource, levels of groups. A directory is named
            by its path in the deployment's root, a job by its key, another resource by its kind
            and key.
        acls: per secret scope, permissions of principals.
        grants: per securable, privileges of principals.
        secrets: per scope, values that are put into it before the runs.
        runs: of jobs, in order.
    """

    volumes: list[str] = field(default_factory=list)
    storage_credentials: list[str] = field(default_factory=list)
    creates: list[str] = field(default_factory=list)
    files: list[str] | None = None
    permissions: dict[str, dict[str, str]] = field(default_factory=dict)
    acls: dict[str, dict[str, str]] = field(default_factory=dict)
    grants: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    runs: list[ExpectedRun] = field(default_factory=list)

    @classmethod
    def of(cls, bundle: Bundle) -> Expectation:
        """Read the expectation of a bundle."""
        content: dict[str, Any] = yaml.safe_load((bundle.folder / "expect.yml").read_text("utf-8"))
        runs = [ExpectedRun(**run) for run in content.pop("runs", [])]
        return cls(runs=runs, **content)


def postgres_of(client: WorkspaceClient) -> dict[str, list[str]]:
    """Return the names of what belongs to PostgreSQL projects, but for what is inside one."""
    listed = {"catalog": "catalogs", "project": "projects", "table": "synced_tables"}
    found: dict[str, list[str]] = {}
    for noun, collection in listed.items():
        answer = client.api_client.do("GET", f"/api/2.0/postgres/{collection}")
        assert isinstance(answer, dict)
        found[f"postgres {noun}"] = [item["name"] for item in answer.get(collection, [])]
    return found


def resources_of(client: WorkspaceClient) -> list[str]:
    """Return one line for everything that is neither a job, data, a secret nor a file."""
    databases = list(client.database.list_database_instances())
    searches = [str(endpoint.name) for endpoint in client.vector_search_endpoints.list_endpoints()]
    kinds: dict[str, Iterable[str | None]] = {
        "alert": (alert.display_name for alert in client.alerts_v2.list_alerts()),
        "app": (app.name for app in client.apps.list()),
        "cluster": (cluster.cluster_name for cluster in client.clusters.list()),
        "dashboard": (board.display_name for board in client.lakeview.list()),
        "database instance": (database.name for database in databases),
        "database catalog": (
            catalog.name
            for database in databases
            for catalog in client.database.list_database_catalogs(database.name)
        ),
        "synced table": (
            table.name
            for database in databases
            for table in client.database.list_synced_database_tables(database.name)
        ),
        "endpoint": (endpoint.name for endpoint in client.serving_endpoints.list()),
        "experiment": (found.name for found in client.experiments.list_experiments()),
        "model": (model.name for model in client.model_registry.list_models()),
        "pipeline": (pipeline.name for pipeline in client.pipelines.list_pipelines()),
        "pool": (pool.instance_pool_name for pool in client.instance_pools.list()),
        **postgres_of(client),
        "space": (space.title for space in client.genie.list_spaces().spaces or []),
        "vector search endpoint": searches,
        "vector search index": (
            index.name
            for endpoint in searches
            for index in client.vector_search_indexes.list_indexes(endpoint)
        ),
        "warehouse": (warehouse.name for warehouse in client.warehouses.list()),
    }
    return [f"{kind} {name}" for kind, names in kinds.items() for name in names]


def inventory(client: WorkspaceClient) -> set[str]:
    """Return one line for everything in the workspace that a bundle can make."""
    home = f"/Workspace/Users/{client.current_user.me().user_name}"
    catalogs = [catalog.name or "" for catalog in client.catalogs.list()]
    schemas = [schema for catalog in catalogs for schema in client.schemas.list(catalog)]
    volumes = [
        volume
        for schema in schemas
        for volume in client.volumes.list(schema.catalog_name or "", schema.name or "")
    ]
    found = [f"job {job.settings.name}" for job in client.jobs.list() if job.settings]
    found += [f"catalog {name}" for name in catalogs]
    found += [f"schema {schema.full_name}" for schema in schemas]
    found += [f"volume {volume.full_name}" for volume in volumes]
    found += [f"model {model.full_name}" for model in client.registered_models.list()]
    found += [f"location {location.name}" for location in client.external_locations.list()]
    found += [f"scope {scope.name}" for scope in client.secrets.list_scopes()]
    found += resources_of(client)
    found += [f"object {path}" for path in tree(client, home)]
    assert len(found) == len(set(found)), f"something is there twice: {sorted(found)}"
    return set(found)


def tree(client: WorkspaceClient, root: str) -> list[str]:
    """Return the kind and the path of every object under a folder of the workspace."""
    return [
        f"{item.object_type.value} {(item.path or '').removeprefix('/Workspace')}"
        for item in client.workspace.list(root, recursive=True)
        if item.object_type
    ]


@contextmanager
def prepared(client: WorkspaceClient, expected: Expectation) -> Iterator[None]:
    """Make volumes, each in a schema of its own, and credentials; delete them in the end."""
    from databricks.sdk.service.catalog import AwsIamRoleRequest, VolumeType

    with ExitStack() as made:
        for name in expected.storage_credentials:
            role = AwsIamRoleRequest("arn:aws:iam::123456789012:role/data")
            client.storage_credentials.create(name, aws_iam_role=role)
            made.callback(client.storage_credentials.delete, name)
        for full_name in expected.volumes:
            catalog, schema, volume = full_name.split(".")
            client.schemas.create(schema, catalog)
            made.callback(client.schemas.delete, f"{catalog}.{schema}", force=True)
            client.volumes.create(catalog, schema, volume, VolumeType.MANAGED)
        yield


def unchanged(bundle: Bundle) -> str:
    """Return the last line of a plan that has nothing to do."""
    count = len(bundle.read("plan")["plan"])
    return f"Plan: 0 to add, 0 to change, 0 to delete, {count} unchanged"


@EVERY_BUNDLE
def test_deploys_once_and_leaves_nothing_behind(bundle: Bundle) -> None:
    expected, client = Expectation.of(bundle), bundle.cloud.client
    with prepared(client, expected):
        before = inventory(client)
        assert "Validation OK!" in bundle.run("validate").expect().stdout
        assert_plan_creates_all(bundle)
        bundle.run("deploy").expect()
        try:
            assert_deployed(bundle, expected, before)
            assert unchanged(bundle) in bundle.run("plan").expect().stdout
            once = inventory(client)
            bundle.run("deploy").expect()
            assert inventory(client) == once
            assert unchanged(bundle) in bundle.run("plan").expect().stdout
        finally:
            bundle.run("destroy", "--auto-approve").expect()
        assert inventory(client) == before
        bundle.run("destroy", "--auto-approve").expect()


@EVERY_BUNDLE
def test_runs_do_what_is_expected(bundle: Bundle) -> None:
    expected, client = Expectation.of(bundle), bundle.cloud.client
    with prepared(client, expected):
        before = inventory(client)
        bundle.run("deploy").expect()
        try:
            put_secrets(bundle, expected)
            for run in expected.runs:
                assert_run(bundle, run, secrets=expected.secrets)
        finally:
            bundle.run("destroy", "--auto-approve").expect()
        assert inventory(client) == before


def assert_plan_creates_all(bundle: Bundle) -> None:
    """The first plan makes every resource."""
    actions = {name: change["action"] for name, change in bundle.read("plan")["plan"].items()}
    assert actions
    assert set(actions.values()) == {"create"}, actions


def assert_deployed(bundle: Bundle, expected: Expectation, before: set[str]) -> None:
    """All that the bundle declares is there, and nothing else."""
    summary = bundle.read("summary")
    user = summary["workspace"]["current_user"]["short_name"]
    resources = {
        line for line in inventory(bundle.cloud.client) - before if not line.startswith("object ")
    }
    assert resources == {line.replace("{user}", user) for line in expected.creates}
    for kind, members in summary["resources"].items():
        for key, resource in members.items():
            assert resource.get("id"), f"{kind}.{key} has no id"
            assert resource.get("url") or kind in WITHOUT_PAGE, f"{kind}.{key} has no url"
    if expected.files is not None:
        root = summary["workspace"]["file_path"]
        prefix = f"{root.removeprefix('/Workspace')}/"
        found = [line.replace(prefix, "", 1) for line in tree(bundle.cloud.client, root)]
        assert sorted(line for line in found if not line.startswith("DIRECTORY ")) == sorted(
            expected.files
        )
    assert_access(bundle.cloud.client, summary, expected)


def assert_access(client: WorkspaceClient, summary: dict[str, Any], expected: Expectation) -> None:
    """Permissions, ACLs and grants are those of the bundle."""
    for name, levels in expected.permissions.items():
        kind, identifier = securable(client, summary, name)
        entries = client.permissions.get(kind, identifier).access_control_list or []
        found = {
            entry.group_name: permission.permission_level.value
            for entry in entries
            for permission in entry.all_permissions or []
            if entry.group_name and permission.permission_level and not permission.inherited
        }
        assert found == levels, f"permissions of {name}"
    for scope, acls in expected.acls.items():
        listed = {acl.principal: acl.permission.value for acl in client.secrets.list_acls(scope)}
        assert {principal: listed.get(principal) for principal in acls} == acls
    for name, privileges in expected.grants.items():
        kind, key = name.split(".")
        resource = summary["resources"][kind][key]
        securable_type = GRANTED_AS.get(kind, kind.removesuffix("s"))
        given = client.grants.get(securable_type.upper(), resource["id"])
        assert {
            assignment.principal: sorted(p.value for p in assignment.privileges or [])
            for assignment in given.privilege_assignments or []
        } == privileges, f"grants on {name}"


# Kind of a bundle → kind of the permissions API.
KINDS_OF_PERMISSIONS = {
    "alerts": "alertsv2",
    "apps": "apps",
    "clusters": "clusters",
    "dashboards": "dashboards",
    "database_instances": "database-instances",
    "experiments": "experiments",
    "genie_spaces": "genie",
    "instance_pools": "instance-pools",
    "model_serving_endpoints": "serving-endpoints",
    "models": "registered-models",
    "pipelines": "pipelines",
    "postgres_projects": "database-projects",
    "sql_warehouses": "sql/warehouses",
    "vector_search_endpoints": "vector-search-endpoints",
}
# Kinds that a bundle knows by name and the permissions API by an id.
IDS: dict[str, Callable[[WorkspaceClient, str], Any]] = {
    "postgres_projects": lambda _client, name: name.removeprefix("projects/"),
    "model_serving_endpoints": lambda client, name: client.serving_endpoints.get(name).id,
    "models": lambda client, name: (
        client.model_registry.get_model(name).registered_model_databricks.id
    ),
    "vector_search_endpoints": lambda client, name: (
        client.vector_search_endpoints.get_endpoint(name).id
    ),
}


def securable(client: WorkspaceClient, summary: dict[str, Any], name: str) -> tuple[str, str]:
    """Return the type and the id by which the permissions API knows what is named."""
    kind, dot, key = name.partition(".")
    if dot and kind in KINDS_OF_PERMISSIONS:
        known = str(summary["resources"][kind][key]["id"])
        identifier = IDS[kind](client, known) if kind in IDS else known
        return KINDS_OF_PERMISSIONS[kind], str(identifier)
    job = summary["resources"].get("jobs", {}).get(name)
    if job:
        return "jobs", str(job["id"])
    path = f"{summary['workspace']['root_path']}/{name}".rstrip("/.")
    return "directories", str(client.workspace.get_status(path).object_id)


def put_secrets(bundle: Bundle, expected: Expectation) -> None:
    """Put secrets as a person would: by the CLI, the value through its input."""
    for scope, secrets in expected.secrets.items():
        for key, value in secrets.items():
            bundle.cloud.run(
                bundle.folder, "secrets", "put-secret", scope, key, text=value
            ).expect()


def assert_run(bundle: Bundle, expected: ExpectedRun, secrets: dict[str, dict[str, str]]) -> None:
    """Run a job to its end and compare all that it did."""
    client = bundle.cloud.client
    arguments = [
        word for name, value in expected.parameters.items() for word in (f"--{name}", value)
    ]
    ended = bundle.run("run", expected.job, *(["--", *arguments] if arguments else []))
    if expected.result in ("SUCCESS", "FAILED"):
        assert (ended.code == 0) == (expected.result == "SUCCESS"), str(ended)
    job_id = int(bundle.read("summary")["resources"]["jobs"][expected.job]["id"])
    latest = next(iter(client.jobs.list_runs(job_id=job_id)))
    run = client.jobs.get_run(latest.run_id or 0)
    tasks = last_attempts(run)
    assert result_of(run) == expected.result, explain(client, tasks)
    assert {key: result_of(tasks[key]) for key in expected.states} == expected.states
    outputs = {key: client.jobs.get_run_output(task.run_id or 0) for key, task in tasks.items()}
    assert {key: returned(outputs[key]) for key in expected.tasks} == expected.tasks
    for key, text in expected.logs.items():
        assert text in (outputs[key].logs or ""), outputs[key].logs
    for key, text in expected.errors.items():
        assert text in (outputs[key].error or ""), outputs[key].error
    for key, values in expected.iterations.items():
        assert iterations(client, tasks[key]) == values
    for key, returns in expected.children.items():
        assert child(client, outputs[key]) == returns
    told = f"{ended}{[output.as_dict() for output in outputs.values()]}"
    for value in (value for keys in secrets.values() for value in keys.values()):
        assert value not in told, "a secret is in the output of a run"


def last_attempts(run: Run) -> dict[str, RunTask]:
    """Return the tasks of a run by key, each by its last attempt."""
    ordered = sorted(run.tasks or [], key=lambda task: task.attempt_number or 0)
    return {task.task_key: task for task in ordered}


def result_of(run: Run | RunTask) -> str:
    """Return the result state of a run or a task."""
    assert run.state is not None
    assert run.state.result_state is not None, run.state
    return run.state.result_state.value


def returned(output: RunOutput) -> str | None:
    """Return the exit value of a notebook."""
    return output.notebook_output.result if output.notebook_output else None


def explain(client: WorkspaceClient, tasks: dict[str, RunTask]) -> str:
    """Return what each task says about how it ended."""
    lines = []
    for key, task in tasks.items():
        output = client.jobs.get_run_output(task.run_id or 0)
        lines.append(f"{key}: {task.state}\n{output.error}\n{output.error_trace}\n{output.logs}")
    return "\n".join(lines)


def iterations(client: WorkspaceClient, task: RunTask) -> list[str | None]:
    """Return the exit values of a for-each task's iterations, in the order of its inputs."""
    runs = client.jobs.get_run(task.run_id or 0).iterations or []
    return [returned(client.jobs.get_run_output(run.run_id or 0)) for run in runs]


def child(client: WorkspaceClient, output: RunOutput) -> dict[str, str | None]:
    """Return what the tasks of a job return that a task has run."""
    assert output.run_job_output is not None
    run = client.jobs.get_run(output.run_job_output.run_id or 0)
    return {
        key: returned(client.jobs.get_run_output(task.run_id or 0))
        for key, task in last_attempts(run).items()
    }
