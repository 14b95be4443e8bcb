"""Workflows of GitHub Actions, their runs and approvals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bricklane.forge.errors import ForgeConflict, ForgeForbidden
from bricklane.forge.github import shapes
from bricklane.forge.github.api import Api, Json, segment
from bricklane.forge.github.environments import reviewer_name
from bricklane.forge.github.refusals import Missing
from bricklane.forge.model import PendingApproval, WorkflowRun


class Workflows:
    """The part of the protocol that is about workflows."""

    api: Api

    def dispatch_workflow(self, file: str, *, ref: str, inputs: Mapping[str, str]) -> None:
        """Start the workflow in ``file`` (such as ``deploy-staging.yml``) on a branch or tag."""
        newest = self._dispatched(file, ref)
        before = newest["id"] if newest else 0

        def look() -> Json | None:
            found = self._dispatched(file, ref)
            return found if found and found["id"] > before else None

        path = f"actions/workflows/{segment(file)}/dispatches"
        self.api.create(path, {"ref": ref, "inputs": dict(inputs)}, look)

    def _dispatched(self, file: str, branch: str) -> Json | None:
        path = f"actions/workflows/{segment(file)}/runs"
        found = self.api.get(path, event="workflow_dispatch", branch=branch, per_page=1)
        return found["workflow_runs"][0] if found["workflow_runs"] else None

    def workflow_runs(
        self, *, file: str | None = None, branch: str | None = None, commit: str | None = None
    ) -> Iterator[WorkflowRun]:
        """Yield workflow runs, newest first; none of a file that is no workflow."""
        workflow = f"actions/workflows/{segment(file)}" if file else "actions"
        rows = self.api.pages(f"{workflow}/runs", "workflow_runs", branch=branch, head_sha=commit)
        try:
            yield from map(shapes.workflow_run, rows)
        except Missing:
            if file is None or self.api.find(workflow) is not None:
                raise

    def workflow_run(self, run: int) -> WorkflowRun | None:
        """Return one workflow run."""
        data = self.api.find(f"actions/runs/{run}")
        return shapes.workflow_run(data) if data else None

    def workflow_log(self, run: int) -> str:
        """Return the log of a run, all jobs one after the other.

        GitHub has the log of a job once it has ended; until then its state stands there.
        """
        parts = []
        for job in self.api.pages(f"actions/runs/{run}/jobs", "jobs", filter="latest"):
            try:
                text = self.api.text(f"actions/jobs/{job['id']}/logs")
            except Missing:
                text = f"(no log: {job.get('conclusion') or job['status']})\n"
            parts.append(f"=== {job['name']}\n{text}")
        return "\n".join(parts)

    def cancel_run(self, run: int) -> None:
        """Ask that a run end, which takes a moment; one that has ended stays as it is."""
        try:
            self.api.create(f"actions/runs/{run}/cancel", None, lambda: None)
        except ForgeConflict:
            found = self.workflow_run(run)
            if found is not None and found.unfinished:
                raise

    def pending_approvals(self, run: int) -> list[PendingApproval]:
        """Return the environments that a run waits for."""
        return [
            PendingApproval(
                environment=row["environment"]["name"],
                reviewers=tuple(reviewer_name(reviewer) for reviewer in row["reviewers"]),
                may_approve=row["current_user_can_approve"],
            )
            for row in self._pending(run)
        ]

    def _pending(self, run: int) -> list[Json]:
        return list(self.api.get(f"actions/runs/{run}/pending_deployments"))

    def review_run(
        self, run: int, environments: Sequence[str], *, approve: bool, comment: str
    ) -> None:
        """Approve or reject a run's entry into environments.

        Raises:
            ForgeForbidden: when the token's owner is not one of the reviewers.
            ForgeConflict: when the run does not wait for one of them.
        """
        waiting = {row["environment"]["name"]: row for row in self._pending(run)}
        for name in environments:
            if name not in waiting:
                raise ForgeConflict(
                    f"workflow run {run} does not wait to enter {name}",
                    hint=f"it waits for: {', '.join(sorted(waiting)) or 'nothing'}",
                )
            if not waiting[name]["current_user_can_approve"]:
                reviewers = map(reviewer_name, waiting[name]["reviewers"])
                raise ForgeForbidden(
                    f"the token's owner may not review {name} for workflow run {run}",
                    hint=f"ask one of: {', '.join(reviewers)}",
                )
        wanted = {
            "environment_ids": [waiting[name]["environment"]["id"] for name in environments],
            "state": "approved" if approve else "rejected",
            "comment": comment,
        }
        path = f"actions/runs/{run}/pending_deployments"

        def look() -> Json | None:
            still = {row["environment"]["name"] for row in self._pending(run)}
            return None if still & set(environments) else {}

        self.api.create(path, wanted, look)
