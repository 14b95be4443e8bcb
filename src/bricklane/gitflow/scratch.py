"""Commits built beside the user's work: a temporary index and folder, and plumbing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git, Merge

# From an old file's bytes to its new ones; the old ones are none when there is no such file.
Edit = Callable[[bytes | None], bytes | None]


SHOW = ("show", "--no-patch", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8")
# What a user may have switched on for the working tree; off, it leaves no traces of a scratch one.
PLAIN = ("core.fileMode", "core.fsmonitor", "core.sparseCheckout", "core.splitIndex")


@dataclass(frozen=True, slots=True)
class Scratch:
    """A tree of files that is nobody's working tree.

    Args:
        git: the clone whose objects it reads and writes.
        folder: holds the index and the files that were checked out.
    """

    git: Git
    folder: Path

    @property
    def files(self) -> Path:
        """The folder of the files."""
        return self.folder / "files"

    @property
    def _environment(self) -> Mapping[str, str]:
        return {"GIT_INDEX_FILE": str(self.folder / "index")}

    def _git(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002
        settings = (word for setting in PLAIN for word in ("-c", f"{setting}=false"))
        placed = ("--work-tree", str(self.files), *settings, *arguments)
        return self.git.run(*placed, input=input, environment=self._environment).output

    def read(self, tree: str) -> None:
        """Fill the index with ``tree``."""
        self._git("read-tree", tree)

    def change(self, path: PurePosixPath, edit: Edit) -> None:
        """Change one file of the tree; line ends and filters are those of the repository.

        Args:
            path: from the top of the repository.
            edit: gets the old bytes, or None, and returns the new ones, or None for no file.
        """
        file = self.files / path
        if listed := self._git("ls-files", "-z", "--stage", "--", f":(top,literal){path}"):
            if listed.startswith("120000"):
                raise BricklaneError(f"{path} is a symbolic link; name the file it points to")
            self._git("checkout-index", "--force", "--", str(path))
        old = file.read_bytes() if file.is_file() else None
        new = edit(old)
        if new is None or new == old:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(new)
        self._git("update-index", "--add", "--", str(path))

    def write_tree(self) -> str:
        """Write the index as a tree object and return its SHA."""
        return self._git("write-tree").strip()


@contextmanager
def scratch(git: Git, tree: str) -> Iterator[Scratch]:
    """Open a scratch tree that begins as ``tree``; it is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="bricklane-tree-") as folder:
        opened = Scratch(git, Path(folder))
        opened.files.mkdir()
        opened.read(tree)
        yield opened


def changed_tree(git: Git, tree: str, edits: Iterable[tuple[PurePosixPath, Edit]]) -> str:
    """Return the tree that ``tree`` becomes by ``edits``."""
    with scratch(git, tree) as opened:
        for path, edit in edits:
            opened.change(path, edit)
        return opened.write_tree()


def picked(git: Git, commit: str, onto: str, *, trial: bool = False) -> tuple[str, Merge]:
    """Apply what ``commit`` changed to ``onto``, as a cherry-pick does, and return the new commit.

    The change is a merge whose base is the commit's parent: of a commit with the tree of ``onto``
    on that parent, and ``commit``. Author, date and message are kept, unless it is a ``trial``.

    Returns:
        The SHA of the new commit, ``onto`` itself when nothing changes, and the merge; with
        conflicts no commit is written and ``onto`` is returned.
    """
    parents = git.parents(commit)
    side = git.write_passing_commit(git.tree(onto), parents[:1])
    merge = git.merge_trees(side, commit)
    if merge.conflicts or merge.tree == git.tree(onto):
        return onto, merge
    if trial:
        return git.write_passing_commit(merge.tree, [onto]), merge
    author = git.run(*SHOW, "--format=%an%x00%ae%x00%ad", "--date=raw", commit)
    name, email, date = author.output.removesuffix("\n").split("\0")
    message = git.run(*SHOW, "--format=%B", commit).output.rstrip("\n") + "\n"
    variables = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    return git.write_commit(merge.tree, [onto], message, author=variables), merge
