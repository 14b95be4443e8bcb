"""Commits: one, many, between two, and how two relate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import MissingObject
from bricklane_local.forge.git.model import CommitData
from bricklane_local.forge.git.objects import parse_commit, read_many


@dataclass(frozen=True, slots=True)
class Selection:
    """Which commits to list.

    Args:
        include: reachable from these objects.
        exclude: but not from these.
        paths: that change something below one of these.
        since: ISO 8601 moment; only later ones.
        until: only earlier ones.
        author: whose name or address contains this.
        committer: likewise.
        skip: pass over so many.
        limit: return at most so many; None for all.
        oldest_first: the other way round.
    """

    include: Sequence[str]
    exclude: Sequence[str] = ()
    paths: Sequence[str] = ()
    since: str = ""
    until: str = ""
    author: str = ""
    committer: str = ""
    skip: int = 0
    limit: int | None = None
    oldest_first: bool = False

    def arguments(self) -> list[str]:
        """Return it as arguments of ``git rev-list``; its objects are object names."""
        rows = [
            (f"--since={self.since}", self.since),
            (f"--until={self.until}", self.until),
            (f"--author={self.author}", self.author),
            (f"--committer={self.committer}", self.committer),
            (f"--skip={self.skip}", self.skip),
            (f"--max-count={self.limit}", self.limit is not None),
            ("--topo-order", self.oldest_first),
            ("--reverse", self.oldest_first),
            ("--fixed-strings", True),
        ]
        options = [option for option, wanted in rows if wanted]
        return [*options, *self.include, *(f"^{sha}" for sha in self.exclude), "--", *self.paths]


async def shas(bare: Bare, selection: Selection) -> list[str]:
    """Return the names of the selected commits, newest first unless it says otherwise."""
    return (await bare.git("rev-list", *selection.arguments())).text.split()


async def count(bare: Bare, selection: Selection) -> int:
    """Return how many commits the selection has."""
    return int((await bare.git("rev-list", "--count", *selection.arguments())).text)


async def commits(bare: Bare, selection: Selection) -> list[CommitData]:
    """Return the selected commits."""
    return await load(bare, await shas(bare, selection))


async def load(bare: Bare, names: Iterable[str]) -> list[CommitData]:
    """Return these commits, in this order.

    Raises:
        MissingObject: when one is not there, or is no commit.
    """
    return [parse_commit(item.sha, item.content) for item in await read_many(bare, names, "commit")]


async def commit(bare: Bare, sha: str) -> CommitData:
    """Return one commit.

    Raises:
        MissingObject: when it is not there, or is no commit.
    """
    (found,) = await load(bare, [sha])
    return found


async def merge_base(bare: Bare, one: str, other: str) -> str | None:
    """Return the best common ancestor of two commits, or None when they share none."""
    result = await bare.git("merge-base", one, other, allowed=frozenset({0, 1}))
    return result.text.strip() or None


async def ahead_behind(bare: Bare, base: str, head: str) -> tuple[int, int]:
    """Return how many commits ``head`` has that ``base`` lacks, and the other way round."""
    result = await bare.git("rev-list", "--count", "--left-right", f"{head}...{base}", "--")
    ahead, behind = result.text.split()
    return int(ahead), int(behind)


async def is_ancestor(
    bare: Bare, ancestor: str, descendant: str, extra: dict[str, str] | None = None
) -> bool:
    """Say whether ``descendant`` contains ``ancestor``; every commit contains itself.

    Args:
        bare: the repository.
        ancestor: a commit.
        descendant: another.
        extra: environment that says where else objects are.
    """
    allowed = frozenset({0, 1})
    result = await bare.git(
        "merge-base", "--is-ancestor", ancestor, descendant, extra=extra, allowed=allowed
    )
    return result.code == 0


async def pages(bare: Bare, selection: Selection, size: int) -> AsyncIterator[list[CommitData]]:
    """Yield the selected commits in lists of at most ``size``, so that few are in memory."""
    names = await shas(bare, selection)
    for start in range(0, len(names), size):
        yield await load(bare, names[start : start + size])


async def last_touching(bare: Bare, head: str, path: str) -> str:
    """Return the latest commit up to ``head`` that changed something at ``path``.

    Raises:
        MissingObject: when there is none.
    """
    found = await shas(bare, Selection((head,), paths=(path,) if path else (), limit=1))
    if not found:
        raise MissingObject(f"no commit touches {path}")
    return found[0]
