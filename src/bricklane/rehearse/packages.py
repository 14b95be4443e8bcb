"""How uv fetches packages during a rehearsal: each file once, as indexes themselves allow.

A rehearsal makes a fresh environment for each job. A file of the Python Package Index never
changes, and its headers say so; proxies in between often lose them, and uv then fetches (and
packages like pyspark also builds) the same file again for each job.
https://docs.astral.sh/uv/concepts/indexes/#customizing-cache-control-headers
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SETTINGS = """\
[[index]]
url = "https://pypi.org/simple"
default = true
cache-control = { api = "max-age=600", files = "max-age=31536000, immutable" }
"""
# Who sets one of these has an index, or settings, of their own.
OWN = ("UV_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")


def uv_environment(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to add for uv: none where the user has settings of their own.

    Args:
        folder: takes the file of settings.
        environment: of this process.
    """
    if any(environment.get(name) for name in OWN):
        return {}
    home = environment.get("XDG_CONFIG_HOME") or os.path.join(  # noqa: PTH118  (may be relative)
        environment.get("HOME", ""), ".config"
    )
    if (Path(home) / "uv" / "uv.toml").is_file():
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "uv.toml"
    file.write_text(SETTINGS, "utf-8")
    return {"UV_CONFIG_FILE": str(file)}


def path_with_uv(environment: Mapping[str, str]) -> str:
    """Return ``PATH`` with the uv that was installed with the local cloud.

    Args:
        environment: of this process.
    """
    import uv

    return os.pathsep.join(
        [str(Path(uv.find_uv_bin()).parent), environment.get("PATH", os.defpath)]
    )
