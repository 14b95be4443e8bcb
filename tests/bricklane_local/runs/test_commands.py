"""Command execution on real Spark, by the SDK."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service import compute
from databricks.sdk.service.compute import CommandStatus, Language, Results, ResultType

if TYPE_CHECKING:
    from conftest import Server

PNG = b"\x89PNG\r\n\x1a\n and pixels"
PYTHON, SQL = Language.PYTHON, Language.SQL


@pytest.fixture(scope="module")
def client(bench: Any) -> WorkspaceClient:
    """The client of the workspace's administrator."""
    found: WorkspaceClient = bench.client
    return found


@pytest.fixture(scope="module")
def cluster(client: WorkspaceClient) -> Iterator[str]:
    """A running cluster."""
    made = client.clusters.create_and_wait(
        cluster_name="commands",
        spark_version="17.3.x-scala2.13",
        node_type_id="i3.xlarge",
        num_workers=0,
        autotermination_minutes=60,
        spark_env_vars={"STAGE": "blue"},
    )
    assert made.cluster_id
    yield made.cluster_id
    client.clusters.permanent_delete(made.cluster_id)


Run = Callable[..., Results]


@pytest.fixture(scope="module")
def context(client: WorkspaceClient, cluster: str) -> str:
    """A context in Python."""
    made = client.command_execution.create_and_wait(cluster_id=cluster, language=PYTHON)
    assert made.id
    return made.id


@pytest.fixture(scope="module")
def run(client: WorkspaceClient, cluster: str, context: str) -> Run:
    """Run a command in the context to its end: ``run(command, language)``."""

    def execute(command: str, language: Language = PYTHON) -> Results:
        done = client.command_execution.execute_and_wait(
            cluster_id=cluster, context_id=context, command=command, language=language
        )
        assert done.status is CommandStatus.FINISHED
        assert done.results
        return done.results

    return execute


def test_state_survives_between_commands_of_both_languages(run: Run) -> None:
    assert run("import os\nnumber = 41").data == ""
    run("spark.range(number).createOrReplaceTempView('rows')")
    found = run("SELECT count(*) AS many, 'a' AS letter FROM rows", SQL)
    assert (found.result_type, found.data) == (ResultType.TABLE, [[41, "a"]])
    assert found.schema == [
        {"name": "many", "type": '"bigint"', "metadata": "{}"},
        {"name": "letter", "type": '"string"', "metadata": "{}"},
    ]
    found = run("print(_sqldf.first().many + 1, os.environ['STAGE'])")
    assert (found.result_type, found.data) == (ResultType.TEXT, "42 blue")


def test_errors_images_and_exits_are_results(run: Run) -> None:
    found = run("def divide():\n    return 1 / 0\ndivide()")
    assert found.result_type is ResultType.ERROR
    assert found.summary == "ZeroDivisionError: division by zero"
    assert "return 1 / 0" in (found.cause or "")
    image = f"from IPython.display import Image\nImage(bytes.fromhex('{PNG.hex()}'))"
    found = run(image)
    address = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert (found.result_type, found.file_name) == (ResultType.IMAGE, address)
    assert run("dbutils.notebook.exit('left')").data == "left"
    assert run("SELECT * FROM nothing", SQL).result_type is ResultType.ERROR


def test_a_command_is_cancelled_and_its_context_goes_on(
    client: WorkspaceClient, cluster: str, context: str, run: Run
) -> None:
    run("kept = 'kept'")
    commands, place = client.command_execution, {"cluster_id": cluster, "context_id": context}
    running = commands.execute(command="import time; time.sleep(600)", language=PYTHON, **place)
    queued = commands.execute(command="kept = 'lost'", language=PYTHON, **place)
    assert commands.command_status(command_id=queued.command_id, **place).status in (
        CommandStatus.QUEUED,
        CommandStatus.RUNNING,
    )
    for waiting in (queued, running):
        done = commands.cancel_and_wait(command_id=waiting.command_id, **place)
        assert done.status is CommandStatus.CANCELLED
    assert run("print(kept)").data == "kept"


