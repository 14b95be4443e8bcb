"""uv: its argument lists, and what it says when it cannot do it.

Source: https://docs.astral.sh/uv/reference/cli/#uv-pip-compile and ``#uv-pip-install``.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.compute.processes import run_to_end

# Exit status of uv when no set of versions fits, as against a failed download or a broken file.
NO_SOLUTION = 1
COMMON = ("--no-progress", "--color", "never")
# Credentials that a URL of an index may carry.
USER_INFORMATION = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Answer:
    """What uv said.

    Args:
        status: its exit status.
        reason: its error text, without credentials.
    """

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Resolver:
    """Runs uv.

    Args:
        uv: the program.
        python: interpreter to resolve for.
    """

    uv: Path
    python: Path

    def compile_arguments(self, folder: Path) -> list[str]:
        """Return the call that pins ``requirements.in`` into ``requirements.txt``.

        Args:
            folder: holds both, ``constraints.txt`` and ``excludes.txt``; versions that the output
                file already names are preferred.
        """
        # The option takes the place of the variable, so that what the user set there is lost.
        theirs = [Path(name).absolute() for name in os.environ.get("UV_CONSTRAINT", "").split()]
        constraints = (folder / "constraints.txt", *theirs)
        return [
            *(str(self.uv), "pip", "compile", str(folder / "requirements.in")),
            *(word for file in constraints for word in ("--constraints", str(file))),
            *("--excludes", str(folder / "excludes.txt")),
            *("--output-file", str(folder / "requirements.txt")),
            *("--python", str(self.python)),
            *("--no-header", "--no-annotate", "--emit-index-url", "--emit-find-links"),
            *("--emit-build-options", "--quiet", *COMMON),
        ]

    def install_arguments(self, requirements: Path, target: Path) -> list[str]:
        """Return the call that installs exactly the lines of a file into a folder."""
        return [
            *(str(self.uv), "pip", "install", "--requirements", str(requirements)),
            *("--target", str(target), "--python", str(self.python), "--no-deps"),
            *("--quiet", *COMMON),
        ]

    async def run(self, arguments: list[str], folder: Path) -> Answer:
        """Run uv to its end; a cancelled caller leaves no process behind.

        Args:
            arguments: the program and what follows.
            folder: working directory.
        """
        code, said = await run_to_end(arguments, folder, _environment())
        text = USER_INFORMATION.sub("", said).strip()
        return Answer(code, text.removeprefix("error: "))


def _environment() -> dict[str, str]:
    """Return this process's variables without those that would turn uv to another environment."""
    hidden = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON", "UV_PROJECT")
    return {name: value for name, value in os.environ.items() if name not in hidden}
