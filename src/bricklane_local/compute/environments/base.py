"""The Python environment that every run starts from."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bricklane_local.compute.environments.errors import EnvironmentFailure

# What the runtime itself imports in a run. An environment may replace what these depend on only by
# versions that they accept.
RUNTIME = {"pyspark": "connect", "ipython": "", "requests": "", "databricks-sdk": ""}


class BaseEnvironment:
    """The virtual environment of the Spark runtime.

    Args:
        python: its interpreter; not resolved, since the folders beside the link are the point.
    """

    def __init__(self, python: Path) -> None:
        self.python = python

    @cached_property
    def python_version(self) -> str:
        """The full version of the interpreter, as its ``pyvenv.cfg`` says (PEP 405).

        Raises:
            EnvironmentFailure: there is no such file, or it names no version.
        """
        settings = self.python.parent.parent / "pyvenv.cfg"
        try:
            lines = settings.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise EnvironmentFailure(f"{self.python} is not in a virtual environment") from error
        values = dict(line.split("=", 1) for line in lines if "=" in line)
        known = {key.strip(): value.strip() for key, value in values.items()}
        # The standard library writes "version", uv and virtualenv "version_info".
        version = known.get("version_info") or known.get("version")
        if not version:
            raise EnvironmentFailure(f"{settings} names no Python version")
        return ".".join(version.split(".")[:3])

    @cached_property
    def distributions(self) -> dict[str, Distribution]:
        """What is installed, by normalised name."""
        folders = sorted((self.python.parent.parent / "lib").glob("python3*/site-packages"))
        found = distributions(path=[str(folder) for folder in folders])
        return {canonicalize_name(item.metadata["Name"]): item for item in found}

    @cached_property
    def versions(self) -> dict[str, str]:
        """The version of every installed package, by normalised name."""
        return {name: self.distributions[name].version for name in sorted(self.distributions)}

    @cached_property
    def identity(self) -> str:
        """A digest that changes with the interpreter or any installed version."""
        document = json.dumps([self.python_version, self.versions])
        return hashlib.sha256(document.encode()).hexdigest()

    def pins(self) -> list[str]:
        """Return a requirement line for every installed package, at its version."""
        return [f"{name}=={version}" for name, version in self.versions.items()]

    def demands(self) -> list[str]:
        """Return constraint lines for what the runtime's own imports need."""
        lines = []
        for name, extra in RUNTIME.items():
            distribution = self.distributions.get(name)
            if distribution is None:
                continue
            lines.append(f"{name}=={distribution.version}")
            for text in distribution.requires or []:
                requirement = Requirement(text)
                marker = requirement.marker
                wanted = marker is None or marker.evaluate(
                    {"extra": extra, "python_full_version": self.python_version}
                )
                if wanted and requirement.specifier:
                    lines.append(f"{canonicalize_name(requirement.name)}{requirement.specifier}")
        return lines
