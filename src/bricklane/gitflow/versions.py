"""Versions: Semantic Versioning 2.0.0 (https://semver.org), read from and written as tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from semver import Version

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.kinds import Bump

__all__ = ["FIRST", "TagFormat", "Version", "highest", "parse_version", "raised"]

FIRST = Version(0, 0, 0)
"""What the first version of a project is counted from."""

_PLACE = "{version}"
_USUAL_FORMATS = ("{version}", "v{version}", "release-{version}", "release/{version}")


def parse_version(text: str) -> Version:
    """Return the version that ``text`` writes.

    Raises:
        BricklaneError: when it is not MAJOR.MINOR.PATCH; pre-releases and build numbers have no
            place in this flow.
    """
    try:
        version = Version.parse(text)
    except ValueError:
        version = None
    if version is None or version.prerelease or version.build:
        raise BricklaneError(
            f"{text!r} is not a version of the form MAJOR.MINOR.PATCH",
            hint="such as 1.4.0; see https://semver.org",
            exit_code=ExitCode.USAGE,
        )
    return version


def raised(version: Version, bump: Bump) -> Version:
    """Return the version that follows ``version``."""
    following = {
        Bump.MAJOR: version.bump_major,
        Bump.MINOR: version.bump_minor,
        Bump.PATCH: version.bump_patch,
    }
    return following[bump]()


@dataclass(frozen=True, slots=True)
class TagFormat:
    """How tags write versions.

    Args:
        format: a tag's name in which ``{version}`` stands for the version.
    """

    format: str

    def __post_init__(self) -> None:
        if self.format.count(_PLACE) != 1:
            raise BricklaneError(
                f"[gitflow] tag {self.format!r} does not hold {_PLACE} exactly once",
                hint='such as tag = "v{version}"',
                exit_code=ExitCode.CONFIG,
            )

    def name(self, version: Version) -> str:
        """Return the tag of ``version``."""
        return self.format.replace(_PLACE, str(version))

    def version(self, tag: str) -> Version | None:
        """Return the version that ``tag`` writes; none for other tags and for pre-releases."""
        before, after = self.format.split(_PLACE)
        if not (tag.startswith(before) and tag.endswith(after)):
            return None
        text = tag[len(before) : len(tag) - len(after)]
        # Most of what is no version is told without the cost of an exception.
        if not text[:1].isdigit():
            return None
        try:
            version = Version.parse(text)
        except ValueError:
            return None
        return None if version.prerelease or version.build else version

    def versions(self, tags: Iterable[str]) -> list[Version]:
        """Return the versions among ``tags``, highest first.

        Raises:
            BricklaneError: when there is none, but tags write versions in another usual way.
        """
        names = tuple(tags)
        # Versions compare ten times as slowly as what they are made of.
        found = sorted(filter(None, map(self.version, names)), key=Version.to_tuple, reverse=True)
        if not found:
            self._check_other_formats(names)
        return found

    def _check_other_formats(self, tags: tuple[str, ...]) -> None:
        for other in _USUAL_FORMATS:
            if other == self.format:
                continue
            reader = TagFormat(other)
            example = next((tag for tag in tags if reader.version(tag)), None)
            if example is not None:
                raise BricklaneError(
                    f"no tag has the format {self.format!r}, but there are tags such as {example}",
                    hint=f'write in bricklane.toml: [gitflow] tag = "{other}"',
                    exit_code=ExitCode.CONFIG,
                )


def highest(versions: Iterable[Version]) -> Version:
    """Return the highest of ``versions``, or what the first one is counted from."""
    return max(versions, default=FIRST)
