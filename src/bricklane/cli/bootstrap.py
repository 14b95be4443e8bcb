"""``bricklane bootstrap``: workspaces, identities and repository, from code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bricklane.provision.world import Options, World


@click.command(name="bootstrap", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--plan", is_flag=True, help="Show what differs; nothing is changed.")
@click.option("-p", "--profile", default="", help="Profile of the account's administrator.")
@click.option(
    "--reviewer",
    "reviewers",
    multiple=True,
    help="Login, or organization/team, that approves production; may be given several times.",
)
@click.option(
    "--self-review/--no-self-review",
    default=None,
    help="Whether who started a run may approve it, as in a team of one. A new prod environment "
    "with reviewers says no; one that has reviewers keeps what it says.",
)
@click.option("--region", default="", help="Region of new workspaces, such as eu-central-1.")
@click.option("--cloud", type=click.Choice(["aws", "gcp", "azure"]), help="Cloud of the account.")
@click.option("--oidc", is_flag=True, help="CI signs in by the forge's tokens, without a secret.")
@click.option("--skip-terraform", is_flag=True, help="Only the forge and the project's files.")
@click.option("--rotate", is_flag=True, help="Replace the OAuth secrets; the old ones overlap.")
@click.option(
    "--migrate-to-oidc", is_flag=True, help="From secrets to the forge's tokens; run it twice."
)
def command(
    profile: str,
    reviewers: tuple[str, ...],
    region: str,
    cloud: str | None,
    *,
    self_review: bool | None,
    plan: bool,
    oidc: bool,
    skip_terraform: bool,
    rotate: bool,
    migrate_to_oidc: bool,
) -> None:
    """Provision workspaces, identities and the repository of the project.

    Terraform makes three workspaces with their service principals, catalogs and grants; the forge
    gets environments and rules; databricks.yml gets hosts and principals. What is there already
    stays; run again, it goes on where it was, or changes nothing.
    """
    from bricklane.cli.steps import run_steps
    from bricklane.provision.bootstrap import BOOTSTRAP, REPOSITORY, ROTATE
    from bricklane.provision.migration import MIGRATE
    from bricklane.provision.world import OIDC, Options

    ways = {"--skip-terraform": skip_terraform, "--rotate": rotate}
    ways["--migrate-to-oidc"] = migrate_to_oidc
    chosen = [option for option, wanted in ways.items() if wanted]
    if len(chosen) > 1 or (oidc and chosen):
        raise click.UsageError(f"{' and '.join(chosen)} cannot be combined, nor with --oidc")
    flows = {"--skip-terraform": REPOSITORY, "--rotate": ROTATE, "--migrate-to-oidc": MIGRATE}
    steps = flows[chosen[0]] if chosen else BOOTSTRAP
    options = Options(reviewers, region, cloud or "", OIDC if oidc else "", self_review)
    with opened(Path.cwd(), profile, options) as world:
        run_steps(steps, world, plan=plan)
        if not plan:
            click.secho(closing(world), fg="green")


@contextmanager
def opened(start: Path, profile: str, options: Options) -> Iterator[World]:
    """Open what the flow observes and changes."""
    from bricklane.forge.opening import open_forge
    from bricklane.project.bundlefile import find_bundle, read_bundle
    from bricklane.project.loading import settings_of
    from bricklane.provision.credentials import administrator
    from bricklane.provision.world import World, ensure_migration, ensure_targets
    from bricklane.tools.installation import install
    from bricklane.tools.reporting import terminal_reporter

    bundle = read_bundle(find_bundle(start))
    ensure_targets(bundle)
    settings = settings_of(bundle)
    forge, who = open_forge(settings), administrator(profile)
    for tool in ("terraform", "terraform-provider-databricks"):
        install(tool, os.environ, terminal_reporter())
    with ExitStack() as stack:
        world = World(settings, bundle, forge, who, options, os.environ, say, stack)
        ensure_migration(world)
        yield world


def say(line: str) -> None:
    """Show a line of what goes on."""
    click.secho(f"  {line}", fg="bright_black")


def closing(world: World) -> str:
    """Return the last lines: what there is now, and what comes next."""
    from bricklane.provision.bootstrap import pushed

    lines = [f"{target}: {facts.host}" for target, facts in world.facts().items()]
    lines.append("commit databricks.yml and infrastructure/, and push: CI can deliver")
    if not pushed(world):
        lines.append("run it once more after the push: main and develop get their rules then")
    return "\n".join(lines)
