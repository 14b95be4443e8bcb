"""What runs on a cluster sees the cluster's libraries, on real Spark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.compute import (
    Language,
    Library,
    LibraryInstallStatus,
    MavenLibrary,
    PythonPyPiLibrary,
)
from databricks.sdk.service.workspace import ImportFormat

from tests.wheels import write_wheel

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
MADE = {"spark_version": "17.3.x-scala2.13", "node_type_id": "i3.xlarge", "num_workers": 0}
VOLUME, FOLDER = "/Volumes/dev/libraries/files", "/Workspace/Shared/libraries"
SOURCE = "VALUE = {value!r}\ndef main():\n    print('main of', VALUE)\n"
INSTALLED, FAILED = LibraryInstallStatus.INSTALLED, LibraryInstallStatus.FAILED


@pytest.fixture
def cluster(bench: Workbench) -> Iterator[str]:
    """A running cluster."""
    made = bench.client.clusters.create_and_wait(**MADE, cluster_name="libraries")
    assert made.cluster_id
    yield made.cluster_id
    bench.client.clusters.permanent_delete(made.cluster_id)


@pytest.fixture(scope="module")
def stored(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Wheels in a volume and in the workspace, and a requirements file beside the latter."""
    client, folder = bench.client, tmp_path_factory.mktemp("wheels")
    client.schemas.create("libraries", "dev")
    client.volumes.create("dev", "libraries", "files", VolumeType.MANAGED)
    client.workspace.mkdirs(FOLDER)

    def wheel(name: str, version: str, value: str) -> Path:
        return write_wheel(folder, name, version, source=SOURCE.format(value=value))

    for path in (wheel("orbits", "1.0", "old"), wheel("orbits", "2.0", "new")):
        with path.open("rb") as stream:
            client.files.upload(f"{VOLUME}/{path.name}", stream)
    comets = wheel("comets", "1.0", "comets")
    with comets.open("rb") as stream:
        client.workspace.upload(f"{FOLDER}/{comets.name}", stream, format=ImportFormat.RAW)
    lines: Any = f"# of the team\n./{comets.name}\n".encode()
    client.workspace.upload(f"{FOLDER}/requirements.txt", lines, format=ImportFormat.RAW)


def settled(bench: Workbench, cluster: str) -> dict[str, tuple[LibraryInstallStatus, str]]:
    """Return status and message of each library once none is being installed."""
    found: dict[str, tuple[LibraryInstallStatus, str]] = {}

    def done() -> bool:
        found.clear()
        for item in bench.client.libraries.cluster_status(cluster):
            assert item.library
            assert item.status
            (name,) = item.library.as_dict()
            found[name] = (item.status, " ".join(item.messages or []))
        return not {LibraryInstallStatus.INSTALLING, LibraryInstallStatus.PENDING} & {
            status for status, _ in found.values()
        }

    bench.wait(done)
    return found


