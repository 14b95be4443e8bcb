"""Deployments and checks on GitHub."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

from bricklane.forge.github import shapes
from bricklane.forge.github.api import Api, Json
from bricklane.forge.model import Check, CheckState, Deployment, DeploymentState

# https://docs.github.com/rest/deployments/statuses and /rest/commits/statuses
DESCRIPTION = 140


def cut(text: str) -> str:
    """Return ``text`` as long as GitHub takes it."""
    return text if len(text) <= DESCRIPTION else text[: DESCRIPTION - 1] + "…"


class Deployments:
    """The part of the protocol that is about deployments and checks."""

    api: Api

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
        """Record that ``commit`` is about to be deployed.

        GitHub takes one ref and resolves it itself, so that a branch that moves would name another
        commit. It is given the commit; the branch travels in the payload, and beside it a number
        by which a record is found whose answer was lost.

        Args:
            environment: such as ``staging``.
            commit: the SHA that is deployed.
            ref: the branch or tag it is deployed from.
            task: what kind of deployment it is.
            payload: what to write down.
            description: one line.
        """
        number = uuid.uuid4().hex
        wanted = {
            "ref": commit,
            "environment": environment,
            "task": task,
            "payload": {**payload, shapes.OWN: {"ref": ref, "number": number}},
            "description": cut(description),
            "auto_merge": False,
            "required_contexts": [],
        }

        def look() -> Json | None:
            rows = self.api.pages("deployments", environment=environment, sha=commit, task=task)
            own = ((row, shapes.payload(row).get(shapes.OWN, {})) for row in rows)
            return next((row for row, mark in own if mark.get("number") == number), None)

        return shapes.deployment(self.api.create("deployments", wanted, look), None)

    def set_deployment_status(
        self, deployment: int, state: DeploymentState, *, description: str = "", log_url: str = ""
    ) -> None:
        """Add a status to a deployment; descriptions are cut at 140 characters."""
        wanted = {"state": state.value, "description": cut(description)}
        if log_url:
            wanted["log_url"] = log_url
        # The latest status counts, so that the same one twice says no more than once.
        self.api.create(f"deployments/{deployment}/statuses", wanted, lambda: None)

    def deployments(
        self, *, environment: str | None = None, commit: str | None = None, task: str | None = None
    ) -> Iterator[Deployment]:
        """Yield deployments with their latest status, newest first.

        Each costs a request for its status: take as many as needed and no more.
        """
        rows = self.api.pages("deployments", environment=environment, sha=commit, task=task)
        for row in rows:
            statuses = self.api.get(f"deployments/{row['id']}/statuses", per_page=1)
            yield shapes.deployment(row, statuses[0] if statuses else None)

    def checks(self, commit: str) -> list[Check]:
        """Return what checks say of a commit, statuses and check runs, by name."""
        statuses = self.api.pages(f"commits/{commit}/status", "statuses")
        runs = self.api.pages(f"commits/{commit}/check-runs", "check_runs", filter="latest")
        found = [shapes.status(row) for row in statuses] + [shapes.check_run(row) for row in runs]
        return sorted(found, key=lambda check: check.name)

    def set_check(
        self, commit: str, name: str, state: CheckState, *, description: str = "", url: str = ""
    ) -> None:
        """Say something of a commit, as a commit status."""
        wanted = {"state": state.value, "context": name, "description": cut(description)}
        if url:
            wanted["target_url"] = url
        self.api.create(f"statuses/{commit}", wanted, lambda: None)
