"""Small wheels for tests, written without a build backend."""

from __future__ import annotations

import zipfile
from pathlib import Path


def write_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    metadata: tuple[str, ...] = (),
    tag: str = "py3-none-any",
    source: str = "VALUE = 1\n",
) -> Path:
    """Write a pure wheel with one module package and return its path.

    Args:
        folder: where to.
        name: of the distribution and its package.
        version: its version.
        metadata: more lines of METADATA, such as ``Requires-Dist: tabulate``.
        tag: compatibility tag of the file name.
        source: content of the package's ``__init__.py``.
    """
    info = f"{name}-{version}.dist-info"
    head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}")
    files = {
        f"{name}/__init__.py": source,
        f"{info}/METADATA": "\n".join((*head, *metadata)) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    return path
