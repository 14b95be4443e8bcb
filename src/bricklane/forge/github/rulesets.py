"""Rulesets for branches on GitHub.

https://docs.github.com/rest/repos/rules
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bricklane.forge.errors import ForgeError, ForgeForbidden
from bricklane.forge.github.api import Api, Json, ref, segment
from bricklane.forge.model import BranchRules, MergeMethod, Ruleset

HEADS = "refs/heads/"
# The ids of the roles that every repository has.
ROLES = {"maintain": 2, "write": 4, "admin": 5}
ROLE = "role:"
APP = "[bot]"
REPOSITORY = "Repository"  # where rules come from that are not an organisation's


class Rulesets:
    """The part of the protocol that is about rules for branches."""

    api: Api

    def rulesets(self) -> list[Ruleset]:
        """Return the repository's own rulesets for branches, by name; those in force only."""
        found = (self.api.get(f"rulesets/{row['id']}") for row in self._rows())
        active = [row for row in found if row["enforcement"] == "active"]
        return sorted((self._ruleset(row) for row in active), key=lambda ruleset: ruleset.name)

    def _rows(self) -> list[Json]:
        rows = self.api.pages("rulesets", includes_parents="false", targets="branch")
        return [row for row in rows if row.get("target", "branch") == "branch"]

    def _ruleset(self, row: Json) -> Ruleset:
        refs = ((row.get("conditions") or {}).get("ref_name") or {}).get("include", ())
        effect = _effect(row["rules"])
        return Ruleset(
            name=row["name"],
            branches=tuple(name.removeprefix(HEADS) for name in refs),
            pull_request=effect.pull_request,
            approvals=effect.approvals,
            checks=effect.checks,
            merge_methods=effect.merge_methods,
            no_deletion=effect.no_deletion,
            no_force_push=effect.no_force_push,
            bypass=self._exempt(row),
        )

    def _exempt(self, row: Json) -> tuple[str, ...]:
        return tuple(self._name(actor) for actor in row.get("bypass_actors") or ())

    def branch_rules(self, branch: str) -> BranchRules:
        """Return what all rules in force ask of changes to a branch, an organisation's included.

        Classic protection counts as well; who may not read it sees rulesets only.
        """
        rows = list(self.api.pages(f"rules/branches/{ref(branch)}"))
        own = {row["ruleset_id"] for row in rows if row.get("ruleset_source_type") == REPOSITORY}
        exempt = [self._exempt(self.api.get(f"rulesets/{number}")) for number in sorted(own)]
        found = _effect(rows)
        found = replace(found, bypass=tuple(dict.fromkeys(name for row in exempt for name in row)))
        try:
            classic = self.api.find(f"branches/{ref(branch)}/protection")
        except ForgeForbidden:
            shown = self.api.find(f"branches/{ref(branch)}") or {}
            if shown.get("protected") and not rows:
                raise  # By rules that the token does not see.
            classic = None
        return found if classic is None else _together(found, _classic(classic))

    def save_ruleset(self, ruleset: Ruleset) -> None:
        """Create the ruleset of that name, or bring it to these rules.

        Args:
            ruleset: who is exempt is a login, ``organization/team``, an app as ``slug[bot]``,
                ``role:admin``, ``role:maintain`` or ``role:write``, or GitHub's own type and id
                as in ``Integration:15368``.
        """
        wanted = {
            "name": ruleset.name,
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": _refs(ruleset.branches), "exclude": []}},
            "rules": rules_of(ruleset),
            "bypass_actors": [self._actor(name) for name in ruleset.bypass],
        }
        present = self._find(ruleset.name)
        if present is None:
            self.api.create("rulesets", wanted, lambda: self._find(ruleset.name))
        else:
            self.api.send("PUT", f"rulesets/{present['id']}", wanted)

    def _find(self, name: str) -> Json | None:
        return next((row for row in self._rows() if row["name"] == name), None)

    def _actor(self, name: str) -> Json:
        kind, number = self._identity(name)
        return {"actor_type": kind, "actor_id": number, "bypass_mode": "always"}

    def _identity(self, name: str) -> tuple[str, int]:
        kind, _, number = name.partition(":")
        if name.startswith(ROLE) and name.removeprefix(ROLE) in ROLES:
            return "RepositoryRole", ROLES[name.removeprefix(ROLE)]
        if number.isdigit():
            return kind, int(number)
        organization, _, team = name.partition("/")
        if team:
            path, kind = f"/orgs/{organization}/teams/{team}", "Team"
        elif name.endswith(APP):
            path, kind = f"/apps/{segment(name.removesuffix(APP))}", "Integration"
        else:
            path, kind = f"/users/{segment(name)}", "User"
        found = self.api.find(path)
        if found is None:
            raise ForgeError(
                f"{self.api.host} knows no {name}, which a ruleset should exempt",
                hint="name a login, organization/team, an app as slug[bot], role:admin,"
                " role:maintain, role:write, or TYPE:ID",
            )
        return kind, int(found["id"])

    def _name(self, actor: Json) -> str:
        kind, number = actor["actor_type"], actor.get("actor_id")
        if kind == "RepositoryRole":
            for role, known in ROLES.items():
                if number == known:
                    return f"{ROLE}{role}"
        if kind == "User":
            found = self.api.find(f"/user/{number}")
            if found is not None:
                return str(found["login"])
        return f"{kind}:{number or 0}"


