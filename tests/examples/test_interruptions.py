"""Deployments that something goes wrong in: the next one finishes the work, and nothing is lost."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import NotFound

if TYPE_CHECKING:
    from conftest import Bundle

pytestmark = pytest.mark.real
NOTHING_TO_DO = "0 to add, 0 to change, 0 to delete"


@dataclass(frozen=True)
class Interruption:
    """A request of a deployment that fails once.

    Args:
        bundle: folder of the bundle.
        method: of the request.
        path: regular expression for the whole path.
        when: ``before`` the effect, or ``after`` it, when only the answer is lost.
        code: exit code of the command.
    """

    bundle: str
    method: str
    path: str
    when: str = "before"
    code: int = 1


# An answer lost after something was created is not here: a job then exists that no client knows
# the id of, in the real service as well.
DEPLOY = {
    "upload of a file": Interruption(
        "unusual_names", "POST", r"/api/2\.0/workspace-files/import-file/.*\.yml"
    ),
    "answer to an upload": Interruption(
        "files", "POST", r"/api/2\.0/workspace-files/import-file/.*planets\.json", "after"
    ),
    "making of a folder": Interruption("files", "POST", r"/api/2\.0/workspace/mkdirs"),
    "making of a job": Interruption("control_flow", "POST", r"/api/2\.2/jobs/create"),
    "making of a scope": Interruption("secret_scope", "POST", r"/api/2\.0/secrets/scopes/create"),
    "giving of a permission": Interruption("secret_scope", "POST", r"/api/2\.0/secrets/acls/put"),
    "making of a schema": Interruption(
        "schema_and_volume", "POST", r"/api/2\.1/unity-catalog/schemas"
    ),
    "making of a volume": Interruption(
        "schema_and_volume", "POST", r"/api/2\.1/unity-catalog/volumes"
    ),
    "setting of permissions": Interruption(
        "job_permissions", "PUT", r"/api/2\.0/permissions/jobs/\d+"
    ),
    "answer to the setting of permissions": Interruption(
        "job_permissions", "PUT", r"/api/2\.0/permissions/jobs/\d+", "after"
    ),
}
# Where only the answer is lost, the CLI finds the thing gone, warns, and goes on.
DESTROY = {
    "deletion of a job": Interruption("control_flow", "POST", r"/api/2\.2/jobs/delete"),
    "answer to the deletion of a job": Interruption(
        "control_flow", "POST", r"/api/2\.2/jobs/delete", "after", 0
    ),
    "deletion of a scope": Interruption("secret_scope", "POST", r"/api/2\.0/secrets/scopes/delete"),
    "deletion of a volume": Interruption(
        "schema_and_volume", "DELETE", r"/api/2\.1/unity-catalog/volumes/.*"
    ),
    "answer to the deletion of a schema": Interruption(
        "schema_and_volume", "DELETE", r"/api/2\.1/unity-catalog/schemas/.*", "after", 0
    ),
    "deletion of the files": Interruption("files", "POST", r"/api/2\.0/workspace/delete"),
}


def rows(table: dict[str, Interruption]) -> pytest.MarkDecorator:
    """Parametrise a test with the rows of a table."""
    return pytest.mark.parametrize(
        ("bundle", "interruption"),
        [pytest.param(row.bundle, row, id=name) for name, row in table.items()],
        indirect=["bundle"],
    )


def interrupted(bundle: Bundle, interruption: Interruption, *arguments: str) -> None:
    """Run a command in which one request fails, and see the CLI say so."""
    # 400 is not tried again by clients; a 500 might be, and would then go unnoticed.
    fault = {
        "method": interruption.method,
        "path": interruption.path,
        "when": interruption.when,
        "error_code": "INVALID_STATE",
    }
    bundle.cloud.control("POST", "faults", fault)
    try:
        ended = bundle.run(*arguments).expect(interruption.code)
    finally:
        bundle.cloud.control("DELETE", "faults")
    assert f"planted fault {interruption.when} the effect" in ended.stderr


@rows(DEPLOY)
def test_next_deployment_finishes_what_failed(bundle: Bundle, interruption: Interruption) -> None:
    try:
        interrupted(bundle, interruption, "deploy")
        bundle.run("deploy").expect()
        assert NOTHING_TO_DO in bundle.run("plan").expect().stdout
    finally:
        bundle.run("destroy", "--auto-approve").expect()


@rows(DESTROY)
def test_next_destruction_finishes_what_failed(bundle: Bundle, interruption: Interruption) -> None:
    bundle.run("deploy").expect()
    try:
        interrupted(bundle, interruption, "destroy", "--auto-approve")
    finally:
        bundle.run("destroy", "--auto-approve").expect()
    names = [job.settings.name for job in bundle.cloud.client.jobs.list() if job.settings]
    assert not [name for name in names if name and interruption.bundle in name]


@pytest.mark.parametrize("bundle", ["job_settings"], indirect=True)
def test_only_one_of_two_deployments_at_once_has_the_lock(bundle: Bundle, tmp_path: Path) -> None:
    elsewhere = replace(bundle, folder=tmp_path / "elsewhere")
    shutil.copytree(bundle.folder, elsewhere.folder)
    try:
        with held_with_lock(bundle) as first:
            refused = elsewhere.run("deploy")
            first.send_signal(signal.SIGCONT)
        assert first.returncode == 0
        assert refused.code != 0
        assert "deploy lock" in refused.stderr
        assert NOTHING_TO_DO in elsewhere.run("plan").expect().stdout
        assert len([*bundle.cloud.client.jobs.list(name="job_settings")]) == 1
    finally:
        bundle.run("destroy", "--auto-approve").expect()


@contextmanager
def held_with_lock(bundle: Bundle) -> Iterator[subprocess.Popen[bytes]]:
    """Begin a deployment and stop its process while it has the lock."""
    lock = bundle.read("validate")["workspace"]["state_path"] + "/deploy.lock"
    for _ in range(20):
        with bundle.started("deploy") as process:
            while process.poll() is None and not present(bundle, lock):
                pass
            process.send_signal(signal.SIGSTOP)
            if present(bundle, lock):
                yield process
                return
            # It was quicker than we are: once more, from the start.
            process.send_signal(signal.SIGCONT)
        bundle.run("destroy", "--auto-approve").expect()
    pytest.fail("no deployment was seen with its lock")


def present(bundle: Bundle, path: str) -> bool:
    """Say whether the workspace has something at ``path``."""
    try:
        bundle.cloud.client.workspace.get_status(path)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize(
    "mortal_bundle", ["control_flow", "job_permissions", "secret_scope"], indirect=True
)
def test_deployment_outlives_the_server(mortal_bundle: Bundle) -> None:
    mortal_bundle.run("deploy").expect()
    mortal_bundle.cloud.crash()
    assert NOTHING_TO_DO in mortal_bundle.run("plan").expect().stdout
    mortal_bundle.cloud.crash()
    mortal_bundle.run("destroy", "--auto-approve").expect()
    assert not list(mortal_bundle.cloud.client.jobs.list())
