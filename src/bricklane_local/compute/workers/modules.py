"""Offers ``bricklane_runtime`` to the runtime's own Python."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from pathlib import Path

PACKAGE = "bricklane_runtime"


def runtime_folder(parent: Path) -> Path:
    """Return a folder that holds the package, and nothing else of ours, for ``PYTHONPATH``.

    Args:
        parent: where to make the folder.

    Raises:
        RuntimeError: the package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise RuntimeError(f"The package {PACKAGE} is not installed beside bricklane_local")
    package = Path(found.submodule_search_locations[0]).resolve()
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


def runtime_variables() -> dict[str, str]:
    """Return variables that tell the runtime where uv is, which ``%pip`` needs."""
    from uv import find_uv_bin

    return {"BRICKLANE_UV": find_uv_bin()}
