"""``bricklane next-version``: which version comes next."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="next-version", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--major", "bump", flag_value="major", help="Something breaks.")
@click.option("--minor", "bump", flag_value="minor", default="minor", help="The default.")
@click.option("--patch", "bump", flag_value="patch", help="Something is mended.")
@click.option("--fetch", is_flag=True, help="Ask the remote for its tags, not this clone.")
def command(bump: str, *, fetch: bool) -> None:
    """Print the version that follows the highest tag.

    A shallow clone may lack tags; there the remote is always asked.
    """
    from bricklane.gitflow.kinds import Bump
    from bricklane.gitflow.next import next_of_clone

    click.echo(next_of_clone(Path.cwd(), Bump(bump), fetch=fetch))
