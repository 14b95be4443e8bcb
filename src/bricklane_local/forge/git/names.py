"""Names of refs and objects, checked before they reach git.

Source: https://git-scm.com/docs/git-check-ref-format
"""

from __future__ import annotations

import re

from bricklane_local.forge.git.failures import BadName

SHA = re.compile(r"[0-9a-f]{40}")
ABBREVIATED = re.compile(r"[0-9a-fA-F]{4,40}")
FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
LIMIT = 255  # of a path component on most file systems


def is_ref(name: str) -> bool:
    """Say whether ``name`` is a full ref name that git accepts, such as ``refs/heads/main``."""
    parts = name.split("/")
    return (
        len(parts) > 1
        and not FORBIDDEN.search(name)
        and not name.endswith((".", "/"))
        and len(name.encode()) <= 1000
        and all(
            part
            and not part.startswith(".")
            and not part.endswith(".lock")
            and len(part.encode()) <= LIMIT - 5
            for part in parts
        )
    )


def check_ref(name: str) -> str:
    """Return ``name`` when it is a full ref name below ``refs/``.

    Raises:
        BadName: when it is none.
    """
    # A branch that looks like an option would reach command lines of others.
    leaf = name.split("/", 2)[-1]
    if (
        not name.startswith("refs/")
        or name.count("/") < 2
        or leaf.startswith("-")
        or not is_ref(name)
    ):
        raise BadName(f"{name} is not a valid ref name")
    return name


def is_misleading(name: str) -> bool:
    """Say whether a branch or tag would be taken for another ref or a commit, by git and people.

    GitHub refuses these too (GH002).
    """
    leaf = name.split("/", 2)[-1]
    return leaf.startswith("refs/") or is_sha(leaf)


def is_sha(text: str) -> bool:
    """Say whether ``text`` is a whole object name."""
    return SHA.fullmatch(text) is not None


def candidates(name: str) -> list[str]:
    """Return the object expressions that ``name`` may stand for, the best first.

    A branch, a tag, a full or shortened ref, an object's name; nothing else of git's revision
    syntax is taken from strangers.
    """
    found = []
    if name == "HEAD":
        found.append("HEAD")
    for prefix in ("", "refs/", "refs/heads/", "refs/tags/"):
        full = prefix + name
        if full.startswith("refs/") and is_ref(full):
            found.append(full)
    if is_sha(name):
        found.insert(0, name)
    elif ABBREVIATED.fullmatch(name):
        found.append(name.lower())
    return found


def check_path(path: str) -> str:
    """Return a path inside a tree, without slashes at its ends.

    Raises:
        BadName: when git could not hold it, or a check-out of it would leave its folder.
    """
    clean = path.strip("/")
    parts = clean.split("/")
    if "\x00" in path or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise BadName(f"{path!r} is not a path inside a repository")
    return clean
