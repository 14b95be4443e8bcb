"""Keeps environments and the branches that may deploy to them.

Source: https://docs.github.com/en/rest/deployments/environments and
/en/rest/deployments/branch-policies
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.errors import ForgeApiError, custom, invalid
from bricklane_local.forge.git.model import HEADS, TAGS
from bricklane_local.forge.records import Records
from bricklane_local.forge.rules.patterns import matches
from bricklane_local.forge.users.model import ENTERPRISE

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

WAIT_LIMIT = 43_200  # minutes, 30 days
REVIEWERS_LIMIT = 6
NAME_LIMIT = 255
PROTECTED, CUSTOM = "protected", "custom"


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of a repository.

    Args:
        id: number on the whole forge.
        name: unique in the repository without regard to case.
        wait_timer: minutes that a job waits.
        prevent_self_review: whether who started the run may not approve it.
        reviewers: ids of the users of whom one has to approve.
        admins_bypass: whether administrators may let a job in that nobody has approved.
        policy: which branches may deploy: ``protected`` ones, those of ``custom`` patterns, or all
            when it is empty.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
    """

    id: int
    name: str
    wait_timer: int = 0
    prevent_self_review: bool = False
    reviewers: list[int] = field(default_factory=list)
    admins_bypass: bool = True
    policy: str = ""
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class BranchPolicy:
    """A pattern of branches or tags that may deploy to an environment.

    Args:
        id: number on the whole forge.
        name: the pattern.
        type: ``branch`` or ``tag``.
    """

    id: int
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Gate:
    """What a job must pass before it may use an environment.

    Args:
        id: of the environment.
        name: of the environment, as it was first written.
        wait_minutes: before the job starts.
        reviewers: logins, one of whom has to approve; empty for none.
        prevent_self_review: whether who started the run may not approve it.
    """

    id: int
    name: str
    wait_minutes: int
    reviewers: tuple[str, ...]
    prevent_self_review: bool


