"""Makes a new project: the template's files in a git repository that is ready to push."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from bricklane import __version__
from bricklane.errors import BricklaneError, ExitCode
from bricklane.process import Command, run
from bricklane.project.base import record_base
from bricklane.project.rendering import (
    LONGEST,
    TAKEN_PROJECTS,
    YAML_WORDS,
    ask,
    files_of,
    render,
)
from bricklane.project.repository import commit_all, ensure_identity, git

LOCK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project that was made.

    Args:
        root: its folder.
        answers: what it was made with.
        files: how many files it has.
        unlocked: why it has no ``uv.lock``; empty when it has one.
        remote: URL of its remote ``origin``; empty when it has none.
    """

    root: Path
    answers: Mapping[str, str]
    files: int
    unlocked: str
    remote: str


def default_name(path: Path) -> str:
    """Return a project's name that the name of its folder suggests; empty when it suggests none."""
    letters = unicodedata.normalize("NFKD", path.name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", letters.lower()).strip("-")
    if name[:1].isdigit():
        name = f"project-{name}"
    if name in {*TAKEN_PROJECTS, *YAML_WORDS}:
        name = f"{name}-project"
    return name[:LONGEST].rstrip("-")


def create(path: Path, given: Mapping[str, str], *, defaults: bool) -> NewProject:
    """Make a project at ``path``.

    It is made beside ``path`` and put in its place by one rename, so that a broken attempt leaves
    nothing there.

    Args:
        path: a folder that does not exist, or is empty.
        given: answers that are not asked for.
        defaults: take the default where nothing is given.

    Raises:
        BricklaneError: when there is something at ``path``, or an answer does not fit.
    """
    root = path.absolute()
    _ensure_free(root)
    making = _folder_beside(root)
    try:
        ensure_identity(making)
        name = default_name(root)
        answers = ask(given, defaults=defaults, suggested={"project": name} if name else {})
        making.chmod(0o755)
        render(answers, making)
        record_base(making, making)
        unlocked = _lock(making)
        made = len(list(files_of(making)))
        message = f"Start {answers['project']} from the template of bricklane {__version__}"
        commit_all(making, message, answers["main"], answers["develop"])
        remote = _add_remote(making, answers)
        if root.exists():
            root.rmdir()
        making.rename(root)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return NewProject(root, answers, made, unlocked, remote)


def _ensure_free(root: Path) -> None:
    if root.is_dir() and not any(root.iterdir()):
        return
    if root.exists():
        raise BricklaneError(
            f"{root} is there already",
            hint=(
                "name a folder that does not exist\n"
                "to deliver a bundle that you have: bricklane adopt\n"
                "to bring a project to the newest template: bricklane update"
            ),
            exit_code=ExitCode.USAGE,
        )


def _folder_beside(root: Path) -> Path:
    """Return a new folder on the same disk as ``root``, whose parents are made."""
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        return Path(mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    except OSError as error:
        raise BricklaneError(
            f"{root} cannot be made: {error.strerror}: {error.filename}",
            hint="name a folder that you may write to",
            exit_code=ExitCode.USAGE,
        ) from None


def _lock(root: Path) -> str:
    """Resolve the project's dependencies into ``uv.lock``; return why that was not possible."""
    if shutil.which("uv") is None:
        return "uv is not on PATH"
    command = Command(("uv", "lock", "--quiet"), root, timeout=LOCK_SECONDS)
    try:
        run(command)
    except BricklaneError as error:
        return error.message
    return ""


def _add_remote(root: Path, answers: Mapping[str, str]) -> str:
    if not answers["owner"]:
        return ""
    url = f"https://github.com/{answers['owner']}/{answers['project']}.git"
    git(root, "remote", "add", "origin", url)
    return url
