"""Judges pushes and merges by a repository's rules.

Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bricklane_local.forge.actors import caller_of
from bricklane_local.forge.git.changes import quarantined
from bricklane_local.forge.git.model import HEADS, Push, RefChange, Refusal
from bricklane_local.forge.rules.model import ACTIONS_APP, CLASSIC, ROLE_IDS, RULESET, Rule
from bricklane_local.forge.rules.patterns import applies
from bricklane_local.forge.rules.protection import Protections
from bricklane_local.forge.rules.rulesets import Rulesets
from bricklane_local.forge.users.model import ROLES

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.git.bare import Bare
    from bricklane_local.forge.pulls.model import PullRequest
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

NO_DELETE = "Cannot delete this branch"
NO_FORCE = "Cannot force-push to this branch"
NO_CREATE = "Cannot create ref due to creations being restricted."
NO_UPDATE = "Cannot update this protected ref."
NO_MERGES = "This branch must not contain merge commits."
BY_PULL_REQUEST = "Changes must be made through a pull request."
NOT_AUTHORIZED = "You're not authorized to push to this branch."
OUT_OF_DATE = "Head branch is not up to date with the base branch."
VIOLATIONS = "Repository rule violations found\n\n{}\n\n"
METHOD_NAMES = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
# What is said of a required check, by the state that was reported; none was for an absent one.
CHECK_MESSAGES = {
    None: 'Required status check "{}" is expected.',
    "pending": 'Required status check "{}" is in progress.',
    "failure": 'Required status check "{}" is failing.',
    "error": 'Required status check "{}" is errored.',
}


class Rules:
    """The rules of all repositories, and the one place that judges by them.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self.rulesets = Rulesets(forge)
        self.protections = Protections(forge)

    def of(self, repository: Repository, ref: str) -> list[Rule]:
        """Return the rules in force for a ref, by its full name."""
        branch = ref.startswith(HEADS)
        found = []
        for ruleset in self.rulesets.all(repository):
            wanted = ruleset.enforcement == "active" and (ruleset.target == "branch") == branch
            if wanted and applies(ruleset.include, ruleset.exclude, ref, repository.default_branch):
                bypass = tuple(ruleset.bypass_actors)
                found += [
                    Rule(
                        rule["type"],
                        rule.get("parameters", {}),
                        ruleset=ruleset.id,
                        bypass_actors=bypass,
                    )
                    for rule in ruleset.rules
                ]
        if branch:
            found += self.protections.rules(repository, ref.removeprefix(HEADS))
        return found

    def is_protected(self, repository: Repository, branch: str) -> bool:
        """Say whether any rule holds for a branch."""
        return bool(self.of(repository, HEADS + branch))

    def dismisses_stale_reviews(self, repository: Repository, branch: str) -> bool:
        """Say whether new commits make older approvals of pull requests void."""
        return any(
            rule.parameters.get("dismiss_stale_reviews_on_push")
            for rule in self.of(repository, HEADS + branch)
        )

    def _binding(
        self, repository: Repository, ref: str, caller: Caller, *, merging: bool
    ) -> list[Rule]:
        """Return the rules in force that ``caller`` is not exempt from."""
        return [
            rule
            for rule in self.of(repository, ref)
            if not self._bypasses(repository, rule, caller, merging=merging)
        ]

    def _bypasses(
        self, repository: Repository, rule: Rule, caller: Caller, *, merging: bool
    ) -> bool:
        role = self._forge.repositories.role(repository, caller)
        if rule.source == CLASSIC:
            exempt = caller.user.login in rule.exempt
            return exempt or (rule.admins_exempt and role == "admin" and not caller.job)
        for actor in rule.bypass_actors:
            mode = actor["bypass_mode"]
            if (mode in ("always", "exempt") or merging) and _is(actor, caller, role):
                return True
        return False

    # Pushes

    async def refuse(self, push: Push, bare: Bare) -> Sequence[Refusal]:
        """Return why a push may not happen, ref by ref; nothing when it may."""
        repository = self._forge.repositories.by_id(push.repository)
        if repository is None:
            return [Refusal(row.ref, RULESET, ("The repository is gone.",)) for row in push.changes]
        caller = caller_of(self._forge, push.actor)
        refusals = []
        for change in push.changes:
            rules = self._binding(repository, change.ref, caller, merging=False)
            reasons: dict[str, list[str]] = {}
            for rule in rules:
                for reason in await self._against(repository, rule, change, caller, push, bare):
                    reasons.setdefault(rule.source, []).append(reason)
            refusals += [
                Refusal(change.ref, source, tuple(dict.fromkeys(found)))
                for source, found in reasons.items()
            ]
        return refusals

    async def _against(
        self,
        repository: Repository,
        rule: Rule,
        change: RefChange,
        caller: Caller,
        push: Push,
        bare: Bare,
    ) -> list[str]:
        if rule.type in PUSH_RULES:
            reason = PUSH_RULES[rule.type](rule, change, caller)
            return [reason] if reason else []
        if change.after is None:
            return []
        if rule.type == "required_linear_history":
            merges = await _has_merges(change, push, bare)
            return [NO_MERGES] if merges else []
        if rule.type == "required_status_checks":
            lenient = rule.parameters.get("do_not_enforce_on_create")
            if change.before is None and lenient:
                return []
            return self._checks(repository, rule, change.after)
        return []

    # Merges

    def refuse_merge(
        self, repository: Repository, caller: Caller, request: PullRequest, method: str
    ) -> list[str]:
        """Return why ``caller`` may not merge a pull request; nothing when the rules allow it."""
        ref = HEADS + request.pull.base_ref
        rules = self._binding(repository, ref, caller, merging=True)
        found: dict[str, list[str]] = {RULESET: [], CLASSIC: []}
        for rule in rules:
            found[rule.source] += self._method(rule, method)
            found[rule.source] += self._unmet(repository, rule, request)
            if rule.type == "restrict_pushes" and _not_pusher(rule, None, caller):
                found[rule.source].append(NOT_AUTHORIZED)
        violations = list(dict.fromkeys(found[RULESET]))
        messages = [VIOLATIONS.format("\n".join(violations))] if violations else []
        return messages + list(dict.fromkeys(found[CLASSIC]))

    def missing(self, repository: Repository, request: PullRequest) -> list[str]:
        """Return what a pull request lacks for its merge, whoever would merge it."""
        rules = self.of(repository, HEADS + request.pull.base_ref)
        found = [reason for rule in rules for reason in self._unmet(repository, rule, request)]
        return list(dict.fromkeys(found))

    def _unmet(self, repository: Repository, rule: Rule, request: PullRequest) -> list[str]:
        if rule.type == "update":
            return [NO_UPDATE]
        if rule.type == "pull_request":
            return self._approvals(repository, rule, request)
        if rule.type != "required_status_checks":
            return []
        reasons = self._checks(repository, rule, request.pull.head_sha)
        if rule.parameters.get("strict_required_status_checks_policy") and request.pull.behind:
            reasons.append(OUT_OF_DATE)
        return reasons

    def _method(self, rule: Rule, method: str) -> list[str]:
        if rule.type == "required_linear_history" and method == "merge":
            return [NO_MERGES]
        allowed = rule.parameters.get("allowed_merge_methods")
        if rule.type == "pull_request" and allowed and method not in allowed:
            return [f"{METHOD_NAMES[method]} are not allowed on this branch."]
        return []

    def _checks(self, repository: Repository, rule: Rule, sha: str) -> list[str]:
        states = self._forge.statuses.states(repository, sha)
        contexts = [item["context"] for item in rule.parameters["required_status_checks"]]
        return [
            CHECK_MESSAGES[states.get(context)].format(context)
            for context in contexts
            if states.get(context) != "success"
        ]

    def _approvals(self, repository: Repository, rule: Rule, request: PullRequest) -> list[str]:
        wanted = rule.parameters.get("required_approving_review_count", 0)
        verdicts = self._forge.pulls.reviews.verdicts(repository, request.number)
        counted = {
            login: review
            for login, review in verdicts.items()
            if self._may_write(repository, login)
        }
        reasons = []
        if wanted and any(item.state == "CHANGES_REQUESTED" for item in counted.values()):
            reasons.append("Changes were requested by a reviewer with write access.")
        last = rule.parameters.get("require_last_push_approval")
        approvals = [
            item
            for item in counted.values()
            if item.state == "APPROVED" and (not last or item.commit == request.pull.head_sha)
        ]
        if len(approvals) < wanted:
            reviews = "approving review is" if wanted == 1 else "approving reviews are"
            reasons.append(f"At least {wanted} {reviews} required by reviewers with write access.")
        return reasons

    def _may_write(self, repository: Repository, login: str) -> bool:
        user = self._forge.users.find(login)
        return user is not None and self._forge.repositories.at_least(repository, user, "write")


