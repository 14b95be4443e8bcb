"""Levels that run inside of a workspace: sent, started, followed, brought back, removed."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane.delivery.wheels import project_command
from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.git import Git
from bricklane.testing import variables
from bricklane.testing.levels import commands
from bricklane.testing.levels.running import Place, Show, measured
from bricklane.testing.levels.workspace import SUMMARY_FILE
from bricklane.testing.making import FOLDER
from bricklane.testing.marks import marked_name, purge_time
from bricklane.testing.remote import packing
from bricklane.testing.remote.submitting import Compute, pytest_arguments, submission

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

RUNNER = Path(__file__).with_name("runner.py")
POLL_SECONDS = 1.0
ENDED = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})

# How long a run that was interrupted may take to end before its folder is removed.
CANCEL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Remote:
    """Runs levels in a workspace.

    Args:
        client: of the workspace.
        compute: where in it.
    """

    client: WorkspaceClient
    compute: Compute

    def __call__(self, place: Place, level: str, show: Show) -> int:
        """Run a level, bring its reports back, and return what pytest ended with.

        Raises:
            BricklaneError: when it could not be sent or started, or the run has left nothing.
        """
        from databricks.sdk.errors.base import DatabricksError

        try:
            with _folder(self.client) as folder:
                return self._run(place, level, show, folder)
        except DatabricksError as error:
            raise BricklaneError(
                f"the workspace {self.client.config.host} refused: {error}",
                hint="check what the profile may do there, and that the compute is there",
            ) from None

    def _run(self, place: Place, level: str, show: Show, folder: str) -> int:
        body = self._send(place, level, show, folder)
        answer: Any = self.client.api_client.do("POST", "/api/2.2/jobs/runs/submit", body=body)
        run_id = int(answer["run_id"])
        following = _Following(self.client, folder, show)
        try:
            run = following.until_end(run_id)
        except BaseException:
            _cancel(self.client, run_id)
            raise
        return self._results(place, run, folder)

    def _send(self, place: Place, level: str, show: Show, folder: str) -> Mapping[str, Any]:
        """Upload what the run needs and return the request that starts it."""
        git = Git.open(place.root, place.settings.gitflow.remote)
        with packing.temporary() as name:
            local = Path(name)
            count = packing.pack(git, place.root, place.reports, local / "project.zip")
            wheel = packing.bricklane_wheel(local)
            task = json.dumps(_task(place, level)).encode()
            _upload(self.client, f"{folder}/project.zip", (local / "project.zip").read_bytes())
            _upload(self.client, f"{folder}/runner.py", RUNNER.read_bytes())
            _upload(self.client, f"{folder}/task.json", task)
            summary = place.reports / SUMMARY_FILE
            if summary.is_file():
                _upload(self.client, f"{folder}/{SUMMARY_FILE}", summary.read_bytes())
            if wheel is not None:
                _upload(self.client, f"{folder}/{wheel.name}", wheel.read_bytes())
        show(f"{count} files are sent to {folder}")
        required = packing.requirements(place.root, wheel=wheel is not None)
        title = f"{place.settings.bundle}: {level} tests"
        return submission(self.compute, title, folder, wheel.name if wheel else "", required)

    def _results(self, place: Place, run: Mapping[str, Any], folder: str) -> int:
        """Bring the reports back and return what pytest ended with."""
        from databricks.sdk.errors import NotFound

        try:
            packed = _download(self.client, f"{folder}/results.zip")
            code = int(json.loads(_download(self.client, f"{folder}/exit.json")))
        except NotFound:
            raise BricklaneError(
                f"the run ended before its tests did: {_problem(self.client, run)}",
                hint=f"its page: {run.get('run_page_url', '')}",
            ) from None
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            for name in archive.namelist():
                # The archive comes from a machine where anything may run.
                if name == Path(name).name and not name.startswith("."):
                    (place.reports / name).write_bytes(archive.read(name))
        return code


def _task(place: Place, level: str) -> Mapping[str, Any]:
    text = commands.command_of(place.settings, level)
    words = project_command(text, place.root, {}).arguments
    told = {
        variables.LEVEL: level,
        variables.TARGET: place.target,
        variables.RERUNS: str(commands.reruns_of(place.settings, level)),
    }
    return {
        "level": level,
        "arguments": ["-v", *pytest_arguments(words, level), *place.arguments],
        "environment": told,
        "coverage": list(measured(place.settings, place.root)),
        "left_out": [path.relative_to(place.root).as_posix() for path in sorted(place.left_out)],
    }


@contextmanager
def _folder(client: WorkspaceClient) -> Iterator[str]:
    """Make a folder of one's own in the workspace, and remove it at the end.

    Its name is marked, so that ``bricklane sweep`` finds what a killed run has left.
    """
    user = client.current_user.me().user_name
    folder = f"/Workspace/Users/{user}/{FOLDER}/{marked_name('remote', purge_time())}"
    client.workspace.mkdirs(folder)
    try:
        yield folder
    finally:
        client.workspace.delete(folder, recursive=True)


def _upload(client: WorkspaceClient, path: str, content: bytes) -> None:
    from databricks.sdk.service.workspace import ImportFormat

    client.workspace.upload(path, io.BytesIO(content), format=ImportFormat.RAW, overwrite=True)


def _download(client: WorkspaceClient, path: str) -> bytes:
    with client.workspace.download(path) as file:
        return bytes(file.read())


@dataclass
class _Following:
    """Shows what a run prints while it goes on.

    Args:
        client: of the workspace.
        folder: of the run.
        show: takes each line.
    """

    client: WorkspaceClient
    folder: str
    show: Show
    seen: set[str] = field(default_factory=set)
    begun: str = ""

    def until_end(self, run_id: int) -> Mapping[str, Any]:
        """Show what a run prints until it has ended, and return the run."""
        said = ""
        while True:
            run: Any = self.client.api_client.do(
                "GET", "/api/2.2/jobs/runs/get", query={"run_id": run_id}
            )
            if not said:
                said = f"run {run_id}: {run.get('run_page_url', '')}"
                self.show(said)
            self._show_parts()
            if run["state"]["life_cycle_state"] in ENDED:
                self._show_parts()
                if self.begun:
                    self.show(self.begun)
                return dict(run)
            time.sleep(POLL_SECONDS)

    def _show_parts(self) -> None:
        from databricks.sdk.errors import NotFound

        try:
            listed = [
                str(item.path) for item in self.client.workspace.list(f"{self.folder}/progress")
            ]
        except NotFound:
            return
        for path in sorted(set(listed) - self.seen):
            self.seen.add(path)
            *lines, self.begun = (self.begun + _download(self.client, path).decode()).split("\n")
            for line in lines:
                self.show(line)


def _cancel(client: WorkspaceClient, run_id: int) -> None:
    """End a run, and wait a little until it has ended."""
    client.jobs.cancel_run(run_id)
    until = time.monotonic() + CANCEL_SECONDS
    while time.monotonic() < until:
        state = client.jobs.get_run(run_id).state
        if state and state.life_cycle_state and state.life_cycle_state.value in ENDED:
            return
        time.sleep(POLL_SECONDS)


def _problem(client: WorkspaceClient, run: Mapping[str, Any]) -> str:
    """Return what the run says of its end."""
    from databricks.sdk.errors.base import DatabricksError

    message = str(run["state"].get("state_message") or run["state"].get("result_state") or "")
    for task in run.get("tasks") or ():
        try:
            output = client.jobs.get_run_output(task["run_id"])
        except DatabricksError:
            continue  # A task that never began has none; the run's own message tells.
        if output.error:
            message = output.error
    return message or "it says nothing"


def open_remote(environment: Mapping[str, str], host: str, compute: Compute) -> Remote:
    """Return what runs levels in a workspace.

    Args:
        environment: says the profile, when there is one.
        host: of the target; empty when the profile or the environment says it.
        compute: where in the workspace.

    Raises:
        BricklaneError: when there is no way in.
    """
    from databricks.sdk import WorkspaceClient

    profile = environment.get("DATABRICKS_CONFIG_PROFILE")
    try:
        client = WorkspaceClient(host=None if profile else host or None, profile=profile)
    except ValueError as error:
        raise BricklaneError(
            f"there is no way into the workspace: {error}",
            hint="name a profile with --profile, or set DATABRICKS_HOST and what signs in there",
            exit_code=ExitCode.CONFIG,
        ) from None
    return Remote(client, compute)
