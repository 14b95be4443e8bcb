"""What a deployed commit is called."""

from __future__ import annotations

import tomllib

from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import Kinds
from bricklane.project.settings import Settings

SHORT = 7


def version_of(git: Git, settings: Settings, kinds: Kinds, branch: str, commit: str) -> str:
    """Return the version of a commit.

    A branch that becomes a version has it in its name. Other work is called after the version of
    the project that it stands on and the commit: ``1.4.0+g1a2b3c4``.

    Args:
        git: has the commit.
        settings: say which file holds the project's version.
        kinds: of branches.
        branch: the commit is deployed from; empty when there is none.
        commit: its SHA.
    """
    kind = kinds.of_branch(branch)
    if kind is not None and kind.tag:
        return kind.name_in(branch)
    version = project_version(git, settings, commit)
    return f"{version}+g{commit[:SHORT]}" if version else commit[:SHORT]


def project_version(git: Git, settings: Settings, commit: str) -> str:
    """Return ``project.version`` of the first version file at a commit; empty when it has none."""
    prefix = settings.root.resolve().relative_to(git.top.resolve()).as_posix()
    for name in settings.gitflow.version_files:
        path = name if prefix == "." else f"{prefix}/{name}"
        found = git.run("cat-file", "blob", f"{commit}:{path}", allowed=frozenset({0, 128}))
        if found.code != 0:
            continue
        try:
            version = tomllib.loads(found.output).get("project", {}).get("version")
        except (tomllib.TOMLDecodeError, AttributeError):
            continue  # Only a name is wanted here; the build says what is wrong with the file.
        if isinstance(version, str) and version:
            return version
    return ""
