"""How another Python environment gets the very bricklane that runs here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

NAME = "bricklane"
EXTRA = f"{NAME}[testing]"


def uv_words(origin: str | None = None, version: str | None = None) -> tuple[str, ...]:
    """Return the words that make ``uv run`` add this bricklane and what runs tests.

    Args:
        origin: what ``direct_url.json`` of the installation says (PEP 610); read by default.
        version: of the installation; read by default.
    """
    if version is None:
        distribution = metadata.distribution(NAME)
        origin, version = distribution.read_text("direct_url.json"), distribution.version
    document: Mapping[str, Any] = json.loads(origin) if origin else {}
    url = str(document.get("url") or "")
    if url.startswith("file:"):
        path = Path(unquote(urlsplit(url).path))
        if (document.get("dir_info") or {}).get("editable") and path.is_dir():
            return ("--with-editable", f"{path}[testing]")
        # What it was installed from may be gone by now; then the version has to do.
        return ("--with", f"{EXTRA} @ {path.as_uri()}" if path.exists() else _released(version))
    if vcs := document.get("vcs_info"):
        return ("--with", f"{EXTRA} @ {vcs['vcs']}+{url}@{vcs['commit_id']}")
    return ("--with", f"{EXTRA} @ {url}" if url else _released(version))


def _released(version: str) -> str:
    return f"{EXTRA}=={version}"
