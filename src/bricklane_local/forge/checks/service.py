"""Keeps commit statuses and check runs.

Source: https://docs.github.com/en/rest/commits/statuses and /en/rest/checks/runs
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.checks.model import PASSING, CheckRun, Status
from bricklane_local.forge.checks.wire import check_wire, status_wire
from bricklane_local.forge.errors import ForgeApiError, custom, invalid
from bricklane_local.forge.records import Records

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

LIMIT = 1000  # statuses of one commit and context
DESCRIPTION_LIMIT = 140


class Statuses:
    """The statuses of all commits.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_status", Status)

    def under(self, repository: Repository, sha: str) -> list[Status]:
        """Return the statuses of a commit, newest first."""
        return self._records.under(f"{repository.id}/{sha}", descending=True)

    def create(
        self,
        repository: Repository,
        caller: Caller,
        sha: str,
        *,
        context: str = "default",
        state: str,
        description: str = "",
        target_url: str = "",
    ) -> Status:
        """Say something of a commit, which is known to exist.

        Args:
            repository: of the commit.
            caller: who says it.
            sha: the commit.
            context: name of the check.
            state: ``error``, ``failure``, ``pending`` or ``success``.
            description: one line.
            target_url: where the log is.

        Raises:
            ForgeApiError: 422 when the description is too long, or there are too many.
        """
        self._check(repository, sha, context, description)
        status = Status(
            self._forge.next_id(),
            sha,
            context,
            state,
            description,
            target_url,
            caller.user.login,
            self._forge.clock.now(),
        )
        return self._record(repository, caller, status)

    def _check(self, repository: Repository, sha: str, context: str, description: str) -> None:
        if len(description) > DESCRIPTION_LIMIT:
            message = f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
            raise custom("Status", message)
        same = sum(1 for item in self.under(repository, sha) if item.context == context)
        if same >= LIMIT:
            message = "This SHA and context has reached the maximum number of statuses."
            raise custom("Status", message)

    def _record(self, repository: Repository, caller: Caller, status: Status) -> Status:
        with self._forge.transaction():
            key, parent = f"{repository.id}/{status.id}", f"{repository.id}/{status.sha}"
            self._records.put(key, status, parent=parent, position=status.id)
            body = status_wire(self._forge, repository, status)
            more = {"sha": status.sha, "name": repository.full_name, "branches": []}
            self._forge.publish("status", repository, caller, body | more, sha=status.sha)
        return status

    def latest(self, repository: Repository, sha: str) -> list[Status]:
        """Return the newest status of each context, by context."""
        found: dict[str, Status] = {}
        for status in self.under(repository, sha):
            found.setdefault(status.context, status)
        return sorted(found.values(), key=lambda status: status.context)

    def combined(self, repository: Repository, sha: str) -> str:
        """Return what all statuses of a commit say together; pending when there is none."""
        states = {status.state for status in self.latest(repository, sha)}
        if states & {"error", "failure"}:
            return "failure"
        return "success" if states == {"success"} else "pending"

    def states(self, repository: Repository, sha: str) -> dict[str, str]:
        """Return what statuses and check runs say of a commit, by name.

        A check run counts as success when it passed, was neutral or skipped.
        """
        found = {status.context: status.state for status in self.latest(repository, sha)}
        for run in self._forge.checks.latest(repository, sha):
            if run.status != "completed":
                found[run.name] = "pending"
            elif run.conclusion in PASSING:
                found.setdefault(run.name, "success")
            else:
                found[run.name] = "failure"
        return found

    def rollup(self, repository: Repository, sha: str) -> str:
        """Return what statuses and check runs say together; empty when there is none."""
        states = set(self.states(repository, sha).values())
        if not states:
            return ""
        if states & {"error", "failure"}:
            return "failure"
        return "pending" if "pending" in states else "success"


class Checks:
    """The check runs of all commits.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_check", CheckRun)

    def under(self, repository: Repository, sha: str) -> list[CheckRun]:
        """Return the check runs of a commit, newest first."""
        return self._records.under(f"{repository.id}/{sha}", descending=True)

    def latest(self, repository: Repository, sha: str) -> list[CheckRun]:
        """Return the newest run of each check, newest first."""
        found: dict[str, CheckRun] = {}
        for run in self.under(repository, sha):
            found.setdefault(run.name, run)
        return list(found.values())

    def get(self, repository: Repository, number: int) -> CheckRun:
        """Return one check run.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(f"{repository.id}/{number}")

    def create(
        self,
        repository: Repository,
        caller: Caller,
        *,
        name: str,
        head_sha: str,
        status: str = "queued",
        **more: Any,
    ) -> CheckRun:
        """Begin a check run on a commit, which is known to exist.

        Args:
            repository: of the commit.
            caller: who reports.
            name: of the check.
            head_sha: the commit.
            status: one of ``STATUSES``.
            more: further fields of :class:`CheckRun`.
        """
        if not name.strip():
            raise invalid("CheckRun", "name", "missing_field")
        number = self._forge.next_id()
        run = CheckRun(number, head_sha, name, status, **({"suite": number} | more))
        if not run.started_at:
            run = replace(run, started_at=self._forge.clock.now())
        run = self._completed(run)
        self._save(repository, caller, run, "created")
        return run

    def update(
        self, repository: Repository, caller: Caller, number: int, **changes: Any
    ) -> CheckRun:
        """Report what became of a check run.

        Args:
            repository: of the commit.
            caller: who reports.
            number: of the run.
            changes: fields of :class:`CheckRun`; a conclusion completes it.
        """
        run = self._completed(replace(self.get(repository, number), **changes))
        self._save(repository, caller, run, "completed" if run.conclusion else "rerequested")
        return run

    def _completed(self, run: CheckRun) -> CheckRun:
        if run.conclusion and run.status != "completed":
            run = replace(run, status="completed")
        if run.status == "completed" and not run.conclusion:
            raise ForgeApiError(
                422, 'Invalid request.\n\n"conclusion" is required when "status" is "completed".'
            )
        if run.conclusion and not run.completed_at:
            run = replace(run, completed_at=self._forge.clock.now())
        return run

    def _save(self, repository: Repository, caller: Caller, run: CheckRun, action: str) -> None:
        with self._forge.transaction():
            key, parent = f"{repository.id}/{run.id}", f"{repository.id}/{run.sha}"
            self._records.put(key, run, parent=parent, position=run.id)
            if action != "rerequested":
                payload = {"action": action, "check_run": check_wire(self._forge, repository, run)}
                self._forge.publish("check_run", repository, caller, payload, sha=run.sha)
