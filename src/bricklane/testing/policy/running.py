"""Asks every rule about every resource of a bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.kinds import kinds_of
from bricklane.project.bundlefile import Bundle
from bricklane.project.settings import Settings
from bricklane.project.suggestions import suggestion
from bricklane.testing.policy.extensions import rules_of
from bricklane.testing.policy.files import Files, read_files
from bricklane.testing.policy.model import (
    BUNDLE,
    Finding,
    Problem,
    Resource,
    Rule,
    Severity,
    Steps,
    Target,
)

HIDDEN = "resources"


def examine(
    settings: Settings,
    bundle: Bundle,
    target: str,
    document: Mapping[str, Any] | None = None,
    root: Path | None = None,
) -> list[Finding]:
    """Return what the rules find in a bundle for a target, errors first, in the order of the rules.

    Args:
        settings: of the project; says which rules count.
        bundle: its file.
        target: one of its targets.
        document: the bundle as the Databricks CLI resolves it; None to read the files alone.
        root: the folder to read files and rules in; None for the bundle's own.

    Raises:
        BricklaneError: when files or rules cannot be read, the settings name an unknown rule, or a
            rule fails.
    """
    root = root or bundle.root
    rules = rules_of(root)
    files = read_files(root / bundle.file.name)
    severities = severities_of(settings, target, rules)
    looked_at = described(settings, bundle, target, files.document(target), document)
    found = [
        finding
        for rule in rules
        if (severity := severities.get(rule.id, rule.severity(looked_at))) is not Severity.OFF
        for finding in _findings(rule, severity, looked_at, files)
    ]
    return sorted(found, key=lambda finding: finding.severity is not Severity.ERROR)


def described(
    settings: Settings,
    bundle: Bundle,
    target: str,
    written: Mapping[str, Any],
    resolved: Mapping[str, Any] | None,
) -> Target:
    """Return a target of a bundle as rules see it."""
    kinds = kinds_of(settings.gitflow)
    released = {kinds.named(kind.merges_into).target for kind in kinds.releasing()}
    return Target(
        name=target,
        mode=bundle.targets[target].mode,
        releases=target in released,
        document=written if resolved is None else resolved,
        resolved=resolved is not None,
    )


def severities_of(settings: Settings, target: str, rules: Sequence[Rule]) -> Mapping[str, Severity]:
    """Return the severities that ``bricklane.toml`` says, by rule; a target's own win.

    Raises:
        BricklaneError: for a rule that there is not.
    """
    known = {rule.id for rule in rules}
    own = settings.targets[target].policy if target in settings.targets else {}
    for table, said in (("policy", settings.policy), (f"targets.{target}.policy", own)):
        for name in said:
            if name not in known:
                raise BricklaneError(
                    f"bricklane.toml: [{table}]: there is no rule {name!r}; "
                    f"{suggestion(name, sorted(known))}",
                    hint="all rules: bricklane policy --rules",
                    exit_code=ExitCode.CONFIG,
                )
    return {name: Severity(value) for name, value in {**settings.policy, **own}.items()}


def resources_of(target: Target) -> Iterator[Resource]:
    """Yield the bundle itself, then its resources."""
    document = target.document
    own = {key: value for key, value in document.items() if key != HIDDEN}
    yield Resource(BUNDLE, "", own, target)
    resources = document.get(HIDDEN)
    for kind, entries in (resources if isinstance(resources, Mapping) else {}).items():
        for key, body in (entries if isinstance(entries, Mapping) else {}).items():
            yield Resource(str(kind), str(key), body if isinstance(body, Mapping) else {}, target)


def _findings(rule: Rule, severity: Severity, target: Target, files: Files) -> Iterator[Finding]:
    for resource in resources_of(target):
        if not rule.concerns(resource):
            continue
        for problem in _problems(rule, resource):
            place = files.place(target.name, _path(resource, problem.path))
            file, line = place or (None, 0)
            yield Finding(rule, severity, resource.name, problem.said, file, line)


def _path(resource: Resource, path: Steps) -> Steps:
    return path if resource.kind == BUNDLE else (HIDDEN, resource.kind, resource.key, *path)


def _problems(rule: Rule, resource: Resource) -> list[Problem]:
    try:
        found = list(rule.check(resource) or ())
    except Exception as error:
        raise BricklaneError(
            f"rule {rule.id} failed at {resource.name}: {type(error).__name__}: {error}",
            hint="correct the rule, or switch it off in bricklane.toml: "
            f'[policy] {rule.id} = "off"',
            exit_code=ExitCode.CONFIG,
        ) from error
    return [one if isinstance(one, Problem) else Problem(str(one)) for one in found]


def refusal(findings: Sequence[Finding], target: str) -> BricklaneError | None:
    """Return the error that says what a target must not get; None when there is no such finding."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return None
    lines = [f"the bundle breaks the policy of target {target}:", *map(line_of, errors)]
    fixes = dict.fromkeys(f"{each.rule.id}: {each.rule.fix}" for each in errors if each.rule.fix)
    first = errors[0].rule.id
    off = f'or, knowing what you do, in bricklane.toml: [targets.{target}.policy] {first} = "off"'
    return BricklaneError("\n".join(lines), hint="\n".join((*fixes, off)), exit_code=ExitCode.CHECK)


def line_of(finding: Finding) -> str:
    """Return a finding as one line."""
    place = f"{finding.place}: " if finding.place else ""
    return f"{place}{finding.resource}: {finding.said} [{finding.rule.id}]"
