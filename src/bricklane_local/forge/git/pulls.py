"""The refs of pull requests: ``refs/pull/N/head`` and, while it merges, ``refs/pull/N/merge``.

Source: https://docs.github.com/en/rest/git/refs and, for what ``merge`` is,
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
"""

from __future__ import annotations

from dataclasses import dataclass

from bricklane_local.forge.git import history, merging, objects, refs
from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import MergeConflict, Unrelated
from bricklane_local.forge.git.model import FORGE, HEADS, PULLS, Person
from bricklane_local.forge.git.names import check_ref


@dataclass(frozen=True, slots=True)
class Mergeability:
    """Whether a pull request merges.

    Args:
        mergeable: without conflict.
        merge_commit: the commit that a test of it checks out; None when it does not merge.
        conflicts: paths of files in conflict.
    """

    mergeable: bool
    merge_commit: str | None
    conflicts: tuple[str, ...] = ()


async def refresh(
    bare: Bare, number: int, base: str, head: str, author: Person = FORGE
) -> Mergeability:
    """Bring both refs of a pull request to its present commits.

    Args:
        bare: the repository of the base.
        number: of the pull request.
        base: the base branch's commit.
        head: the head's commit, which is in the repository.
        author: of the test merge.

    Returns:
        Whether it merges; the same commits give the same test merge again.
    """
    values: dict[str, str | None] = {f"{PULLS}{number}/head": head, f"{PULLS}{number}/merge": None}
    try:
        tree = await merging.tree_of(bare, base, head)
    except (MergeConflict, Unrelated) as failure:
        await refs.overwrite(bare, values)
        return Mergeability(False, None, getattr(failure, "paths", ()))
    when = await _moment(bare, base, head)
    author, committer = _at(author, when), _at(FORGE, when)
    merge = await objects.write_commit(
        bare, tree, (base, head), f"Merge {head} into {base}", author, committer
    )
    await refs.overwrite(bare, values | {f"{PULLS}{number}/merge": merge})
    return Mergeability(True, merge)


async def close(bare: Bare, number: int) -> None:
    """Drop the test merge of a pull request that is closed; its head stays for readers."""
    await refs.overwrite(bare, {f"{PULLS}{number}/merge": None})


async def fetch_head(bare: Bare, number: int, source: Bare, branch: str) -> str:
    """Bring the head of a fork's branch into the base's repository and return its commit.

    Raises:
        GitFailure: when the fork has no such branch.
    """
    origin, target = check_ref(HEADS + branch), f"{PULLS}{number}/head"
    await bare.git("fetch", "--quiet", "--no-tags", str(source.folder), f"+{origin}:{target}")
    return await refs.resolve(bare, target)


async def _moment(bare: Bare, *shas: str) -> int:
    return max(commit.committer.when or 0 for commit in await history.load(bare, shas))


def _at(person: Person, when: int) -> Person:
    return Person(person.name, person.email, when)
