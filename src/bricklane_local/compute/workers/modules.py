"""Offers ``bricklane_runtime`` to the runtime's own Python."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

PACKAGE = "bricklane_runtime"


def runtime_folder(parent: Path) -> Path:
    """Return a folder that holds the package, and nothing else of ours, for ``PYTHONPATH``.

    Args:
        parent: where to make the folder.

    Raises:
        RuntimeError: the package is not installed.
    """
    package = _package()
    folder = parent / "runtime"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / PACKAGE
    if link.is_symlink() and link.readlink() == package:
        return folder
    draft = folder / f".{PACKAGE}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    draft.symlink_to(package)
    draft.replace(link)
    return folder


def runtime_copy(parent: Path) -> Path:
    """Return a folder like that of :func:`runtime_folder` with a copy, for who sees no more of us.

    Args:
        parent: where to make the folder, which is named by what is in it.

    Raises:
        RuntimeError: the package is not installed.
    """
    package = _package()
    sources = sorted(package.rglob("*.py"))
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.relative_to(package).as_posix().encode() + b"\0")
        digest.update(source.read_bytes())
    folder = parent / f"runtime-{digest.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".runtime-", dir=parent))
    shutil.copytree(package, draft / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        draft.rename(folder)
    except OSError:
        # Another process was quicker.
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _package() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise RuntimeError(f"The package {PACKAGE} is not installed beside bricklane_local")
    return Path(found.submodule_search_locations[0]).resolve()


def runtime_variables() -> dict[str, str]:
    """Return variables that tell the runtime where uv is, which ``%pip`` needs."""
    from uv import find_uv_bin

    return {"BRICKLANE_UV": find_uv_bin()}
