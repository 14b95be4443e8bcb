"""Code that does not come with the bundle: packages of an index, files of a git repository."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bricklane_local.forge.desk import Desk
from tests.wheels import write_wheel

if TYPE_CHECKING:
    from databricks.sdk.service.jobs import Run, RunOutput

    from conftest import AcceptanceCloud, Bundle

pytestmark = pytest.mark.real
SOURCES = Path(__file__).parent / "sources"
USER, PASSWORD = "packages", "let me in"


class Index(SimpleHTTPRequestHandler):
    """A folder as an index (PEP 503) that wants a password."""

    def do_GET(self) -> None:
        """Serve a file or a page of links to those who know the password."""
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {wanted}":
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="packages"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Serve two versions of one package and one of another; return the index's address."""
    for name, version in (("celsius", "1.4.0"), ("celsius", "0.9.0"), ("kelvin", "1.0.0")):
        folder = tmp_path / "index" / "simple" / name
        folder.mkdir(parents=True, exist_ok=True)
        write_wheel(folder, name, version)
    handler = partial(Index, directory=str(tmp_path / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        user = f"{USER}:{PASSWORD.replace(' ', '%20')}"
        yield f"http://{user}@127.0.0.1:{server.server_port}/simple"
        server.shutdown()


@contextmanager
def deployed(bundle: Bundle, *variables: str) -> Iterator[list[str]]:
    """Deploy a bundle, and destroy it in the end.

    Args:
        bundle: the bundle.
        variables: of it, as ``NAME=VALUE``.

    Yields:
        The options that every command about this deployment takes.
    """
    options = [word for variable in variables for word in ("--var", variable)]
    bundle.run("deploy", *options).expect()
    try:
        yield options
    finally:
        bundle.run("destroy", "--auto-approve", *options).expect()


def outputs(bundle: Bundle, job_name: str) -> tuple[Run, dict[str, RunOutput]]:
    """Return the latest run of a job, and what each task has put out."""
    client = bundle.cloud.client
    (job,) = client.jobs.list(name=job_name)
    latest = next(iter(client.jobs.list_runs(job_id=job.job_id)))
    run = client.jobs.get_run(latest.run_id or 0)
    tasks = {task.task_key: task.run_id or 0 for task in run.tasks or []}
    return run, {key: client.jobs.get_run_output(run_id) for key, run_id in tasks.items()}


def test_packages_come_from_an_index_a_volume_and_a_requirements_file(
    acceptance_cloud: AcceptanceCloud, index: str, tmp_path: Path
) -> None:
    from databricks.sdk.service.catalog import VolumeType

    bundle = acceptance_cloud.copy(SOURCES / "private_packages", tmp_path)
    (bundle.folder / "requirements").mkdir()
    lines = ("# Of the company", f"--extra-index-url {index}", "celsius < 1", "kelvin")
    (bundle.folder / "requirements" / "company.txt").write_text("\n".join(lines) + "\n", "utf-8")
    release, client = write_wheel(tmp_path, "kelvin", "2.0.0"), acceptance_cloud.client
    client.schemas.create("private_packages", "dev")
    try:
        client.volumes.create("dev", "private_packages", "releases", VolumeType.MANAGED)
        volume = "dbfs:/Volumes/dev/private_packages/releases/"
        acceptance_cloud.run(tmp_path, "fs", "cp", str(release), volume).expect()
        with deployed(bundle, f"index_url={index}") as options:
            # Built again, the wheel has another version, by which the job is changed.
            assert "update jobs.measure" in bundle.run("plan", *options).expect().stdout
            bundle.run("run", "measure", *options).expect()
            _, ended = outputs(bundle, "[dev developer] private_packages")
            said = {key: (output.logs or "").splitlines() for key, output in ended.items()}
            # Of the deployment, the wheel's version is 0.3.0 and a local part.
            assert said["cluster"].pop().startswith("stations 0.3.0+")
            assert said == {
                "cluster": ["celsius 1.4.0", "kelvin 2.0.0"],
                "cluster_file": ["celsius 0.9.0", "kelvin 1.0.0"],
                "index": ["stations 0.3.0 of a deployment", "celsius 1.4.0"],
                "volume": ["kelvin 2.0.0"],
                "file": ["celsius 0.9.0", "kelvin 1.0.0"],
            }
    finally:
        client.schemas.delete("dev.private_packages", force=True)


def test_a_job_runs_what_its_repository_has(
    acceptance_cloud: AcceptanceCloud, tmp_path: Path
) -> None:
    body = json.loads((acceptance_cloud.root / "state" / "forge.json").read_bytes())
    desk = Desk(body["url"], body["users"], acceptance_cloud.root / "state")
    repository, code = desk.repository(), SOURCES / "git_source" / "repository"
    for path in sorted(path for path in code.rglob("*") if path.is_file()):
        name = path.relative_to(code).as_posix()
        repository.create_file(name, f"feat: {name}", path.read_text("utf-8"))
    made = acceptance_cloud.client.git_credentials.create(
        "gitHub", git_username="developer", personal_access_token=desk.tokens["developer"]
    )
    bundle = acceptance_cloud.copy(SOURCES / "git_source", tmp_path)
    try:
        url = f"repository={desk.url}/{repository.full_name}.git"
        with deployed(bundle, url) as options:
            planned = bundle.run("plan", *options).expect().stdout
            assert "0 to add, 0 to change, 0 to delete, 1 unchanged" in planned
            bundle.run("run", "nightly", *options).expect()
            run, ended = outputs(bundle, "[dev developer] git_source")
            assert run.git_source
            assert run.git_source.git_snapshot
            head = repository.get_branch("main").commit.sha
            assert run.git_source.git_snapshot.used_commit == head
            returned = {key: output.notebook_output for key, output in ended.items()}
            assert {key: value.result for key, value in returned.items() if value} == {
                "notebook": "good evening from main",
                "uploaded": "7 days",
            }
            assert ended["script"].logs == "['count.py']\n"
    finally:
        acceptance_cloud.client.git_credentials.delete(made.credential_id)


def test_a_bundle_takes_along_a_folder_beside_it(
    acceptance_cloud: AcceptanceCloud, tmp_path: Path
) -> None:
    repository = acceptance_cloud.copy(SOURCES / "monorepo", tmp_path)
    bundle = replace(repository, folder=repository.folder / "ingest")
    with deployed(bundle):
        root = bundle.read("summary")["workspace"]["file_path"]
        taken = acceptance_cloud.client.workspace.get_status(f"{root}/shared/common/limits.py")
        assert taken.size
        bundle.run("run", "ingest").expect()
        _, ended = outputs(bundle, "[dev developer] monorepo_ingest")
        assert ended["ingest"].notebook_output
        assert ended["ingest"].notebook_output.result == "at most 5,000"
