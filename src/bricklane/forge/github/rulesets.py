"""Rulesets for branches on GitHub.

https://docs.github.com/rest/repos/rules
"""

from __future__ import annotations

from collections.abc import Iterable

from bricklane.forge.errors import ForgeError
from bricklane.forge.github.api import Api, Json, segment
from bricklane.forge.model import MergeMethod, Ruleset

HEADS = "refs/heads/"
# The ids of the roles that every repository has.
ROLES = {"maintain": 2, "write": 4, "admin": 5}
ROLE = "role:"
APP = "[bot]"


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
        rules = {rule["type"]: rule.get("parameters") or {} for rule in row["rules"]}
        pull = rules.get("pull_request")
        refs = ((row.get("conditions") or {}).get("ref_name") or {}).get("include", ())
        checks = rules.get("required_status_checks", {}).get("required_status_checks", ())
        methods = (pull or {}).get("allowed_merge_methods") or ()
        return Ruleset(
            name=row["name"],
            branches=tuple(ref.removeprefix(HEADS) for ref in refs),
            pull_request=pull is not None,
            approvals=int((pull or {}).get("required_approving_review_count", 0)),
            checks=tuple(check["context"] for check in checks),
            merge_methods=() if len(methods) == len(MergeMethod) else _methods(methods),
            no_deletion="deletion" in rules,
            no_force_push="non_fast_forward" in rules,
            bypass=tuple(self._name(actor) for actor in row.get("bypass_actors") or ()),
        )

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
