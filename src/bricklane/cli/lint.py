"""``bricklane lint``: static validation of notebooks, scripts and SQL files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from bricklane.project.bundlefile import Bundle
    from bricklane.project.settings import LintSettings
    from bricklane.testing.validation.linting import Report
    from bricklane.testing.validation.sources import Finding


@click.command(name="lint", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--rules", "show_rules", is_flag=True, help="List the rules, and look at nothing.")
def command(paths: tuple[Path, ...], *, as_json: bool, show_rules: bool) -> int:
    """Check notebooks, Python and SQL files without running them.

    PATHS are files or folders; without any, the whole project. Rules are switched off under [lint]
    in bricklane.toml, or by a comment in the cell: # bricklane: ignore[BL102].
    """
    from bricklane.testing.validation.linting import lint

    if show_rules:
        return _print_rules(as_json=as_json)
    root, bundle, settings = _project()
    report = lint(paths or (root,), root, settings, bundle)
    if as_json:
        click.echo(json.dumps([described(finding) for finding in report.findings], indent=2))
    else:
        _print(report)
    return ExitCode.FAILED if report.findings else ExitCode.OK


def _project() -> tuple[Path, Bundle | None, LintSettings]:
    """Return the root, the bundle and the settings; a folder without a bundle has defaults."""
    from bricklane.project.bundlefile import find_bundle, read_bundle
    from bricklane.project.loading import settings_of
    from bricklane.project.settings import LintSettings
    from bricklane.testing.notebooks.files import project_root

    here = Path.cwd()
    try:
        file = find_bundle(here)
    except BricklaneError:
        return project_root(here) or here, None, LintSettings()
    bundle = read_bundle(file)
    return bundle.root, bundle, settings_of(bundle).lint


def described(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON data; what is not known is null."""
    return {
        "file": finding.file,
        "line": finding.line or None,
        "cell": finding.cell or None,
        "cell_line": finding.cell_line if finding.cell else None,
        "code": finding.rule.code,
        "rule": finding.rule.name,
        "severity": finding.rule.severity.value,
        "message": finding.message,
        "hint": finding.hint,
    }


def _print(report: Report) -> None:
    from bricklane.cli.tables import printable
    from bricklane.testing.validation.sources import one_line

    for finding in report.findings:
        click.echo(printable(one_line(finding)))
        click.echo(f"  hint: {printable(finding.hint)}")
    files = f"{report.files} file{'' if report.files == 1 else 's'}"
    count = len(report.findings)
    what = f"{count} finding{'' if count == 1 else 's'}" if count else "nothing found"
    click.echo(f"{what} in {files}", err=True)


def _print_rules(*, as_json: bool) -> int:
    from bricklane.cli.tables import print_table
    from bricklane.testing.validation.rules import RULES

    rows = [(rule.code, rule.name, rule.severity.value, rule.about) for rule in RULES.values()]
    names = ("code", "name", "severity", "about")
    if as_json:
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2))
    else:
        print_table(("CODE", "RULE", "SEVERITY", "FINDS"), rows)
    return ExitCode.OK
