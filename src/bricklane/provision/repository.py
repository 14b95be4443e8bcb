"""What the repository needs on its forge for CI to deliver, and what of it is not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bricklane.forge.model import EnvironmentRules, MergeMethod, Ruleset

if TYPE_CHECKING:
    from bricklane.forge.protocol import Forge
    from bricklane.project.settings import Settings

HOST, CLIENT_ID, SECRET = "DATABRICKS_HOST", "DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"
# Values of secrets cannot be read back; by this variable one knows which of them is stored.
GENERATION = "DATABRICKS_CLIENT_SECRET_GENERATION"
CHECK = "checks"
RULESET = "delivery"
PRODUCTION = "prod"


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of the forge as it shall be.

    Args:
        name: of the environment.
        rules: who approves, and which branches may deploy; None leaves what there is.
        variables: name → value.
        generation: of the OAuth secret that it shall have; "" for none.
        secret: the OAuth secret itself; "" when it is not known, as before it is made.
    """

    name: str
    rules: EnvironmentRules | None
    variables: Mapping[str, str]
    generation: str = ""
    secret: str = field(default="", repr=False)

    def differences(self, forge: Forge, present: Mapping[str, EnvironmentRules]) -> list[str]:
        """Return what of the environment is not there yet, one line each.

        Args:
            forge: where it is.
            present: the environments that there are.
        """
        if self.name not in present:
            lines = [f"environment {self.name}: new"]
            lines += [f"  {line}" for line in _rule_lines(EnvironmentRules(), self.rules)]
            lines += [f"  variable {name} = {value}" for name, value in self._wanted()]
            return lines + ([f"  secret {SECRET}"] if self.generation else [])
        lines = _rule_lines(present[self.name], self.rules)
        variables = forge.variables(self.name)
        for name, value in self._wanted():
            if variables.get(name) != value:
                lines.append(f"variable {name}: {variables.get(name, '(none)')} → {value}")
        stored = SECRET in forge.secrets(self.name)
        if self.generation and (not stored or variables.get(GENERATION) != self.generation):
            lines.append(f"secret {SECRET}: {'replaced' if stored else 'new'}")
        elif stored and not self.generation:
            lines.append(f"secret {SECRET}: not needed any more")
        return [f"environment {self.name}: {line}" for line in lines]

    def _wanted(self) -> list[tuple[str, str]]:
        return sorted(self.variables.items())

    def save(self, forge: Forge, present: Mapping[str, EnvironmentRules]) -> None:
        """Bring the environment to what it shall be.

        The generation is written after the secret: a death between the two writes the secret again.
        """
        before = present.get(self.name)
        if before is None or (self.rules is not None and before != self.rules):
            forge.save_environment(self.name, self.rules or EnvironmentRules())
        variables = forge.variables(self.name)
        for name, value in self._wanted():
            if variables.get(name) != value:
                forge.save_variable(name, value, environment=self.name)
        if self.generation and self.secret:
            forge.save_secret(SECRET, self.secret, environment=self.name)
            forge.save_variable(GENERATION, self.generation, environment=self.name)
        elif not self.generation:
            forge.delete_secret(SECRET, environment=self.name)


def _rule_lines(before: EnvironmentRules, wanted: EnvironmentRules | None) -> list[str]:
    if wanted is None:
        return []
    rows = (
        ("reviewers", "none", before.reviewers, wanted.reviewers),
        ("branches that may deploy", "any", before.branches, wanted.branches),
        (
            "who started a run may approve it",
            "",
            not before.prevent_self_review,
            not wanted.prevent_self_review,
        ),
        ("administrators may go past reviewers", "", before.admins_bypass, wanted.admins_bypass),
    )
    return [
        f"{name}: {_shown(old, nobody)} → {_shown(new, nobody)}"
        for name, nobody, old, new in rows
        if old != new
    ]


def _shown(value: tuple[str, ...] | bool, nobody: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or nobody


def environment_rules(
    settings: Settings,
    target: str,
    reviewers: tuple[str, ...],
    present: EnvironmentRules | None,
    *,
    self_review: bool | None = None,
) -> EnvironmentRules:
    """Return the rules of a target's environment.

    Production waits for a reviewer and takes jobs of main only; any branch may deploy to the other
    targets. What a team has set besides stays.

    Args:
        settings: of the project.
        target: of the bundle.
        reviewers: who approves production; none leaves those there are.
        present: the rules that there are; None without the environment.
        self_review: whether who started a run may approve it; None leaves what a team with
            reviewers has, and keeps them from it where there were none.
    """
    before = present or EnvironmentRules()
    if target != PRODUCTION:
        return before
    branches = before.branches or (settings.gitflow.main,)
    asked = reviewers or before.reviewers
    # Reviewers whom administrators go past do not protect from a mistake of these.
    bypass = before.admins_bypass and not asked
    if self_review is None:
        prevent = before.prevent_self_review if before.reviewers else bool(asked)
    else:
        prevent = not self_review
    return replace(
        before,
        reviewers=asked,
        branches=branches,
        admins_bypass=bypass,
        prevent_self_review=prevent,
    )


def delivery_rules(settings: Settings) -> Ruleset:
    """Return the rules by which main and develop change through checked pull requests only."""
    return Ruleset(
        name=RULESET,
        branches=(settings.gitflow.main, settings.gitflow.develop),
        checks=(CHECK,),
        merge_methods=(MergeMethod.MERGE,),
    )


def rule_differences(forge: Forge, wanted: Ruleset) -> list[str]:
    """Return what of a ruleset is not there yet, one line each."""
    found = next((rules for rules in forge.rulesets() if rules.name == wanted.name), None)
    if found is None:
        branches = " and ".join(wanted.branches)
        return [f"ruleset {wanted.name}: {branches} change by checked pull requests only"]
    names = ("branches", "pull_request", "checks", "merge_methods", "no_deletion", "no_force_push")
    return [
        f"ruleset {wanted.name}: {name.replace('_', ' ')}: {getattr(found, name)} → "
        f"{getattr(wanted, name)}"
        for name in names
        if getattr(found, name) != getattr(wanted, name)
    ]