def _effect(rows: Iterable[Json]) -> BranchRules:
    """Return what rules ask together; of several of one type all have to be met."""
    found = BranchRules()
    for row in rows:
        found = _together(found, _one(row["type"], row.get("parameters") or {}))
    return found


def _one(kind: str, parameters: Json) -> BranchRules:
    if kind == "pull_request":
        methods = parameters.get("allowed_merge_methods") or ()
        return BranchRules(
            pull_request=True,
            approvals=int(parameters.get("required_approving_review_count", 0)),
            merge_methods=() if len(methods) == len(MergeMethod) else _methods(methods),
        )
    if kind == "required_status_checks":
        checks = parameters.get("required_status_checks", ())
        return BranchRules(checks=tuple(check["context"] for check in checks))
    return BranchRules(no_deletion=kind == "deletion", no_force_push=kind == "non_fast_forward")


def _classic(protection: Json) -> BranchRules:
    """Return a classic protection of a branch as rules.

    Source: https://docs.github.com/rest/branches/branch-protection
    """

    def on(name: str) -> bool:
        return bool((protection.get(name) or {}).get("enabled"))

    reviews = protection.get("required_pull_request_reviews")
    return BranchRules(
        pull_request=reviews is not None,
        approvals=int((reviews or {}).get("required_approving_review_count", 0)),
        checks=tuple((protection.get("required_status_checks") or {}).get("contexts") or ()),
        no_deletion=not on("allow_deletions"),
        no_force_push=not on("allow_force_pushes"),
        bypass=() if on("enforce_admins") else (f"{ROLE}admin",),
    )


def _together(one: BranchRules, other: BranchRules) -> BranchRules:
    common = tuple(method for method in one.merge_methods if method in other.merge_methods)
    both = one.merge_methods and other.merge_methods
    return BranchRules(
        pull_request=one.pull_request or other.pull_request,
        approvals=max(one.approvals, other.approvals),
        checks=tuple(dict.fromkeys((*one.checks, *other.checks))),
        merge_methods=common if both else one.merge_methods or other.merge_methods,
        no_deletion=one.no_deletion or other.no_deletion,
        no_force_push=one.no_force_push or other.no_force_push,
        bypass=tuple(dict.fromkeys((*one.bypass, *other.bypass))),
    )


def rules_of(ruleset: Ruleset) -> list[Json]:
    """Return the rules of ``ruleset`` as GitHub spells them."""
    rules: list[Json] = []
    if ruleset.no_deletion:
        rules.append({"type": "deletion"})
    if ruleset.no_force_push:
        rules.append({"type": "non_fast_forward"})
    if ruleset.pull_request:
        methods = ruleset.merge_methods or tuple(MergeMethod)
        rules.append(
            {
                "type": "pull_request",
                "parameters": {
                    "required_approving_review_count": ruleset.approvals,
                    "dismiss_stale_reviews_on_push": ruleset.approvals > 0,
                    "require_code_owner_review": False,
                    "require_last_push_approval": False,
                    "required_review_thread_resolution": False,
                    "allowed_merge_methods": [method.value for method in methods],
                },
            }
        )
    if ruleset.checks:
        rules.append(
            {
                "type": "required_status_checks",
                "parameters": {
                    "strict_required_status_checks_policy": False,
                    "required_status_checks": [{"context": name} for name in ruleset.checks],
                },
            }
        )
    return rules


def _refs(branches: Iterable[str]) -> list[str]:
    return [name if name.startswith("~") else f"{HEADS}{name}" for name in branches]


def _methods(names: Iterable[str]) -> tuple[MergeMethod, ...]:
    return tuple(MergeMethod(name) for name in names)
