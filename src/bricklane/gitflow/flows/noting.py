"""Writing what came to an open release or hotfix since it was drafted into the changelog."""

from __future__ import annotations

from dataclasses import dataclass

from bricklane.errors import BricklaneError
from bricklane.flow import Step
from bricklane.gitflow import notes
from bricklane.gitflow.files import changelog_edit, split_sections
from bricklane.gitflow.flows.publishing import PublishWorld, is_merged
from bricklane.gitflow.merging import Sides, merge_texts, read_text
from bricklane.gitflow.remote import fetch_heads, push
from bricklane.gitflow.scratch import changed_tree


@dataclass(frozen=True, slots=True)
class Noted:
    """What a changelog says of a version, and what it should say.

    Args:
        head: the SHA of the branch's head.
        present: the section that it has; None when it has none.
        wanted: the section with everything that came to the branch.
    """

    head: str
    present: str | None
    wanted: str

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.present is not None and self.present.strip() == self.wanted.strip()


def noted(world: PublishWorld) -> Noted:
    """Return what the changelog of an open release or hotfix says, and should say.

    What people wrote there since the draft is kept: it is merged with what the commits tell.

    Raises:
        BricklaneError: when the branch is gone or merged, the project keeps no changelog, or people
            have rewritten the lines that change.
    """
    project = world.project
    if is_merged(world):
        raise BricklaneError(
            f"{world.branch} is merged already (#{world.pull_request.number}): {world.version} is "
            "published as it is",
        )
    branch = project.forge.branch(world.branch)
    if branch is None:
        raise BricklaneError(f"{world.branch} is gone from the forge")
    fetch_heads(project.git, {branch.name: branch.commit})
    log = world.log(branch.commit)
    entries = notes.entries(log)
    present = _section(world, branch.commit)
    fresh = notes.section(world.version, entries, project.now())
    if present is None:
        return Noted(branch.commit, None, fresh)
    # The day in the heading is that of the draft.
    wanted = _headed(present, fresh)
    drafted = _drafted(world, log)
    base = present if drafted is None else _section(world, drafted) or present
    merged = _merged(world, Sides(_headed(present, base), present, wanted))
    return Noted(branch.commit, present, merged)


def _section(world: PublishWorld, commit: str) -> str | None:
    path = world.project.folder / _changelog(world)
    text = read_text(world.project.git, commit, str(path))
    section = None if text is None else split_sections(text)[1].get(str(world.version))
    return None if section is None else section.replace("\r\n", "\n").strip("\n") + "\n"


def _changelog(world: PublishWorld) -> str:
    name = world.project.settings.gitflow.changelog
    if not name:
        raise BricklaneError(
            "the project keeps no changelog",
            hint="name one in bricklane.toml: [gitflow] changelog",
        )
    return name


def _drafted(world: PublishWorld, log: list[notes.LoggedCommit]) -> str | None:
    """Return the last commit that wrote the notes of the version; none when it is not there."""
    subject = f"{notes.VERSION_COMMIT}{world.version}"
    return next((commit.sha for commit in reversed(log) if commit.subject == subject), None)


def _headed(heading: str, section: str) -> str:
    """Return ``section`` below the first line of ``heading``."""
    return heading.partition("\n")[0] + "\n" + section.partition("\n")[2]


def _merged(world: PublishWorld, sides: Sides) -> str:
    text = merge_texts(world.project.git, sides)
    if text is None:
        raise BricklaneError(
            f"{_changelog(world)} has other words for {world.version} where notes are new",
            hint=f"edit it by hand on {world.branch}; the notes of the commits are:\n"
            f"{sides.theirs.strip()}",
        )
    return text


def _is_complete(world: PublishWorld) -> bool:
    return noted(world).complete


def _write(world: PublishWorld) -> None:
    project, found = world.project, noted(world)
    git = project.git
    path = project.folder / _changelog(world)
    edit = changelog_edit(path, world.version, found.wanted)
    tree = changed_tree(git, git.tree(found.head), [(path, edit)])
    message = f"{notes.VERSION_COMMIT}{world.version}\n"
    push(git, git.write_commit(tree, [found.head], message), world.branch, seen=found.head)


NOTES: tuple[Step[PublishWorld], ...] = (
    Step(
        "write what is new into the changelog",
        _is_complete,
        _write,
        lambda world: f"{_changelog(world)} of {world.branch}",
    ),
)
