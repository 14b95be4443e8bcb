"""Concurrency groups: of each, one run or job is under way and at most one waits.

Source: https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Member:
    """A run, or a job of one, in a group.

    Args:
        run: id of the run.
        job: id of the job; 0 for the run itself.
    """

    run: int
    job: int = 0


@dataclass(slots=True)
class Group:
    """Who is in a group.

    Args:
        holder: under way.
        waiting: next, or None.
    """

    holder: Member | None = None
    waiting: Member | None = None


@dataclass(slots=True)
class Groups:
    """The groups of all repositories, by repository and name."""

    known: dict[tuple[int, str], Group] = field(default_factory=dict)

    def enter(self, repository: int, name: str, member: Member) -> tuple[bool, Member | None]:
        """Let ``member`` into a group, or have it wait.

        Returns:
            Whether it is in, and who waited before it and has to give way.
        """
        group = self.known.setdefault((repository, name), Group())
        # The jobs of a run that holds the group are in it already.
        inside = group.holder is not None and not group.holder.job
        if group.holder in (None, member) or (inside and group.holder == Member(member.run)):
            if group.holder is None:
                group.holder = member
            if group.waiting == member:
                group.waiting = None
            return True, None
        replaced = group.waiting if group.waiting != member else None
        group.waiting = member
        return False, replaced

    def holder(self, repository: int, name: str) -> Member | None:
        """Return who is under way."""
        group = self.known.get((repository, name))
        return group.holder if group else None

    def leave(self, repository: int, name: str, member: Member) -> None:
        """Take ``member`` out of a group; who waits may enter then."""
        group = self.known.get((repository, name))
        if group is None:
            return
        if group.holder == member:
            group.holder = None
        if group.waiting == member:
            group.waiting = None
        if group.holder is None and group.waiting is None:
            del self.known[repository, name]