def test_dbutils_of_the_sdk_run_on_the_cluster(bench: Any, cluster: str) -> None:
    profile = bench.server.profile
    remote = WorkspaceClient(
        host=profile["host"], token=profile["token"], auth_type="pat", cluster_id=cluster
    )
    # A proxy, which runs a command that leaves with the value as JSON.
    remote.dbutils.widgets.text("city", "Oslo", "City")
    assert remote.dbutils.widgets.get("city") == "Oslo"


@pytest.mark.parametrize("language", [Language.SCALA, Language.R])
def test_other_languages_are_refused_by_name(
    client: WorkspaceClient, cluster: str, language: Language
) -> None:
    with pytest.raises(DatabricksError, match=f"language '{language.value}'; it runs python, sql"):
        client.command_execution.create(cluster_id=cluster, language=language)


def test_a_context_is_its_makers_alone_and_needs_the_permission_to_attach(
    bench: Any, client: WorkspaceClient, cluster: str, context: str
) -> None:
    machine = client.service_principals.create(display_name="commander")
    assert machine.application_id
    secret = client.service_principal_secrets_proxy.create(str(machine.id))
    other = bench.server.machine(machine.application_id, str(secret.secret))
    with pytest.raises(DatabricksError, match="CAN_ATTACH_TO"):
        other.command_execution.create(cluster_id=cluster, language=PYTHON)
    client.clusters.update_permissions(
        cluster,
        access_control_list=[
            compute.ClusterAccessControlRequest(
                service_principal_name=machine.application_id,
                permission_level=compute.ClusterPermissionLevel.CAN_ATTACH_TO,
            )
        ],
    )
    with pytest.raises(DatabricksError, match="somebody else"):
        other.command_execution.context_status(cluster, context)
    own = other.command_execution.create_and_wait(cluster_id=cluster, language=SQL).id
    done = other.command_execution.execute_and_wait(
        cluster_id=cluster, context_id=own, command="SELECT current_user()", language=SQL
    )
    assert done.results
    assert done.results.data == [[machine.application_id]]


def test_a_process_that_dies_is_an_error_and_other_contexts_go_on(
    client: WorkspaceClient, cluster: str, run: Run
) -> None:
    commands = client.command_execution
    other = commands.create_and_wait(cluster_id=cluster, language=PYTHON).id
    place = {"cluster_id": cluster, "context_id": other}
    died = commands.execute_and_wait(command="import os; os._exit(3)", language=PYTHON, **place)
    assert died.status is CommandStatus.ERROR
    with pytest.raises(DatabricksError, match="has ended: create another context"):
        commands.execute(command="1", language=PYTHON, **place)
    commands.destroy(cluster, str(other))
    with pytest.raises(DatabricksError, match="no execution context"):
        commands.context_status(cluster, str(other))
    assert run("print(1)").data == "1"


def test_contexts_end_when_idle_and_with_their_cluster(
    bench: Any, client: WorkspaceClient, cluster: str
) -> None:
    server: Server = bench.server
    commands = client.command_execution
    idle = str(commands.create_and_wait(cluster_id=cluster, language=PYTHON).id)
    server.request("POST", "/_bricklane/clock", json={"milliseconds": 31 * 60_000})
    try:
        with pytest.raises(DatabricksError, match="not used for 30 minutes"):
            commands.context_status(cluster, idle)
    finally:
        server.request("POST", "/_bricklane/clock", json={"milliseconds": -31 * 60_000})
    left = str(commands.create_and_wait(cluster_id=cluster, language=PYTHON).id)
    client.clusters.delete_and_wait(cluster)
    with pytest.raises(DatabricksError, match="ended with its cluster"):
        commands.context_status(cluster, left)
    with pytest.raises(DatabricksError, match="is TERMINATED, and commands need one"):
        commands.create(cluster_id=cluster, language=PYTHON)
    client.clusters.start_and_wait(cluster)
