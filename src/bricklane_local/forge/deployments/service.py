"""Keeps deployments and their statuses.

Source: https://docs.github.com/en/rest/deployments/deployments and /en/rest/deployments/statuses
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actors import actor, person
from bricklane_local.forge.deployments.wire import deployment_wire, status_wire
from bricklane_local.forge.errors import ForgeApiError, custom
from bricklane_local.forge.git import history, merging, refs
from bricklane_local.forge.git.failures import GitFailure, MergeConflict
from bricklane_local.forge.git.model import FORGE, HEADS, RefChange
from bricklane_local.forge.records import Records

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
DESCRIPTION_LIMIT = 140


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment of a commit to an environment.

    Args:
        id: number on the whole forge.
        sha: the commit.
        ref: branch, tag or SHA that was asked for.
        task: what kind of deployment it is.
        payload: what the one who deployed wrote down: an object or a text.
        environment: name.
        description: for people.
        creator: login.
        transient: whether the environment will be gone some day.
        production: whether people use what is deployed there.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
    """

    id: int
    sha: str
    ref: str
    task: str
    payload: Any
    environment: str
    description: str
    creator: str
    transient: bool
    production: bool
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """What became of a deployment at one moment.

    Args:
        id: number on the whole forge.
        deployment: id of the deployment.
        state: one of ``STATES``.
        description: for people.
        environment: name.
        log_url: where the log is.
        environment_url: where what was deployed is.
        creator: login.
        created_at: milliseconds since the epoch.
    """

    id: int
    deployment: int
    state: str
    description: str
    environment: str
    log_url: str
    environment_url: str
    creator: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be deployed.

    Args:
        ref: branch, tag or SHA.
        environment: name.
        task: what kind of deployment it is.
        payload: an object or a text.
        description: for people.
        auto_merge: whether the default branch is merged into ``ref`` first when it lags behind.
        required_contexts: checks that must be green; None for all that there are.
        transient: whether the environment will be gone some day.
        production: whether people use what is deployed there; None for what the name says.
    """

    ref: str
    environment: str = "production"
    task: str = "deploy"
    payload: Any = field(default_factory=dict)
    description: str = ""
    auto_merge: bool = True
    required_contexts: list[str] | None = None
    transient: bool = False
    production: bool | None = None


class Deployments:
    """The deployments of all repositories.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_deployment", Deployment)
        self._statuses = Records(forge.space, "forge_deployment_status", DeploymentStatus)

    def all(self, repository: Repository) -> list[Deployment]:
        """Return the deployments of a repository, newest first."""
        return self._records.under(repository.parent, descending=True)

    def get(self, repository: Repository, number: int) -> Deployment:
        """Return one deployment.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(f"{repository.id}/{number}")

    def statuses(self, repository: Repository, number: int) -> list[DeploymentStatus]:
        """Return the statuses of a deployment, newest first."""
        return self._statuses.under(f"{repository.id}/{number}", descending=True)

    async def order(self, repository: Repository, caller: Caller, order: Order) -> Deployment | str:
        """Create a deployment.

        Returns:
            It, or what was merged instead: the caller then asks again.

        Raises:
            ForgeApiError: 422 when the ref is missing, 409 when checks are not green or the default
                branch does not merge.
        """
        bare = self._forge.git.repository(repository.id)
        sha = await refs.find(bare, order.ref)
        if sha is None:
            raise ForgeApiError(422, f"No ref found for: {order.ref}")
        if order.auto_merge:
            merged = await self._merge_default(repository, caller, order.ref, sha)
            if merged:
                return merged
        self._check_contexts(repository, order, sha)
        production = order.production
        if production is None:
            production = order.environment == "production"
        return self.create(
            repository,
            caller,
            sha=sha,
            ref=order.ref,
            environment=order.environment,
            task=order.task,
            payload=order.payload,
            description=order.description,
            transient=order.transient,
            production=production,
        )

    async def _merge_default(
        self, repository: Repository, caller: Caller, ref: str, sha: str
    ) -> str:
        bare, default = self._forge.git.repository(repository.id), repository.default_branch
        branches = await refs.branches(bare)
        if ref not in branches or ref == default or default not in branches:
            return ""
        if await history.is_ancestor(bare, branches[default], sha):
            return ""
        message = f"Merge branch '{default}' into {ref}"
        try:
            merge = await merging.merge(
                bare, sha, branches[default], message, person(caller.user), FORGE
            )
            change = RefChange(HEADS + ref, sha, merge)
            await self._forge.git.change_refs(repository.id, actor(caller), [change])
        except MergeConflict:
            raise ForgeApiError(409, f"Conflict merging {default} into {ref}") from None
        except GitFailure as failure:
            raise ForgeApiError(409, f"Conflict: {failure.message}") from None
        return f"Auto-merged {default} into {ref} on deployment."

    def _check_contexts(self, repository: Repository, order: Order, sha: str) -> None:
        states = self._forge.statuses.states(repository, sha)
        wanted = list(states) if order.required_contexts is None else order.required_contexts
        contexts = [{"context": name, "state": states.get(name, "pending")} for name in wanted]
        if all(item["state"] == "success" for item in contexts):
            return
        error = {
            "contexts": contexts,
            "resource": "Deployment",
            "field": "required_contexts",
            "code": "invalid",
        }
        message = f"Conflict: Commit status checks failed for {order.ref}."
        raise ForgeApiError(409, message, [error])

    def create(
        self,
        repository: Repository,
        caller: Caller,
        *,
        sha: str,
        ref: str,
        environment: str,
        task: str = "deploy",
        payload: Any = None,
        description: str = "",
        transient: bool = False,
        production: bool = False,
    ) -> Deployment:
        """Record a deployment of a commit that is known to exist; its environment is made too.

        The arguments are the fields of :class:`Deployment`.
        """
        _check_description("Deployment", description)
        now = self._forge.clock.now()
        deployment = Deployment(
            self._forge.next_id(),
            sha,
            ref,
            task,
            {} if payload is None else payload,
            environment,
            description,
            caller.user.login,
            transient,
            production,
            now,
            now,
        )
        return self._record(repository, caller, deployment)

    def _record(self, repository: Repository, caller: Caller, deployment: Deployment) -> Deployment:
        with self._forge.transaction():
            self._forge.environments.ensure(repository, deployment.environment)
            key = f"{repository.id}/{deployment.id}"
            self._records.put(key, deployment, parent=repository.parent, position=deployment.id)
            payload = {"deployment": deployment_wire(self._forge, repository, deployment)}
            self._forge.publish("deployment", repository, caller, payload, sha=deployment.sha)
        return deployment

    def add_status(
        self,
        repository: Repository,
        caller: Caller,
        number: int,
        state: str,
        *,
        log_url: str = "",
        description: str = "",
        environment_url: str = "",
        auto_inactive: bool = True,
    ) -> DeploymentStatus:
        """Say what became of a deployment.

        Args:
            repository: where.
            caller: who says it.
            number: id of the deployment.
            state: one of ``STATES``.
            log_url: where the log is.
            description: for people.
            environment_url: where what was deployed is.
            auto_inactive: whether success makes earlier deployments of the same environment
                inactive, if they are neither transient nor to production.
        """
        deployment = self.get(repository, number)
        _check_description("DeploymentStatus", description)
        with self._forge.transaction():
            if state == "success" and auto_inactive:
                self._supersede(repository, caller, deployment)
            return self._add(
                repository,
                caller,
                deployment,
                state,
                log_url=log_url,
                description=description,
                environment_url=environment_url,
            )

    def _add(
        self,
        repository: Repository,
        caller: Caller,
        deployment: Deployment,
        state: str,
        *,
        log_url: str = "",
        description: str = "",
        environment_url: str = "",
    ) -> DeploymentStatus:
        status = DeploymentStatus(
            self._forge.next_id(),
            deployment.id,
            state,
            description,
            deployment.environment,
            log_url,
            environment_url,
            caller.user.login,
            self._forge.clock.now(),
        )
        self._statuses.put(
            f"{repository.id}/{status.id}",
            status,
            parent=f"{repository.id}/{deployment.id}",
            position=status.id,
        )
        payload = {
            "deployment_status": status_wire(self._forge, repository, status),
            "deployment": deployment_wire(self._forge, repository, deployment),
        }
        self._forge.publish("deployment_status", repository, caller, payload, sha=deployment.sha)
        return status

    def _supersede(self, repository: Repository, caller: Caller, deployment: Deployment) -> None:
        for other in self.all(repository):
            older = other.id < deployment.id and other.environment == deployment.environment
            if not older or other.transient or other.production:
                continue
            statuses = self.statuses(repository, other.id)
            if statuses and statuses[0].state == "success":
                self._add(repository, caller, other, "inactive")

    def delete(self, repository: Repository, number: int) -> None:
        """Remove a deployment.

        Raises:
            ForgeApiError: 422 when it is active and not the only one.
        """
        deployment = self.get(repository, number)
        statuses = self.statuses(repository, number)
        active = bool(statuses) and statuses[0].state not in ("inactive", "failure", "error")
        if active and len(self.all(repository)) > 1:
            raise custom(
                "Deployment", "Cannot delete an active deployment unless it is the only one"
            )
        with self._forge.transaction():
            self._statuses.remove_under(f"{repository.id}/{deployment.id}")
            self._records.remove(f"{repository.id}/{deployment.id}")


def _check_description(resource: str, description: str) -> None:
    if len(description) > DESCRIPTION_LIMIT:
        message = f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
        raise custom(resource, message)
