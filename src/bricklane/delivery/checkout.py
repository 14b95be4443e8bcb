"""A clean checkout of one commit, to build and deploy from.

It is a repository of its own that borrows the clone's objects. A worktree of the clone would do
less: git refuses to have a branch in two worktrees, so HEAD would be detached and the Databricks
CLI could not record the branch; and a commit made meanwhile would move it.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bricklane.errors import BricklaneError
from bricklane.gitflow.git import NO_HOOKS, Git

FOLDER = "checkouts"
LOCK = ".lock"


@contextmanager
def clean_checkout(
    clone: Git, commit: str, branch: str, environment: Mapping[str, str]
) -> Iterator[Path]:
    """Check ``commit`` out into a folder of its own, and remove it in the end.

    A folder that a killed process left is removed by the next call.

    Args:
        clone: has the commit.
        commit: its SHA.
        branch: the name that the checkout's HEAD gets; empty for a detached one.
        environment: of this process; says where the cache is.

    Yields:
        The top of the checkout's work tree.

    Raises:
        BricklaneError: when the commit, or an object of it, is not in the clone.
    """
    from filelock import FileLock

    from bricklane.tools.cache import cache_root

    folder = cache_root(environment) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / secrets.token_hex(6)
    own = FileLock(path.with_suffix(LOCK))
    with FileLock(folder / LOCK):
        sweep(folder)
        own.acquire()
    try:
        path.mkdir()
        _fill(path, clone, commit, branch)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        own.release()
        path.with_suffix(LOCK).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the checkouts whose processes have ended; the caller holds the folder's lock."""
    from filelock import FileLock, Timeout

    for lock in folder.glob(f"*{LOCK}"):
        if lock.name == LOCK:
            continue
        try:
            with FileLock(lock, timeout=0):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except Timeout:
            continue  # Its process is at work.


def _fill(path: Path, clone: Git, commit: str, branch: str) -> None:
    common = Path(clone.text("rev-parse", "--path-format=absolute", "--git-common-dir"))
    checkout = Git(path, clone.remote, clone.environment, clone.secrets)
    checkout.run("init", "--quiet", f"--object-format={_hashes(clone)}")
    folder = path / ".git"
    (folder / "objects" / "info" / "alternates").write_text(f"{common / 'objects'}\n", "utf-8")
    if (common / "shallow").exists():
        shutil.copy(common / "shallow", folder / "shallow")
    _configure(checkout, clone, common)
    if checkout.commit(commit) is None:
        raise BricklaneError(
            f"commit {commit} is not in {clone.top}", hint=f"git fetch {clone.remote} {commit}"
        )
    if branch:
        checkout.run("update-ref", f"refs/heads/{branch}", commit)
        checkout.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        checkout.run(*NO_HOOKS, "reset", "--quiet", "--hard")
    else:
        checkout.run(*NO_HOOKS, "checkout", "--quiet", "--detach", commit)


def _hashes(clone: Git) -> str:
    return clone.text("rev-parse", "--show-object-format")


def _configure(checkout: Git, clone: Git, common: Path) -> None:
    """Let the checkout treat files as the clone does: filters, line ends, partial clones.

    The remote is named once more because the Databricks CLI, which records it in the workspace,
    does not follow includes; what is recorded has no credentials.
    """
    checkout.run("config", "include.path", str(common / "config"))
    if promisor := clone.setting("extensions.partialClone"):
        checkout.run("config", "core.repositoryFormatVersion", "1")
        checkout.run("config", "extensions.partialClone", promisor)
    if url := clone.setting(f"remote.{clone.remote}.url"):
        checkout.run("config", f"remote.{clone.remote}.url", without_credentials(url))


def without_credentials(url: str) -> str:
    """Return ``url`` without user name and password; other forms than URLs stay as they are."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
