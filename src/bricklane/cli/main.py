"""Entry point of ``bricklane``, and the one place that exits.

Nothing is imported here that ``bricklane --help`` can do without.
"""

from __future__ import annotations

import sys

from bricklane.cli.commands import help_text, version_text

TYPE_CHECKING = False  # As ``typing`` has it, which takes longer to load than this program.
if TYPE_CHECKING:
    from bricklane.errors import BricklaneError

# What is answered without loading the parser of the command line.
AT_ONCE = {"--help": help_text, "-h": help_text, "--version": version_text}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the code its outcome has in ``ExitCode``.

    Args:
        arguments: the words after the program's name; those of the process by default.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if len(words) == 1 and words[0] in AT_ONCE:
        sys.stdout.write(AT_ONCE[words[0]]())
        return
    run(words)


def run(words: list[str]) -> None:
    """Parse ``words``, run their command, and exit."""
    import signal

    import click

    from bricklane.cli.group import cli
    from bricklane.errors import BricklaneError, ExitCode

    # What ends a job of continuous integration is an interruption like Ctrl-C: what is under way is
    # recorded as ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = cli.main(words, prog_name="bricklane", standalone_mode=False)
    except BricklaneError as error:
        report(error)
        sys.exit(error.exit_code)
    except OSError as error:
        # A full disk, a folder that may not be written to, a file in the way of a folder.
        place = f"{error.filename}: " if error.filename else ""
        report(BricklaneError(f"{place}{error.strerror or error}"))
        sys.exit(ExitCode.FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(ExitCode.INTERRUPTED)
    sys.exit(code if isinstance(code, int) else ExitCode.OK)


def report(error: BricklaneError) -> None:
    """Print ``error`` and its hint on standard error; what they quote cannot steer the terminal."""
    import click

    from bricklane.cli.tables import printable

    said = "\n".join(printable(click.unstyle(line)) for line in error.message.splitlines())
    click.secho(f"error: {said}", fg="red", err=True)
    for line in (error.hint or "").splitlines():
        click.echo(f"  hint: {printable(click.unstyle(line))}", err=True)
