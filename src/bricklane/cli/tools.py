"""``bricklane tools``: the external programs, where they are, and how to get them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bricklane.tools.discovery import Finding


@click.group(name="tools", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """List and install the external programs bricklane drives."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_tools(*, as_json: bool) -> None:
    """Show each tool: what is wanted, what was found, and where."""
    from bricklane.tools.discovery import find
    from bricklane.tools.table import TOOLS

    findings = [find(TOOLS[name], os.environ) for name in sorted(TOOLS)]
    if as_json:
        click.echo(json.dumps([describe(finding) for finding in findings], indent=2))
    else:
        _print_table(findings)


def describe(finding: Finding) -> dict[str, Any]:
    """Return what ``--json`` prints of one tool."""
    return {
        "name": finding.tool.name,
        "wanted": finding.tool.wanted,
        "version": finding.copy.version if finding.copy else None,
        "path": str(finding.copy.path) if finding.copy else None,
        "source": finding.source,
        "passed_over": [
            {"source": rejection.source, "path": str(rejection.path), "reason": rejection.reason}
            for rejection in finding.rejections
        ],
    }


def _where(finding: Finding) -> str:
    if finding.copy:
        return str(finding.copy.path)
    return "only bricklane's own tests use it" if finding.tool.development else "-"


def _print_table(findings: list[Finding]) -> None:
    from bricklane.cli.tables import print_table

    rows = [
        (
            finding.tool.name,
            finding.tool.wanted,
            finding.copy.version if finding.copy else "-",
            finding.source,
            _where(finding),
        )
        for finding in findings
    ]
    print_table(("TOOL", "WANTED", "FOUND", "SOURCE"), rows, below="WHERE")
    for finding in findings:
        for rejection in finding.rejections:
            place = f"{rejection.path} ({rejection.source})"
            click.echo(f"{finding.tool.name}: passed over {place}: {rejection.reason}")
    needed = [finding.tool for finding in findings if not finding.copy]
    if missing := [tool.name for tool in needed if not tool.development]:
        click.echo(f"install with: bricklane tools install {' '.join(missing)}")


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--force", is_flag=True, help="Install into the cache even when found.")
@click.option("--development", is_flag=True, help="Also those that only bricklane's tests use.")
def install(names: tuple[str, ...], *, force: bool, development: bool) -> None:
    """Install the named tools, or all that bricklane drives, unless acceptable copies are found."""
    from bricklane.tools.installation import install as install_tool
    from bricklane.tools.reporting import terminal_reporter
    from bricklane.tools.table import TOOLS, tool_named

    needed = sorted(name for name, tool in TOOLS.items() if development or not tool.development)
    chosen = [tool_named(name).name for name in names] or needed
    reporter = terminal_reporter()
    for name in chosen:
        finding = install_tool(name, os.environ, reporter, force=force)
        if finding.copy:
            version, path = finding.copy.version, finding.copy.path
            click.echo(f"{name} {version} is ready: {path} ({finding.source})")


@command.command()
@click.argument("name")
def path(name: str) -> None:
    """Print the path of a tool.

    That is the program, but the home of java, the folder of spark, and of Terraform's provider the
    configuration file that TF_CLI_CONFIG_FILE takes.
    """
    from bricklane.tools.discovery import require
    from bricklane.tools.table import tool_named

    click.echo(require(tool_named(name), os.environ))
