"""Adds delivery to a bundle's repository: new files only, none of the team's is touched."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.kinds import MAIN, kinds_of
from bricklane.process import CommandFailed
from bricklane.project.adoption import Lack, adoption_of, lacks
from bricklane.project.base import record_base
from bricklane.project.bundlefile import find_bundle, read_bundle
from bricklane.project.loading import load
from bricklane.project.rendering import ANSWERS, ask, files_of, render
from bricklane.project.repository import git


@dataclass(frozen=True, slots=True)
class Adopted:
    """What adopting a bundle did.

    Args:
        root: of the bundle.
        bundle: its name.
        added: files that are new, relative to ``root``.
        kept: files of the team that stand where the template has one.
        lacking: what the bundle lacks.
        answers: what delivery was made with.
        branches: those that GitFlow needs and the repository has not.
    """

    root: Path
    bundle: str
    added: tuple[str, ...]
    kept: tuple[str, ...]
    lacking: tuple[Lack, ...]
    answers: Mapping[str, str]
    branches: tuple[str, ...]


def adopt(start: Path, given: Mapping[str, str], *, defaults: bool) -> Adopted:
    """Add delivery to the bundle that ``start`` is in.

    Args:
        start: a folder of the bundle.
        given: answers that are not asked for.
        defaults: take the default where nothing is given.

    Raises:
        BricklaneError: when there is no bundle, it is not at the root of a git repository, or it
            is from the template already.
    """
    bundle = read_bundle(find_bundle(start))
    root = bundle.root
    if (root / ANSWERS).exists():
        raise BricklaneError(
            f"{root} has delivery already: {ANSWERS} is there",
            hint="to bring it to the template of this bricklane: bricklane update",
            exit_code=ExitCode.USAGE,
        )
    _ensure_root_of_repository(root)
    adoption = adoption_of(bundle)
    suggested = {"main": _production_branch(root)}
    answers = ask(given, defaults=defaults, adopted=adoption, suggested=suggested)
    with TemporaryDirectory(prefix="bricklane-") as temporary:
        rendered = Path(temporary)
        render(answers, rendered, adopted=adoption)
        names = list(files_of(rendered))
        kept = [name for name in names if (root / name).exists()]
        added = [name for name in names if name not in kept and name != ANSWERS]
        # The answers come last: with them, the bundle counts as adopted.
        for name in (*added, ANSWERS):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            if name == ANSWERS:
                record_base(rendered, root)
            shutil.copyfile(rendered / name, root / name)
    return Adopted(
        root=root,
        bundle=bundle.name,
        added=tuple(map(str, (*added, ANSWERS))),
        kept=tuple(map(str, kept)),
        lacking=tuple(lacks(bundle)),
        answers=answers,
        branches=_missing_branches(root),
    )


def _ensure_root_of_repository(root: Path) -> None:
    try:
        top = Path(git(root, "rev-parse", "--show-toplevel").output.rstrip("\n"))
    except CommandFailed:
        raise BricklaneError(
            f"{root} is not in a git repository",
            hint="git init --initial-branch=main && git add --all && git commit",
            exit_code=ExitCode.USAGE,
        ) from None
    if top.resolve() != root.resolve():
        raise BricklaneError(
            f"the bundle is in {root}, and its repository begins in {top}: "
            "workflows would have to stand there, and deliver one of several projects",
            hint="give the bundle a repository of its own",
            exit_code=ExitCode.USAGE,
        )


def _production_branch(root: Path) -> str:
    """Return the branch that is likely to be production's: ``main``, or what stands for it here."""
    there = _branches(root)
    head = git(
        root,
        *("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"),
        allowed=frozenset({0, 1}),
    ).output.strip()
    candidates = (MAIN, head.partition("/")[2], "master")
    return next((name for name in candidates if name in there), MAIN)


def _branches(root: Path) -> set[str]:
    """Return the names of all branches, here and on remotes."""
    here = git(root, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads")
    remote = git(root, "for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes")
    return {*here.output.split(), *remote.output.split()}


def _missing_branches(root: Path) -> tuple[str, ...]:
    there = _branches(root)
    long_lived = [kind.branch for kind in kinds_of(load(root).gitflow).rows if kind.branch]
    return tuple(name for name in long_lived if name not in there)