@pytest.mark.usefixtures("stored")
def test_python_tasks_see_the_libraries_of_their_cluster(bench: Workbench, cluster: str) -> None:
    client = bench.client
    client.libraries.install(
        cluster,
        [
            Library(whl=f"{VOLUME}/orbits-1.0-py3-none-any.whl"),
            Library(requirements=f"{FOLDER}/requirements.txt"),
        ],
    )
    assert settled(bench, cluster) == {"whl": (INSTALLED, ""), "requirements": (INSTALLED, "")}
    (listed,) = (
        item for item in client.libraries.all_cluster_statuses() if item.cluster_id == cluster
    )
    assert [item.status for item in listed.library_statuses or []] == [INSTALLED, INSTALLED]
    code = "import comets, orbits\nprint(comets.VALUE, orbits.VALUE)\n"
    script: Any = code.encode()
    client.workspace.upload(f"{FOLDER}/script.py", script, format=ImportFormat.RAW)
    on: dict[str, Any] = {"existing_cluster_id": cluster}
    own = {"libraries": [{"whl": f"{VOLUME}/orbits-2.0-py3-none-any.whl"}]}
    run = bench.run(
        bench.task(code, key="notebook", **on),
        {
            "task_key": "file",
            "spark_python_task": {"python_file": f"{FOLDER}/script.py"},
            **on,
        },
        {
            "task_key": "wheel",
            "python_wheel_task": {"package_name": "comets", "entry_point": "main"},
            **on,
        },
        bench.task(code, key="own", **on, **own),
    )
    printed = {}
    for task in run["tasks"]:
        number = task["run_id"]
        assert task["state"]["result_state"] == "SUCCESS", bench.output(run, task["task_key"])
        folder = bench.server.state / "workspaces" / "dev" / "runs" / str(number)
        printed[task["task_key"]] = (folder / "stdout.log").read_text("utf-8").strip()
    assert printed == {
        "notebook": "comets old",
        "file": "comets old",
        "wheel": "main of comets",
        "own": "comets new",
    }
    commands = client.command_execution
    context = commands.create_and_wait(cluster_id=cluster, language=Language.PYTHON)
    done = commands.execute_and_wait(
        cluster_id=cluster, context_id=context.id, language=Language.PYTHON, command=code
    )
    assert done.results
    assert done.results.data == "comets old"
    commands.destroy(cluster, str(context.id))


@pytest.mark.usefixtures("stored")
def test_a_library_that_cannot_be_installed_fails_what_runs_there(
    bench: Workbench, cluster: str
) -> None:
    bad = [
        Library(whl=f"{VOLUME}/nowhere-1.0-py3-none-any.whl"),
        Library(maven=MavenLibrary(coordinates="a:b:1")),
        Library(jar=f"{VOLUME}/nowhere.jar"),
        Library(pypi=PythonPyPiLibrary(package="not a name")),
    ]
    good = Library(whl=f"{VOLUME}/orbits-1.0-py3-none-any.whl")
    bench.client.libraries.install(cluster, bad)
    found = settled(bench, cluster)
    assert {status for status, _ in found.values()} == {FAILED}
    assert "nowhere-1.0-py3-none-any.whl does not exist" in found["whl"][1]
    assert "a:b:1: not found" in found["maven"][1]
    assert "nowhere.jar': it does not exist" in found["jar"][1]
    assert "'not a name' is not a requirement" in found["pypi"][1]
    task = bench.task("import orbits; print(orbits.VALUE)", existing_cluster_id=cluster)
    job = bench.create(task)
    run = bench.finish(bench.start(job))
    details = run["tasks"][0]["status"]["termination_details"]
    assert details["code"] == "LIBRARY_INSTALLATION_ERROR"
    assert f"The library whl {bad[0].whl} of cluster {cluster}: " in details["message"]
    assert "does not exist" in details["message"]
    bench.client.libraries.uninstall(cluster, bad)
    bench.client.libraries.install(cluster, [good])
    bench.client.clusters.restart_and_wait(cluster)
    assert settled(bench, cluster) == {"whl": (INSTALLED, "")}
    run = bench.finish(bench.start(job))
    assert run["state"]["result_state"] == "SUCCESS", bench.output(run)


@pytest.mark.usefixtures("stored")
def test_a_cluster_installs_its_libraries_when_it_starts(bench: Workbench) -> None:
    made = bench.client.clusters.create(**MADE)
    cluster = str(made.cluster_id)
    library = Library(whl=f"{VOLUME}/orbits-2.0-py3-none-any.whl")
    bench.client.libraries.install(cluster, [library])
    bench.client.clusters.delete_and_wait(cluster)
    (item,) = bench.client.libraries.cluster_status(cluster)
    assert item.status is LibraryInstallStatus.PENDING
    run = bench.run(bench.task("import orbits; print(orbits.VALUE)", existing_cluster_id=cluster))
    assert run["state"]["result_state"] == "SUCCESS", bench.output(run)
    assert settled(bench, cluster) == {"whl": (INSTALLED, "")}
    bench.client.clusters.permanent_delete(cluster)
