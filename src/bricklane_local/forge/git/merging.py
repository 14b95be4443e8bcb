"""Merges without a working tree: as a merge commit, as one commit, or commit by commit.

Only objects are written here; refs are changed by whoever asked, with
:meth:`~bricklane_local.forge.git.service.Git.change_refs`.

Source: https://git-scm.com/docs/git-merge-tree
"""

from __future__ import annotations

from dataclasses import dataclass

from bricklane_local.forge.git import history, objects, trees
from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import MergeConflict, NothingToMerge, Unrelated
from bricklane_local.forge.git.model import CommitData, Person

CLEAN, CONFLICTS = 0, 1
NOBODY = Person("bricklane", "noreply@bricklane.local", 0)


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging two commits would give.

    Args:
        tree: the result, with conflict marks where there are conflicts.
        conflicts: paths of files in conflict; empty when it merges.
    """

    tree: str
    conflicts: tuple[str, ...]


async def attempt(bare: Bare, base: str, head: str) -> Merged:
    """Merge ``head`` into ``base`` and return the tree, in conflict or not.

    Raises:
        Unrelated: when they share no commit.
    """
    result = await bare.git(
        "merge-tree",
        "--write-tree",
        "--name-only",
        "--no-messages",
        "-z",
        base,
        head,
        allowed=frozenset({CLEAN, CONFLICTS, 128}),
    )
    if result.code not in (CLEAN, CONFLICTS):
        if "unrelated histories" in result.error:
            raise Unrelated(f"{base} and {head} have entirely different commit histories")
        raise MergeConflict(f"{head} cannot be merged into {base}: {result.error.strip()}", ())
    tree, *paths = result.text.split("\0")
    return Merged(tree, tuple(sorted({path for path in paths if path})))


async def tree_of(bare: Bare, base: str, head: str) -> str:
    """Return the tree of merging ``head`` into ``base``.

    Raises:
        MergeConflict: with the files in conflict.
        Unrelated: when they share no commit.
    """
    merged = await attempt(bare, base, head)
    if merged.conflicts:
        shown = ", ".join(merged.conflicts[:5])
        raise MergeConflict(f"Merge conflict in {shown}", merged.conflicts)
    return merged.tree


async def merge(
    bare: Bare, base: str, head: str, message: str, author: Person, committer: Person
) -> str:
    """Store the merge commit of ``head`` into ``base``, never a fast-forward, and return its name.

    Raises:
        NothingToMerge: when ``base`` contains ``head``.
        MergeConflict: with the files in conflict.
    """
    await _require_new(bare, base, head)
    tree = await tree_of(bare, base, head)
    return await objects.write_commit(bare, tree, (base, head), message, author, committer)


async def squash(
    bare: Bare, base: str, head: str, message: str, author: Person, committer: Person
) -> str:
    """Store all that ``head`` brings to ``base`` as one commit and return its name.

    Raises:
        NothingToMerge: when ``base`` contains ``head``.
        MergeConflict: with the files in conflict.
    """
    await _require_new(bare, base, head)
    tree = await tree_of(bare, base, head)
    return await objects.write_commit(bare, tree, (base,), message, author, committer)


async def rebase(bare: Bare, base: str, head: str, committer: Person) -> str:
    """Store the commits of ``head`` again on top of ``base`` and return the last one's name.

    Authors and messages stay; merge commits and commits whose change ``base`` has already are left
    out, as ``git rebase`` does.

    Raises:
        NothingToMerge: when nothing is left to add.
        MergeConflict: with the files in conflict.
    """
    await _require_new(bare, base, head)
    if await history.merge_base(bare, base, head) is None:
        raise Unrelated(f"{base} and {head} have entirely different commit histories")
    chosen = await bare.git(
        "rev-list",
        "--reverse",
        "--topo-order",
        "--no-merges",
        "--cherry-pick",
        "--right-only",
        f"{base}...{head}",
        "--",
    )
    tip = await history.commit(bare, base)
    for commit in await history.load(bare, chosen.text.split()):
        tip = await pick(bare, tip, commit, committer)
    if tip.sha == base:
        raise NothingToMerge(f"{base} has every change of {head} already")
    return tip.sha


async def pick(bare: Bare, tip: CommitData, commit: CommitData, committer: Person) -> CommitData:
    """Store ``commit`` again on top of ``tip``; one that changes nothing any more gives ``tip``.

    Raises:
        MergeConflict: with the files in conflict.
    """
    before = await _parent_tree(bare, commit)
    tree = await three_way(bare, before, tip.tree, commit.tree)
    if tree == tip.tree and commit.tree != before:
        return tip
    sha = await objects.write_commit(
        bare, tree, (tip.sha,), commit.message, commit.author, committer
    )
    return await history.commit(bare, sha)


async def _parent_tree(bare: Bare, commit: CommitData) -> str:
    if not commit.parents:
        return await trees.empty(bare)
    return (await history.commit(bare, commit.parents[0])).tree


async def three_way(bare: Bare, before: str, ours: str, theirs: str) -> str:
    """Return the tree that merges two trees which both come from ``before``.

    Git learnt to be told the common tree only in 2.40; three commits made up for the purpose say
    it to older ones too.

    Raises:
        MergeConflict: with the files in conflict.
    """
    root = await objects.write_commit(bare, before, (), "before", NOBODY, NOBODY)
    one = await objects.write_commit(bare, ours, (root,), "ours", NOBODY, NOBODY)
    other = await objects.write_commit(bare, theirs, (root,), "theirs", NOBODY, NOBODY)
    return await tree_of(bare, one, other)


async def _require_new(bare: Bare, base: str, head: str) -> None:
    if await history.is_ancestor(bare, head, base):
        raise NothingToMerge(f"{base} contains {head} already")
