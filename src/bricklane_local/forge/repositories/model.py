"""What the forge remembers of a repository beside its git objects."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository.

    Args:
        id: number, never given twice; the parent key of everything that belongs to it.
        owner: login of the user or organisation.
        name: unique with the owner, without regard to case.
        private: whether only collaborators see it.
        default_branch: what a clone checks out.
        description: for people.
        homepage: URL, or empty.
        topics: words it can be found by.
        fork_of: id of the repository it was forked from, or 0.
        archived: whether it takes no changes.
        has_issues: whether it has an issue tracker.
        allow_merge_commit: whether pull requests may be merged by a merge commit.
        allow_squash_merge: or as one commit.
        allow_rebase_merge: or commit by commit.
        delete_branch_on_merge: whether merging deletes the head branch.
        allow_update_branch: whether pages offer to update a head branch.
        actions_open_pulls: whether jobs' own tokens may open and approve pull requests.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
        pushed_at: likewise.
        renamed_at: likewise; 0 for never.
    """

    id: int
    owner: str
    name: str
    private: bool = False
    default_branch: str = "main"
    description: str = ""
    homepage: str = ""
    topics: tuple[str, ...] = ()
    fork_of: int = 0
    archived: bool = False
    has_issues: bool = True
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    delete_branch_on_merge: bool = False
    allow_update_branch: bool = False
    actions_open_pulls: bool = True
    created_at: int = 0
    updated_at: int = 0
    pushed_at: int = 0
    renamed_at: int = 0

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"

    @property
    def parent(self) -> str:
        """The parent key under which documents of this repository are stored."""
        return str(self.id)

    def body(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    @classmethod
    def load(cls, body: dict[str, Any]) -> Repository:
        """Return the repository that ``body`` describes."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in body.items() if name in known}
        return cls(**(values | {"topics": tuple(values.get("topics", ()))}))
