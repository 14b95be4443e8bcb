"""The next version of a clone, as its tags tell: quick, and without the forge."""

from __future__ import annotations

from pathlib import Path

from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import Bump
from bricklane.gitflow.remote import refs
from bricklane.gitflow.versions import TagFormat, Version, highest, raised
from bricklane.project.settings import Settings


def next_of_clone(start: Path, bump: Bump, *, fetch: bool) -> Version:
    """Return the version that follows the highest tag.

    Args:
        start: a folder of the project.
        bump: what to raise.
        fetch: ask the remote for its tags; a shallow clone is not trusted to have them all.

    Raises:
        BricklaneError: when there is no project, or the remote cannot be reached.
    """
    from bricklane.project.loading import load

    settings = load(start)
    git = Git.open(settings.root, settings.gitflow.remote)
    if fetch or git.is_shallow():
        tags = list(refs(_with_token(settings, git)).tags)
    else:
        tags = git.local_tags()
    return raised(highest(TagFormat(settings.gitflow.tag).versions(tags)), bump)


def _with_token(settings: Settings, git: Git) -> Git:
    from bricklane.forge.opening import git_environment, git_secrets

    environment = git_environment(settings)
    return Git(git.top, git.remote, environment, git_secrets(environment))
