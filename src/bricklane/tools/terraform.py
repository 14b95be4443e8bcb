"""The rows of Terraform: the program, its Databricks provider, and the linter of our modules."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bricklane.tools import gobuild
from bricklane.tools.cache import ToolCache
from bricklane.tools.discovery import InVariable, OnPath, ProbeFailed, ask, match
from bricklane.tools.gobuild import GoBuild
from bricklane.tools.model import Copy, Job, Tool, Way
from bricklane.tools.release import Release, platform_name

TERRAFORM_RELEASES = "https://releases.hashicorp.com/terraform/{version}/terraform_{version}"
PROVIDER_RELEASES = (
    "https://github.com/databricks/terraform-provider-databricks/releases/download/v{version}"
    "/terraform-provider-databricks_{version}"
)
TFLINT_RELEASES = "https://github.com/terraform-linters/tflint/releases/download/v{version}"

PROVIDER_VERSION = "1.113.0"
PROVIDER_BINARY = f"terraform-provider-databricks_v{PROVIDER_VERSION}"
PROVIDER_SOURCE = "registry.terraform.io/databricks/databricks"

# The names below the folder of the provider.
MIRROR = "mirror"
CLI_CONFIG = "terraform.rc"
LINK = "terraform-provider-databricks"


@dataclass(frozen=True, slots=True)
class FilesystemMirror:
    """A provider where Terraform looks for one, and the configuration that makes it look there.

    A provider is not a program that somebody starts: ``terraform init`` takes it from a registry,
    or from a folder laid out as a filesystem mirror
    (https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation).
    The folder holds the whole content of the official archive, so that the checksum that
    Terraform computes of it (``h1:``) is the one that lock files record for that archive.

    Args:
        way: what provides the provider itself.
    """

    way: Way

    @property
    def label(self) -> str:
        """The label of the way that provides the provider."""
        return self.way.label

    def provide(self, job: Job) -> dict[str, Any]:
        """Have the provider put into the mirror, and write the configuration beside it.

        Raises:
            WayFailed: as the other way does.
        """
        inside = Path(MIRROR) / PROVIDER_SOURCE / job.tool.version / platform_name()
        folder = job.folder / inside
        folder.mkdir(parents=True)
        facts = self.way.provide(replace(job, folder=folder))
        (job.folder / LINK).symlink_to(inside / PROVIDER_BINARY)
        # The job's folder is a place to build in; Terraform will look where it is moved to.
        mirror = ToolCache(job.tool, job.environment).target / MIRROR
        (job.folder / CLI_CONFIG).write_text(cli_config(mirror), "utf-8")
        return facts


def cli_config(mirror: Path) -> str:
    """Return the Terraform CLI configuration that takes the Databricks provider from ``mirror``.

    Every other provider still comes from its own registry.
    """
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path    = {quoted(str(mirror))}\n"
        f'    include = ["{PROVIDER_SOURCE}"]\n'
        "  }\n"
        "  direct {\n"
        f'    exclude = ["{PROVIDER_SOURCE}"]\n'
        "  }\n"
        "}\n"
    )


def quoted(text: str) -> str:
    """Return ``text`` as a string of Terraform's configuration language, with nothing expanded."""
    return re.sub(r"([$%])\{", r"\1\1{", json.dumps(text, ensure_ascii=False))


def inspect_terraform(executable: Path) -> Copy:
    """Return the Terraform at ``executable``."""
    output = ask(executable, "version", "-json")
    return Copy(executable, match(r'"terraform_version": "([^"]+)"', output))


def inspect_provider(executable: Path) -> Copy:
    """Return the provider at ``executable``: the configuration that leads Terraform to it.

    Raises:
        ProbeFailed: when it is not below a folder with that configuration, or does not run.
    """
    # A line of its own, among those in which it tells of its own making.
    version = match(r"^(\d+\.\d+\.\d+\S*)$", ask(executable, "version"))
    config = executable.parent / CLI_CONFIG
    if not config.is_file():
        raise ProbeFailed(f"there is no {CLI_CONFIG} beside it")
    return Copy(config, version)


def inspect_tflint(executable: Path) -> Copy:
    """Return the tflint at ``executable``."""
    return Copy(executable, match(r"^TFLint version (\S+)", ask(executable, "--version")))


TERRAFORM = Tool(
    name="terraform",
    # 1.9: the conditions of a variable may speak of other variables.
    wanted=">=1.9,<2",
    version="1.11.4",
    places=(InVariable("BRICKLANE_TERRAFORM"), OnPath("terraform")),
    inspect=inspect_terraform,
    ways=(
        Release(
            archive=TERRAFORM_RELEASES + "_{platform}.zip",
            checksums=TERRAFORM_RELEASES + "_SHA256SUMS",
            member="terraform",
        ),
        GoBuild(
            package="github.com/hashicorp/terraform",
            binary="terraform",
            pins=gobuild.PINS / "terraform",
            # Its version is in its sources; what is stamped keeps "-dev" from being added to it.
            stamp="github.com/hashicorp/terraform/version.dev",
            stamped="no",
        ),
    ),
    executable="terraform",
    home="terraform",
    advice="install Terraform 1.9 or newer, on PATH or named by BRICKLANE_TERRAFORM",
)

PROVIDER = Tool(
    name="terraform-provider-databricks",
    wanted=f"=={PROVIDER_VERSION}",
    version=PROVIDER_VERSION,
    places=(),
    inspect=inspect_provider,
    ways=(
        FilesystemMirror(
            Release(
                archive=PROVIDER_RELEASES + "_{platform}.zip",
                checksums=PROVIDER_RELEASES + "_SHA256SUMS",
                member=PROVIDER_BINARY,
                whole=True,
            )
        ),
        FilesystemMirror(
            GoBuild(
                package="github.com/databricks/terraform-provider-databricks",
                binary=PROVIDER_BINARY,
                pins=gobuild.PINS / "terraform-provider-databricks",
            )
        ),
    ),
    executable=LINK,
    home=CLI_CONFIG,
    advice="or let `terraform init` take it from the Terraform registry",
)

TFLINT = Tool(
    name="tflint",
    wanted=">=0.55,<0.60",
    version="0.55.1",
    places=(InVariable("BRICKLANE_TFLINT"), OnPath("tflint")),
    inspect=inspect_tflint,
    ways=(
        Release(
            archive=TFLINT_RELEASES + "/tflint_{platform}.zip",
            checksums=TFLINT_RELEASES + "/checksums.txt",
            member="tflint",
        ),
        GoBuild(
            package="github.com/terraform-linters/tflint",
            binary="tflint",
            pins=gobuild.PINS / "tflint",
        ),
    ),
    executable="tflint",
    home="tflint",
    advice="install tflint 0.55 or newer, on PATH or named by BRICKLANE_TFLINT",
    development=True,
)
