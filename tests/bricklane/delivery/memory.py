"""The forge in memory of the flows' tests, with deployments, checks and attached files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bricklane.forge.errors import ForgeError
from bricklane.forge.model import (
    Check,
    CheckState,
    Deployment,
    DeploymentState,
    PullRequest,
    Release,
    WorkflowRun,
)
from tests.bricklane.gitflow.forge import MemoryForge

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class DeliveryForge(MemoryForge):
    """Deployments newest first; a successful one makes those before it inactive, as on GitHub."""

    rows: list[Deployment] = field(default_factory=list)
    history: dict[int, list[DeploymentState]] = field(default_factory=dict)
    statuses: dict[str, dict[str, Check]] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    down: bool = False

    def create_deployment(
        self,
        *,
        environment: str,
        commit: str,
        ref: str,
        task: str,
        payload: Mapping[str, object],
        description: str = "",
    ) -> Deployment:
        number = len(self.rows) + 1
        at = BEGAN + timedelta(minutes=number)
        state = DeploymentState.PENDING
        made = Deployment(
            number, environment, commit, ref, task, payload, self.user, at, state, description, "",
            at,
        )  # fmt: skip
        self.rows.insert(0, made)
        self.history[number] = []
        return made

    def set_deployment_status(
        self, deployment: int, state: DeploymentState, *, description: str = "", log_url: str = ""
    ) -> None:
        if self.down:
            raise ForgeError("the forge is down")
        self.history[deployment].append(state)
        made = next(row for row in self.rows if row.id == deployment)
        for place, row in enumerate(self.rows):
            if row.id == deployment:
                at = row.updated_at + timedelta(seconds=1)
                self.rows[place] = replace(
                    row, state=state, description=description, log_url=log_url, updated_at=at
                )
            elif (
                state is DeploymentState.SUCCESS
                and row.state is DeploymentState.SUCCESS
                and row.environment == made.environment
            ):
                self.rows[place] = replace(row, state=DeploymentState.INACTIVE, description="")

    def deployments(
        self, *, environment: str | None = None, commit: str | None = None, task: str | None = None
    ) -> Iterator[Deployment]:
        for row in list(self.rows):
            wanted = ((environment, row.environment), (commit, row.commit), (task, row.task))
            if all(want is None or want == has for want, has in wanted):
                yield row

    def checks(self, commit: str) -> list[Check]:
        return sorted(self.statuses.get(commit, {}).values(), key=lambda check: check.name)

    def set_check(
        self, commit: str, name: str, state: CheckState, *, description: str = "", url: str = ""
    ) -> None:
        self.statuses.setdefault(commit, {})[name] = Check(name, state, description, url)

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        return [found for found in self.pulls.values() if found.merge_commit == commit]

    def workflow_run(self, run: int) -> WorkflowRun | None:
        return next((found for found in self.runs if found.id == run), None)

    def upload_asset(self, release: Release, path: Path) -> None:
        self.files[release.tag, path.name] = path.read_bytes()
        self._list(release.tag)

    def download_asset(self, release: Release, name: str, path: Path) -> None:
        path.write_bytes(self.files[release.tag, name])

    def delete_asset(self, release: Release, name: str) -> None:
        self.files.pop((release.tag, name), None)
        self._list(release.tag)

    def _list(self, tag: str) -> None:
        names = sorted(name for of, name in self.files if of == tag)
        assets = {name: number for number, name in enumerate(names)}
        self.releases[tag] = replace(self.releases[tag], assets=assets)