def _is(actor: dict[str, object], caller: Caller, role: str) -> bool:
    """Say whether ``caller`` is one of those that a ruleset exempts."""
    kind, number = actor["actor_type"], actor["actor_id"]
    if kind == "Integration":
        return caller.by_job_token and number == ACTIONS_APP
    if caller.by_job_token:
        return False
    if kind == "RepositoryRole" and isinstance(number, int):
        wanted = ROLE_IDS.get(number, "")
        return wanted in ROLES and ROLES.index(role) >= ROLES.index(wanted)
    if kind == "OrganizationAdmin":
        return role == "admin"
    return kind == "User" and number == caller.user.id


def _not_pusher(rule: Rule, change: RefChange | None, caller: Caller) -> str:
    del change
    allowed = {login.lower() for login in rule.parameters["users"]}
    return "" if caller.user.login.lower() in allowed else NOT_AUTHORIZED


# Rule → why a change of a ref is against it, or an empty text.
PUSH_RULES: dict[str, Callable[[Rule, RefChange, Caller], str]] = {
    "creation": lambda _rule, change, _caller: NO_CREATE if change.before is None else "",
    "update": lambda _rule, change, _caller: (
        NO_UPDATE if change.before is not None and change.after is not None else ""
    ),
    "deletion": lambda _rule, change, _caller: NO_DELETE if change.after is None else "",
    "non_fast_forward": lambda _rule, change, _caller: NO_FORCE if change.forced else "",
    "pull_request": lambda _rule, change, _caller: (
        BY_PULL_REQUEST if change.before is not None and change.after is not None else ""
    ),
    "restrict_pushes": _not_pusher,
}


async def _has_merges(change: RefChange, push: Push, bare: Bare) -> bool:
    since = () if change.before is None else (f"^{change.before}",)
    result = await bare.git(
        "rev-list",
        "--merges",
        "--max-count=1",
        str(change.after),
        *since,
        "--not",
        "--branches",
        extra=quarantined(push, bare),
    )
    return bool(result.text.strip())
