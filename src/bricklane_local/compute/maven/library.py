"""A library by its Maven coordinates, read from the definition of a task or cluster.

Source: https://docs.databricks.com/api/workspace/libraries/install (``maven``) and
https://docs.databricks.com/en/libraries/package-repositories.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bricklane_local.compute.environments.errors import EnvironmentFailure
from bricklane_local.compute.environments.resolver import USER_INFORMATION

# Group, artifact and version; an exclusion has no version, and a star for whatever there is.
COORDINATES = re.compile(r"[\w.\-]+:[\w.\-]+:[\w.\-+]+")
EXCLUSION = re.compile(r"[\w.\-*]+:[\w.\-*]+")
SCHEMES = ("http", "https", "file")
SNAPSHOT = "-SNAPSHOT"


def presentable(text: str) -> str:
    """Return a text without the credentials that addresses in it may have."""
    return USER_INFORMATION.sub("", text)


@dataclass(frozen=True, slots=True, order=True)
class MavenLibrary:
    """A library in a Maven repository.

    Args:
        coordinates: ``group:artifact:version``.
        repositories: URLs of those that are asked before Maven Central.
        exclusions: ``group:artifact`` of what is left out of its dependencies.
    """

    coordinates: str
    repositories: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()

    @classmethod
    def of(cls, maven: dict[str, Any]) -> MavenLibrary:
        """Read the field ``maven`` of a library; ``repo`` may have several, with commas between.

        Raises:
            EnvironmentFailure: it does not name one artifact, or a repository that can be asked.
        """
        coordinates = str(maven.get("coordinates") or "")
        if not COORDINATES.fullmatch(coordinates):
            raise EnvironmentFailure(
                f"The library maven {coordinates!r} has no coordinates of the form "
                "group:artifact:version"
            )
        exclusions = tuple(str(item) for item in maven.get("exclusions") or [])
        for item in exclusions:
            if not EXCLUSION.fullmatch(item):
                raise EnvironmentFailure(
                    f"The library maven {coordinates} excludes {item!r}, which is not of the form "
                    "group:artifact"
                )
        repositories = tuple(filter(None, str(maven.get("repo") or "").split(",")))
        for item in repositories:
            if urlsplit(item).scheme not in SCHEMES:
                raise EnvironmentFailure(
                    f"The library maven {coordinates} has the repository {presentable(item)!r}, "
                    f"whose URL begins with none of {', '.join(SCHEMES)}"
                )
        return cls(coordinates, repositories, exclusions)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Group, artifact and version."""
        group, artifact, version = self.coordinates.split(":")
        return group, artifact, version

    @property
    def changes(self) -> bool:
        """Whether the same coordinates may mean something else tomorrow."""
        return self.coordinates.endswith(SNAPSHOT)
