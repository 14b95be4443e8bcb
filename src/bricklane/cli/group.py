"""The command group of ``bricklane``, which imports a command when it is used."""

from __future__ import annotations

from importlib import import_module

import click

from bricklane import __version__
from bricklane.cli.commands import COMMANDS, SUMMARY


class LazyGroup(click.Group):
    """A command group whose members are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Return the names of all commands, sorted."""
        return sorted(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - Click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import and return the command called ``cmd_name``, or None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)  # noqa: S101  (a mistake in COMMANDS, not a user's)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command table of ``--help`` without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.command(
    cls=LazyGroup, help=SUMMARY, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="bricklane")
def cli() -> None:
    """Take the options that stand before a command."""
