"""The options of commands that take answers to the template's questions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def answer_options(function: Function) -> Function:
    """Add ``--data``, ``--data-file`` and ``--defaults`` to a command."""
    options = [
        click.option(
            "--data", multiple=True, metavar="KEY=VALUE", help="Answer to a question; repeatable."
        ),
        click.option(
            "--data-file",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="YAML file with answers.",
        ),
        click.option("--defaults", is_flag=True, help="Ask nothing: take the defaults."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def given_answers(data: tuple[str, ...], data_file: Path | None) -> dict[str, str]:
    """Return the answers that the options give; those of ``--data`` win.

    Raises:
        BricklaneError: for an answer to a question that is not asked, or a file that is no mapping.
        click.BadParameter: for a ``--data`` without ``=``.
    """
    import yaml

    from bricklane.errors import BricklaneError, ExitCode
    from bricklane.project.rendering import checked

    given: dict[str, object] = {}
    if data_file is not None:
        try:
            content = yaml.safe_load(data_file.read_bytes())
        except (yaml.YAMLError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
            message = f"{data_file} cannot be read as YAML: {reason}"
            raise BricklaneError(message, exit_code=ExitCode.USAGE) from None
        if not isinstance(content, dict):
            message = f"{data_file}: expected one `question: answer` on each line"
            raise BricklaneError(message, exit_code=ExitCode.USAGE)
        # A project's own .bricklane/answers.yml can be given too; what begins with _ is no answer.
        given |= {str(k): v for k, v in content.items() if not str(k).startswith("_")}
    for pair in data:
        name, separator, value = pair.partition("=")
        if not separator:
            raise click.BadParameter(f"expected KEY=VALUE, found {pair!r}", param_hint="--data")
        given[name] = value
    return checked(given)