class Environments:
    """The environments of all repositories.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_environment", Environment)
        self._policies = Records(forge.space, "forge_branch_policy", BranchPolicy)

    def all(self, repository: Repository) -> list[Environment]:
        """Return the environments of a repository, oldest first."""
        return self._records.under(repository.parent)

    def find(self, repository: Repository, name: str) -> Environment | None:
        """Return an environment, or None."""
        return self._records.find(_key(repository, name))

    def get(self, repository: Repository, name: str) -> Environment:
        """Return an environment.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(_key(repository, name))

    def ensure(self, repository: Repository, name: str) -> Environment:
        """Return an environment, made without rules when it is absent."""
        return self.find(repository, name) or self.save(repository, name)

    def save(self, repository: Repository, name: str, **rules: Any) -> Environment:
        """Make an environment, or bring it to these rules; those not given are the usual ones.

        Raises:
            ForgeApiError: 422 when a rule is not allowed.
        """
        if not name.strip() or len(name) > NAME_LIMIT:
            raise invalid("Environment", "name")
        now = self._forge.clock.now()
        present = self.find(repository, name)
        known = (
            Environment(self._forge.next_id(), name, created_at=now)
            if present is None
            else (Environment(present.id, present.name, created_at=present.created_at))
        )
        changed = replace(known, updated_at=now, **rules)
        self._check(repository, changed)
        with self._forge.transaction():
            if changed.policy != CUSTOM:
                self._policies.remove_under(_key(repository, name))
            return self._records.put(
                _key(repository, name), changed, parent=repository.parent, position=changed.id
            )

    def _check(self, repository: Repository, environment: Environment) -> None:
        if not 0 <= environment.wait_timer <= WAIT_LIMIT:
            raise custom("Environment", f"wait_timer must be between 0 and {WAIT_LIMIT} minutes")
        if len(environment.reviewers) > REVIEWERS_LIMIT:
            raise custom("Environment", f"At most {REVIEWERS_LIMIT} reviewers are allowed")
        if environment.reviewers and not self._asks_reviewers(repository):
            raise ForgeApiError(
                422,
                "Failed to create the environment protection rule. Please ensure the billing plan "
                "supports the required reviewers protection rule.",
            )
        for number in environment.reviewers:
            user = self._forge.users.by_id(number)
            if user is None or not self._forge.repositories.takes_part(repository, user):
                raise custom(
                    "Environment", f"Reviewer {number} does not have access to the repository"
                )

    def _asks_reviewers(self, repository: Repository) -> bool:
        """Say whether the owner's plan lets a repository have reviewers.

        Source: https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
        """
        return not repository.private or self._forge.users.known(repository.owner).plan == (
            ENTERPRISE
        )

    def delete(self, repository: Repository, name: str) -> None:
        """Remove an environment with its secrets and variables.

        Raises:
            ForgeApiError: 404.
        """
        self.get(repository, name)
        with self._forge.transaction():
            self._policies.remove_under(_key(repository, name))
            self._forge.secrets.remove_all(repository, name)
            self._forge.variables.remove_all(repository, name)
            self._records.remove(_key(repository, name))

    def gate(self, repository: Repository, name: str) -> Gate:
        """Return what a job must pass to use an environment, made when it is absent."""
        found = self.ensure(repository, name)
        asked = found.reviewers if self._asks_reviewers(repository) else []
        users = (self._forge.users.by_id(number) for number in asked)
        return Gate(
            found.id,
            found.name,
            found.wait_timer,
            tuple(user.login for user in users if user is not None),
            found.prevent_self_review,
        )

    def branch_allowed(self, repository: Repository, name: str, ref: str) -> bool:
        """Say whether a ref, by its full name, may deploy to an environment."""
        found = self.ensure(repository, name)
        if not found.policy:
            return True
        if found.policy == PROTECTED:
            branch = ref.removeprefix(HEADS)
            return ref.startswith(HEADS) and self._forge.rules.is_protected(repository, branch)
        prefixes = {"branch": HEADS, "tag": TAGS}
        return any(
            ref.startswith(prefixes[policy.type])
            and matches(policy.name, ref.removeprefix(prefixes[policy.type]))
            for policy in self.policies(repository, name)
        )

    # Custom branch policies

    def policies(self, repository: Repository, name: str) -> list[BranchPolicy]:
        """Return the patterns of an environment, oldest first."""
        return self._policies.under(_key(repository, name))

    def policy(self, repository: Repository, name: str, number: int) -> BranchPolicy:
        """Return one pattern.

        Raises:
            ForgeApiError: 404.
        """
        self.get(repository, name)
        for policy in self.policies(repository, name):
            if policy.id == number:
                return policy
        raise ForgeApiError(404, "Not Found")

    def add_policy(
        self, repository: Repository, name: str, pattern: str, kind: str
    ) -> tuple[BranchPolicy, bool]:
        """Let branches of a pattern deploy.

        Returns:
            The policy, and whether it is new.

        Raises:
            ForgeApiError: 404 when the environment has no custom patterns.
        """
        if self.get(repository, name).policy != CUSTOM:
            raise ForgeApiError(404, "Not Found")
        for policy in self.policies(repository, name):
            if (policy.name, policy.type) == (pattern, kind):
                return policy, False
        made = BranchPolicy(self._forge.next_id(), pattern, kind)
        return self.save_policy(repository, name, made), True

    def save_policy(self, repository: Repository, name: str, policy: BranchPolicy) -> BranchPolicy:
        """Store a pattern.

        Raises:
            ForgeApiError: 422 when it is empty.
        """
        if not policy.name.strip():
            raise invalid("DeploymentBranchPolicy", "name", "missing_field")
        return self._policies.put(
            f"{repository.id}/{policy.id}",
            policy,
            parent=_key(repository, name),
            position=policy.id,
        )

    def remove_policy(self, repository: Repository, policy: BranchPolicy) -> None:
        """Let branches of a pattern deploy no longer."""
        self._policies.remove(f"{repository.id}/{policy.id}")


def _key(repository: Repository, name: str) -> str:
    return f"{repository.id}/{name.lower()}"
