"""The Terraform files of a project: modules and root modules, copied once and then the team's own.

They come from bricklane's own ``terraform/``: the modules as they are, the root modules from the
example of three targets. Files that are there already are never touched; what bricklane keeps
up to date is only the file of values of the account layer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError, ExitCode

FOLDER = "infrastructure"
ACCOUNT = "account"
TARGETS = ("dev", "staging", "prod")
MODULES = ("account", "workspace")
EXAMPLE = Path("examples/three-targets")
# Where the example's root modules find the modules, and where a project's do.
SOURCE = re.compile(r'source(\s*)= "\.\./\.\./\.\./([a-z-]+)"')
VALUES = "terraform.tfvars.json"
# What of a module a project needs: not its tests and examples.
PATTERNS = ("*.tf", "README.md", ".terraform.lock.hcl")
IGNORED = """\
# Written by Terraform. State holds secrets: keep it in a backend that locks and encrypts.
.terraform/
*.tfstate
*.tfstate.*
"""


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """The Terraform files of one project.

    Args:
        root: the project's folder.
    """

    root: Path

    @property
    def folder(self) -> Path:
        """The folder of all Terraform files."""
        return self.root / FOLDER

    @property
    def account(self) -> Path:
        """The root module of the account layer."""
        return self.folder / ACCOUNT

    def target(self, name: str) -> Path:
        """Return the root module of a target's layer."""
        return self.folder / name

    @property
    def values_file(self) -> Path:
        """The values of the account layer; nothing in it is secret."""
        return self.account / VALUES

    def missing(self) -> dict[Path, str]:
        """Return the files that a project needs and does not have, with their contents."""
        return {path: text for path, text in self._wanted().items() if not path.exists()}

    def _wanted(self) -> dict[Path, str]:
        source = shipped()
        wanted = {self.folder / ".gitignore": IGNORED}
        for module in MODULES:
            for file in _files(source / module):
                wanted[self.folder / "modules" / module / file.name] = file.read_text("utf-8")
        for layer in (ACCOUNT, *TARGETS):
            for file in _files(source / EXAMPLE / layer):
                text = SOURCE.sub(r'source\1= "../modules/\2"', file.read_text("utf-8"))
                wanted[self.folder / layer / file.name] = text
        return wanted

    def values(self) -> dict[str, Any]:
        """Return the values of the account layer as they are in the file; none without one.

        Raises:
            BricklaneError: when the file is no JSON object.
        """
        if not self.values_file.exists():
            return {}
        try:
            found = json.loads(self.values_file.read_text("utf-8"))
        except ValueError as error:
            raise BricklaneError(
                f"{self.values_file} is not JSON: {error}", exit_code=ExitCode.CONFIG
            ) from None
        if not isinstance(found, dict):
            raise BricklaneError(
                f"{self.values_file}: expected an object with values of variables",
                exit_code=ExitCode.CONFIG,
            )
        return found

    def save_values(self, values: Mapping[str, Any]) -> None:
        """Replace the values of the account layer, atomically."""
        save(self.values_file, dump(values))

    def save_target(self, name: str, values: Mapping[str, Any]) -> None:
        """Replace what a target's layer takes from the account layer, atomically."""
        save(self.target(name) / "account.auto.tfvars.json", dump(values))


def dump(values: Mapping[str, Any]) -> str:
    """Return values of variables as the text of a file."""
    return json.dumps(values, indent=2, sort_keys=True) + "\n"


def save(path: Path, text: str) -> None:
    """Write a file by replacing it, with the permissions that it had.

    Its folder is made when it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, "utf-8")
    if path.exists():
        beside.chmod(path.stat().st_mode & 0o777)
    beside.replace(path)


def shipped() -> Path:
    """Return the folder of the Terraform modules that come with bricklane.

    In a wheel they are part of the package; in a clone they are beside the sources.

    Raises:
        BricklaneError: when neither is there.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "terraform", package.parents[1] / "terraform"):
        if folder.is_dir():
            return folder
    raise BricklaneError(
        "this installation of bricklane has no Terraform modules",
        hint="install it again: pip install --force-reinstall bricklane",
        exit_code=ExitCode.CONFIG,
    )


def _files(folder: Path) -> list[Path]:
    return sorted(file for pattern in PATTERNS for file in folder.glob(pattern))
