"""Merges, comparisons and trees, against what git's own commands say."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from bricklane_local.forge.git import diff, history, merging, objects, pulls, refs, trees
from bricklane_local.forge.git.bare import Bare, Repositories
from bricklane_local.forge.git.failures import (
    BadName,
    GitFailure,
    MergeConflict,
    MissingObject,
    NothingToMerge,
    Unrelated,
)
from bricklane_local.forge.git.history import Selection
from bricklane_local.forge.git.model import FORGE, FileChange, Person, RefChange
from bricklane_local.forge.git.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Clone

BEA = Person("Bea", "bea@example.com", 1_700_000_000, 330)
LINES = "".join(f"line {number}\n" for number in range(30))


class Workshop:
    """A bare repository and a working copy of it, without a server."""

    def __init__(self, bare: Bare, clone: Clone, runner: asyncio.Runner) -> None:
        self.bare, self.clone, self._runner = bare, clone, runner

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def branch(self, name: str, start: str, *commits: dict[str, str]) -> str:
        self.clone.git("switch", "--quiet", "-C", name, start)
        for number, files in enumerate(commits):
            self.clone.commit(f"{name} {number}", **files)
        self.clone.git("push", "--quiet", "--force", "origin", name)
        return self.clone.head


@pytest.fixture
def shop(tmp_path: Path, copy_of: Callable[..., Clone]) -> Iterator[Workshop]:
    with asyncio.Runner() as runner:
        processes = Processes()
        repositories = Repositories(tmp_path / "git", processes)
        bare = runner.run(repositories.create(1, "main"))
        clone = copy_of(str(bare.folder), tmp_path / "clone", first=True)
        clone.commit("lines", text=LINES)
        clone.git("push", "--quiet", "origin", "main")
        yield Workshop(bare, clone, runner)
        # What is written without git's help must be what git would have written.
        said = clone.git("-C", str(bare.folder), "fsck", "--strict", "--no-dangling")
        assert said.replace("notice: HEAD points to an unborn branch (main)", "").strip() == "", (
            said
        )
        repositories.readers.stop()
        runner.run(processes.stop())


def test_a_merge_commit_has_both_parents_and_the_persons(shop: Workshop) -> None:
    base = shop.branch("base", "main", {"a": "1\n"})
    head = shop.branch("head", "main", {"b": "2\n"})
    sha = shop.run(merging.merge(shop.bare, base, head, "Merge it\n\nbody", BEA, FORGE))
    commit = shop.run(history.commit(shop.bare, sha))
    assert commit.parents == (base, head)
    assert commit.author == BEA
    assert (commit.committer.name, commit.committer.email) == ("GitHub", "noreply@github.com")
    assert commit.message == "Merge it\n\nbody"
    shop.clone.git("switch", "--quiet", "--detach", base)
    shop.clone.git("merge", "--quiet", "--no-edit", head)
    assert shop.clone.git("rev-parse", "HEAD^{tree}").strip() == commit.tree
    assert shop.run(history.ahead_behind(shop.bare, base, sha)) == (2, 0)
    assert shop.run(history.ahead_behind(shop.bare, head, base)) == (1, 1)


def test_a_squash_is_one_commit_and_a_rebase_rewrites_each(shop: Workshop) -> None:
    base = shop.branch("base", "main", {"text": LINES.replace("line 2\n", "two\n")})
    head = shop.branch("head", "main", {"b": "1\n"}, {"text": LINES + "end\n"}, {"b": "2\n"})
    squashed = shop.run(merging.squash(shop.bare, base, head, "all", BEA, FORGE))
    rebased = shop.run(merging.rebase(shop.bare, base, head, BEA))
    one = shop.run(history.commit(shop.bare, squashed))
    assert one.parents == (base,)
    selection = Selection((rebased,), (base,), oldest_first=True)
    rows = shop.run(history.commits(shop.bare, selection))
    assert [row.message for row in rows] == ["head 0", "head 1", "head 2"]
    assert {row.author.name for row in rows} == {"Ann"}
    assert {row.committer.name for row in rows} == {"Bea"}
    assert rows[-1].tree == one.tree
    shop.clone.git("rebase", "--quiet", base, "head")
    assert shop.clone.git("rev-parse", "HEAD^{tree}").strip() == one.tree


def test_a_rebase_leaves_out_what_is_there_already(shop: Workshop) -> None:
    head = shop.branch("head", "main", {"b": "1\n"}, {"c": "2\n"})
    shop.clone.git("switch", "--quiet", "-C", "base", "main")
    shop.clone.commit("between", z="1\n")
    shop.clone.git("cherry-pick", head + "~1")
    base = shop.branch("base", "HEAD")
    rebased = shop.run(merging.rebase(shop.bare, base, head, BEA))
    rows = shop.run(history.commits(shop.bare, Selection((rebased,), (base,))))
    assert [row.message for row in rows] == ["head 1"]
    shop.clone.git("cherry-pick", head)
    base = shop.branch("base", "HEAD")
    with pytest.raises(NothingToMerge):
        shop.run(merging.rebase(shop.bare, base, head, BEA))


def test_conflicts_name_the_files(shop: Workshop) -> None:
    base = shop.branch("base", "main", {"text": "ours\n", "same": "1\n"})
    head = shop.branch("head", "main", {"text": "theirs\n", "same": "1\n"}, {"x": "1\n"})
    for work in (
        merging.merge(shop.bare, base, head, "m", BEA, BEA),
        merging.squash(shop.bare, base, head, "m", BEA, BEA),
        merging.rebase(shop.bare, base, head, BEA),
    ):
        with pytest.raises(MergeConflict, match="Merge conflict in text") as caught:
            shop.run(work)
        assert caught.value.paths == ("text",)
    with pytest.raises(NothingToMerge):
        shop.run(merging.merge(shop.bare, base, base, "m", BEA, BEA))


def test_unrelated_histories_do_not_merge(shop: Workshop) -> None:
    shop.clone.git("switch", "--quiet", "--orphan", "other")
    other = shop.clone.commit("alone", o="1\n")
    shop.clone.git("push", "--quiet", "origin", "other")
    main = shop.run(refs.resolve(shop.bare, "main"))
    for work in (
        merging.attempt(shop.bare, main, other),
        merging.rebase(shop.bare, main, other, BEA),
    ):
        with pytest.raises(Unrelated):
            shop.run(work)
    assert shop.run(history.merge_base(shop.bare, main, other)) is None
    assert shop.run(pulls.refresh(shop.bare, 1, main, other)) == pulls.Mergeability(False, None)


def test_the_refs_of_a_pull_request_follow_it(shop: Workshop) -> None:
    base = shop.branch("base", "main", {"text": "ours\n"})
    good, bad = shop.branch("g", "main", {"n": "1\n"}), shop.branch("b", "main", {"text": "x\n"})
    first = shop.run(pulls.refresh(shop.bare, 7, base, good))
    assert first.mergeable
    assert shop.run(pulls.refresh(shop.bare, 7, base, good)) == first
    assert shop.run(refs.values(shop.bare, "refs/pull/")) == {
        "refs/pull/7/head": good,
        "refs/pull/7/merge": first.merge_commit,
    }
    merge = shop.run(history.commit(shop.bare, first.merge_commit))
    assert merge.message == f"Merge {good} into {base}"
    shop.clone.git("fetch", "--quiet", "origin", "refs/pull/7/merge")
    second = shop.run(pulls.refresh(shop.bare, 7, base, bad))
    assert second == pulls.Mergeability(False, None, ("text",))
    assert shop.run(refs.values(shop.bare, "refs/pull/")) == {"refs/pull/7/head": bad}


def test_changed_files_are_listed_as_git_sees_them(shop: Workshop) -> None:
    shop.clone.commit("before", gone="1\n", moved=LINES * 2, **{'with space\t"q': "1\n"})
    start = shop.branch("x", "HEAD")
    shop.clone.git("mv", "moved", "new__place")
    shop.clone.git("rm", "--quiet", "gone")
    (shop.clone.folder / "binary").write_bytes(bytes(range(256)) * 10)
    (shop.clone.folder / "text").unlink()
    (shop.clone.folder / "text").symlink_to("README")
    end = shop.branch("x", "HEAD", {'with space\t"q': "1\ndiff --git a/x b/x\n@@ no\n"})
    found = {row.path: row for row in shop.run(diff.files(shop.bare, start, end))}
    assert {path: row.status for path, row in found.items()} == {
        "binary": "added",
        "gone": "removed",
        "new__place": "renamed",
        "text": "changed",
        'with space\t"q': "modified",
    }
    assert found["new__place"].previous == "moved"
    assert found["binary"].patch is None
    odd = found['with space\t"q']
    assert (odd.additions, odd.deletions) == (2, 0)
    assert odd.patch == "@@ -1 +1,3 @@\n 1\n+diff --git a/x b/x\n+@@ no"
    assert found["text"].patch is not None
    assert "\\ No newline at end of file" in found["text"].patch
    blob = "d00491fd7e5bb6fa28c517a0bb32b8b506539d4d"
    removed = FileChange("gone", None, "removed", 0, 1, blob, "@@ -1 +0,0 @@\n-1")
    assert found["gone"] == removed
    assert shop.run(diff.files(shop.bare, start, start)) == []


def test_trees_are_built_from_entries(shop: Workshop) -> None:
    async def work() -> list[str]:
        bare = shop.bare
        main = await refs.resolve(bare, "main")
        blob = await objects.write_blob(bare, b"new\n")
        inner = await trees.build(bare, None, [trees.Entry("deep/er", "100755", blob)])
        outer = await trees.build(
            bare,
            main,
            [
                trees.Entry("README", "100644", None),
                trees.Entry("sub", "040000", inner),
                trees.Entry("-odd name\t", "100644", blob),
                trees.Entry("text/now-a-folder", "100644", blob),
            ],
        )
        rows = await objects.tree(bare, outer, recursive=True)
        for path in ("../x", "a/../b", ".git/config", "a//b", "", "a/.GIT/x"):
            with pytest.raises(BadName):
                await trees.build(bare, main, [trees.Entry(path, "100644", blob)])
        with pytest.raises(MissingObject):
            await trees.build(bare, main, [trees.Entry("x", "100644", "1" * 40)])
        with pytest.raises(MissingObject):
            await trees.build(bare, main, [trees.Entry("x", "040000", blob)])
        return [f"{row.mode} {row.path}" for row in rows]

    assert shop.run(work()) == [
        "100644 -odd name\t",
        "040000 sub",
        "040000 sub/deep",
        "100755 sub/deep/er",
        "040000 text",
        "100644 text/now-a-folder",
    ]


def test_refs_change_together_or_not_at_all(shop: Workshop) -> None:
    async def work() -> None:
        bare = shop.bare
        main = await refs.resolve(bare, "main")
        before = await refs.values(bare)
        for bad in (
            RefChange("refs/heads/main", "1" * 40, main),
            RefChange("refs/heads/main/below", None, main),
            RefChange("refs/heads/other", None, "2" * 40),
            RefChange("refs/heads/a b", None, main),
            RefChange("main", None, main),
        ):
            with pytest.raises(GitFailure):
                await refs.write(bare, [RefChange("refs/heads/new", None, main), bad])
        assert await refs.values(bare) == before

    shop.run(work())


def test_names_stand_for_branches_tags_and_shortened_commits(shop: Workshop) -> None:
    shop.clone.git("tag", "-a", "1.0.0", "-m", "one")
    shop.clone.git("push", "--quiet", "origin", "1.0.0")
    head = shop.clone.head
    for name in ("main", "heads/main", "refs/heads/main", "1.0.0", "HEAD", head, head[:8]):
        assert shop.run(refs.find(shop.bare, name)) == head, name
    for name in ("main~1", "main^{tree}", ":/first", "--all", "@{1}", "none", "", "main:README"):
        assert shop.run(refs.find(shop.bare, name)) is None, name


def test_two_thousand_commits_are_read_at_once(shop: Workshop) -> None:
    shop.clone.git("switch", "--quiet", "--orphan", "long")
    stream = "".join(
        f"commit refs/heads/long\ncommitter Ann <a@x> {1_600_000_000 + number} +0000\n"
        f"data 2\nc\nM 100644 inline f\ndata <<E\n{number}\nE\n\n"
        for number in range(2000)
    )
    (shop.clone.folder / "stream").write_text(stream)
    shop.clone.git("-c", "alias.load=!git fast-import --quiet < stream", "load")
    shop.clone.git("push", "--quiet", "origin", "long")
    rows = shop.run(history.commits(shop.bare, Selection(("refs/heads/long",), paths=("f",))))
    assert len(rows) == 2000
    assert rows[0].committer.when == 1_600_001_999


@pytest.mark.parametrize(
    "person",
    [
        Person("", ""),
        Person(" <Ann>\n\x00 ", "a>b<c\n"),
        Person("...", "x", 0, -1439),
        Person("Ünï 日本", "ü@example.com", 4_000_000_000, 840),
        Person("\ud800", "x"),
    ],
)
def test_commits_and_tags_of_anybody_are_well_formed(shop: Workshop, person: Person) -> None:
    async def work() -> None:
        bare = shop.bare
        tree = (await history.commit(bare, await refs.resolve(bare, "main"))).tree
        commit = await objects.write_commit(bare, tree, (), "\0 \ud800\n\n", person, person)
        tag = await objects.write_tag(bare, "t", commit, "commit", "", person)
        await refs.write(bare, [RefChange("refs/tags/t", None, tag)])
        found = await history.commit(bare, commit)
        assert found.author.when == found.committer.when
        assert found.author.offset == person.offset
        parsed = objects.parse_tag(tag, await objects.read(bare, tag, "tag"))
        assert (parsed.target, parsed.kind, parsed.name) == (commit, "commit", "t")

    shop.run(work())


def test_an_object_is_the_one_that_git_makes(shop: Workshop) -> None:
    large = bytes(range(256)) * 2000
    for content in (b"", b"x", large):
        sha = shop.run(objects.write_blob(shop.bare, content))
        assert shop.run(objects.write_blob(shop.bare, content)) == sha
        (shop.clone.folder / "given").write_bytes(content)
        assert shop.clone.git("hash-object", "given").strip() == sha
        assert shop.run(objects.read(shop.bare, sha, "blob")) == content
