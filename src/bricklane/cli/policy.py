"""``bricklane policy``: tests the bundle against rules."""

from __future__ import annotations

import json
import os
import shutil
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bricklane.errors import ExitCode

if TYPE_CHECKING:
    from bricklane.project.bundlefile import Bundle, BundleTarget
    from bricklane.project.settings import Settings
    from bricklane.testing.policy.model import Finding

NARROW, WIDE = 60, 100
INDENT = "    "
# Severity → mark, colour.
SHOWN = {"error": ("✗", "red"), "warning": ("!", "yellow")}


@click.command(name="policy", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-t", "--target", default="", help="Target of the bundle; the default one if left.")
@click.option("-p", "--profile", default="", help="Profile of the Databricks config file.")
@click.option("--files", "files_only", is_flag=True, help="Read the files; ask no workspace.")
@click.option("--rules", is_flag=True, help="List the rules, and what each is in the target.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(target: str, profile: str, *, files_only: bool, rules: bool, as_json: bool) -> int:
    """Test the bundle of a target against rules: alerts, timeouts, tags, run_as, secrets and more.

    The Databricks CLI resolves the bundle where there are credentials for the target; else the
    files are read alone, and values that only it knows are not judged. Rules are warnings in
    development and errors elsewhere; bricklane.toml changes that, and bricklane_policy.py adds
    rules of your own.

    Exit code: 7 when a finding is an error.
    """
    from bricklane.delivery.world import declared_target
    from bricklane.project.bundlefile import find_bundle, read_bundle
    from bricklane.project.loading import settings_of
    from bricklane.testing.policy.running import examine

    bundle = read_bundle(find_bundle(Path.cwd()))
    settings, chosen = settings_of(bundle), declared_target(bundle, target)
    if rules:
        print_rules(settings, bundle, chosen, as_json=as_json)
        return ExitCode.OK
    document = None if files_only else resolved(settings, chosen, profile)
    findings = examine(settings, bundle, chosen.name, document)
    failed = any(finding.severity == "error" for finding in findings)
    code = ExitCode.CHECK if failed else ExitCode.OK
    if as_json:
        shown = describe(bundle, chosen, findings, document is not None, code)
        click.echo(json.dumps(shown, indent=2))
    else:
        print_findings(bundle, chosen, findings, resolved=document is not None)
    return code


def resolved(settings: Settings, target: BundleTarget, profile: str) -> Mapping[str, Any] | None:
    """Return the bundle as the Databricks CLI resolves it; None without credentials for that.

    Raises:
        BricklaneError: when the CLI finds the bundle wrong, or cannot reach the workspace.
    """
    from bricklane.bundle import cli
    from bricklane.bundle.access import has_credentials

    if not has_credentials(target, os.environ, profile):
        return None
    return cli.validate(cli.open_bundle(settings.root, target, os.environ, profile=profile))


def print_findings(
    bundle: Bundle, target: BundleTarget, findings: Sequence[Finding], *, resolved: bool
) -> None:
    """Print the findings of each rule together, with its fix once."""
    how = "resolved by the Databricks CLI" if resolved else "its files alone, no workspace asked"
    mode = target.mode or "no mode"
    click.secho(f"{bundle.name} for {target.name} ({mode}; {how})", bold=True)
    for rule in dict.fromkeys(finding.rule for finding in findings):
        own = [finding for finding in findings if finding.rule == rule]
        mark, colour = SHOWN[own[0].severity]
        click.secho(f"{mark} {rule.id}: {rule.title}", fg=colour)
        for finding in own:
            _print_wrapped(f"{finding.resource}: {finding.said}")
            if finding.place:
                click.secho(f"{INDENT}  {finding.place}", fg="bright_black")
        if rule.fix:
            _print_wrapped(f"→ {rule.fix}", colour)
    counts = Counter(finding.severity for finding in findings)
    told = [f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in sorted(counts.items())]
    worst = SHOWN[findings[0].severity][1] if findings else "green"
    click.secho(", ".join(told) or "nothing found", fg=worst, bold=True)


def _print_wrapped(text: str, colour: str | None = None) -> None:
    width = max(NARROW, min(WIDE, shutil.get_terminal_size().columns))
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=INDENT,
        subsequent_indent=f"{INDENT}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        click.secho(line, fg=colour)


def print_rules(settings: Settings, bundle: Bundle, target: BundleTarget, *, as_json: bool) -> None:
    """Print the rules of the project with what each is in a target."""
    from bricklane.cli.tables import print_table
    from bricklane.testing.policy.extensions import rules_of
    from bricklane.testing.policy.running import described, severities_of

    known = rules_of(bundle.root)
    configured = severities_of(settings, target.name, known)
    place = described(settings, bundle, target.name, {}, None)
    rows = [(rule, configured.get(rule.id, rule.severity(place))) for rule in known]
    if as_json:
        found = [
            {
                "rule": rule.id,
                "title": rule.title,
                "kinds": list(rule.kinds),
                "severity": str(severity),
                "fix": rule.fix,
            }
            for rule, severity in rows
        ]
        click.echo(json.dumps({"target": target.name, "rules": found}, indent=2))
        return
    print_table(
        ("RULE", target.name.upper(), "WANTS"),
        [(rule.id, str(severity), rule.title) for rule, severity in rows],
    )


def describe(
    bundle: Bundle,
    target: BundleTarget,
    findings: Sequence[Finding],
    resolved: bool,
    code: int,
) -> dict[str, Any]:
    """Return what ``--json`` prints; its keys are stable."""
    return {
        "bundle": bundle.name,
        "target": target.name,
        "mode": target.mode,
        "resolved": resolved,
        "passed": code == ExitCode.OK,
        "exit_code": int(code),
        "findings": [
            {
                "rule": finding.rule.id,
                "severity": str(finding.severity),
                "resource": finding.resource,
                "said": finding.said,
                "file": None if finding.file is None else finding.file.as_posix(),
                "line": finding.line or None,
                "fix": finding.rule.fix,
            }
            for finding in findings
        ],
    }
