"""Bare repositories on disk: made whole or not at all, and set up to trust nothing pushed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.forge.git.failures import MissingObject
from bricklane_local.forge.git.names import check_ref
from bricklane_local.forge.git.process import Processes, Result
from bricklane_local.forge.git.reading import Found, Readers

HOOKS = "hooks"
# What a push may weigh at most, as on GitHub.
PUSH_LIMIT = 2 * 1024**3
CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\thooksPath = ../hooks
\tlogAllRefUpdates = false
[http]
\treceivepack = true
\tgetanyfile = false
[transfer]
\tfsckObjects = true
\tadvertiseSID = false
[receive]
\tfsckObjects = true
\tadvertisePushOptions = true
\tadvertiseAtomic = true
\tautogc = false
\thideRefs = refs/pull
\tmaxInputSize = {limit}
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
"""


@dataclass(frozen=True, slots=True)
class Bare:
    """A bare repository and how to run git in it.

    Args:
        id: number of the repository.
        folder: where it is.
        processes: run git.
        readers: read objects.
    """

    id: int
    folder: Path
    processes: Processes
    readers: Readers

    async def ask(
        self, expressions: Sequence[str], *, contents: bool = False
    ) -> list[Found | None]:
        """Return what object names and refs stand for; see :meth:`Readers.ask`."""
        return await self.readers.ask(self.folder, expressions, contents=contents)

    async def git(
        self,
        *arguments: str,
        given: bytes = b"",
        extra: Mapping[str, str] | None = None,
        allowed: frozenset[int] = frozenset({0}),
    ) -> Result:
        """Run git here; see :meth:`Processes.run`."""
        return await self.processes.run(
            self.folder, *arguments, given=given, extra=extra, allowed=allowed
        )


class Repositories:
    """The bare repositories of one forge, by number.

    Args:
        folder: where they are, made when absent.
        processes: run git.
    """

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder = folder
        self._processes = processes
        self.readers = Readers(processes)

    def path(self, repository: int) -> Path:
        """Return the folder of a repository; names of people's choice never become paths."""
        return self.folder / f"{int(repository)}.git"

    def get(self, repository: int) -> Bare:
        """Return a repository.

        Raises:
            MissingObject: when there is none of this number.
        """
        path = self.path(repository)
        if not path.is_dir():
            raise MissingObject(f"repository {repository} has no git folder")
        return Bare(repository, path, self._processes, self.readers)

    def all(self) -> list[Bare]:
        """Return every repository that is there."""
        numbers = sorted(
            int(path.stem) for path in self.folder.glob("*.git") if path.stem.isdigit()
        )
        return [self.get(number) for number in numbers]

    async def create(self, repository: int, default_branch: str) -> Bare:
        """Make an empty repository; one that is there already is returned as it is.

        Args:
            repository: its number.
            default_branch: the branch that ``HEAD`` names.
        """
        final = self.path(repository)
        if not final.is_dir():
            check_ref(f"refs/heads/{default_branch}")
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = Path(tempfile.mkdtemp(dir=self.folder, prefix=".new-"))
            try:
                lay_out(fresh, default_branch)
                fresh.rename(final)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise
        return self.get(repository)

    def delete(self, repository: int) -> None:
        """Remove a repository at once; one that is gone already is no error."""
        path = self.path(repository)
        doomed = Path(tempfile.mkdtemp(dir=self.folder, prefix=".old-"))
        if path.is_dir():
            path.rename(doomed / "git")
        shutil.rmtree(doomed, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a death in the middle of making or deleting left behind."""
        for pattern in (".new-*", ".old-*"):
            for path in self.folder.glob(pattern):
                shutil.rmtree(path, ignore_errors=True)


def lay_out(folder: Path, default_branch: str) -> None:
    """Write an empty bare repository into an empty folder."""
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n", encoding="utf-8")
    (folder / "config").write_text(CONFIG.format(limit=PUSH_LIMIT), encoding="utf-8")
