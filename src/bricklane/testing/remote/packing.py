"""What is sent to a workspace: the project without what git ignores, and bricklane itself."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement

from bricklane.delivery.wheels import tool_path
from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.git import Git
from bricklane.process import Command, run
from bricklane.testing.levels.requirement import EXTRA, NAME

# What an import of a workspace takes at most.
# Source: https://docs.databricks.com/api/workspace/workspace/import
MOST_BYTES = 500_000_000


def pack(git: Git, root: Path, reports: Path, file: Path) -> int:
    """Write the project, and the coverage of the levels before, to an archive.

    Args:
        git: the project's clone: what it ignores is left out.
        root: the project's folder.
        reports: the folder of the reports.
        file: the archive.

    Returns:
        How many files of the project are in it.

    Raises:
        BricklaneError: when it is larger than a workspace takes.
    """
    inside = Git(root, git.remote)
    names = inside.names("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    found = [name for name in sorted(set(names)) if (root / name).is_file()]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in found:
            archive.write(root / name, f"project/{name}")
        for data in sorted(reports.glob("*.coverage")):
            archive.write(data, f"reports/{data.name}")
    if file.stat().st_size > MOST_BYTES:
        raise BricklaneError(
            f"the project is {file.stat().st_size >> 20} MB, and a workspace takes 476 MB at once",
            hint="let .gitignore name the large files that no test needs",
        )
    return len(found)


def bricklane_wheel(folder: Path) -> Path | None:
    """Return the wheel of this bricklane; None when it is a released version.

    Args:
        folder: takes one that has to be built.

    Raises:
        BricklaneError: when it cannot be built.
    """
    origin = metadata.distribution(NAME).read_text("direct_url.json")
    url = str(json.loads(origin).get("url") or "") if origin else ""
    source = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
    if source is None or not source.exists():
        return None
    if source.is_file():
        return source
    build = ("build", "--wheel", "--quiet", "--out-dir", str(folder), str(source))
    program = (shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv",)
    run(Command((*program, *build), folder, environment=tool_path()))
    (wheel,) = folder.glob("*.whl")
    return wheel


def requirements(root: Path, *, wheel: bool) -> tuple[str, ...]:
    """Return what the run installs: what tests need, and what the project says that it needs.

    Args:
        root: the project's folder.
        wheel: whether bricklane comes as a wheel, beside these.
    """
    own = _testing() if wheel else [f"{EXTRA}=={metadata.version(NAME)}"]
    return tuple(dict.fromkeys((*own, *_declared(root / "pyproject.toml"))))


def _testing() -> Iterator[str]:
    """Yield what the extra ``testing`` of bricklane asks for."""
    for text in metadata.requires(NAME) or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker and not marker.evaluate({"extra": ""}) and marker.evaluate({"extra": "testing"}):
            yield f"{requirement.name}{requirement.specifier}"


def _declared(file: Path) -> Iterable[str]:
    if not file.is_file():
        return ()
    try:
        declared = tomllib.loads(file.read_text("utf-8")).get("project", {}).get("dependencies", ())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BricklaneError(f"{file}: {error}", exit_code=ExitCode.CONFIG) from None
    # Spark belongs to the compute.
    known = [text for text in declared if isinstance(text, str)]
    return [text for text in known if Requirement(text).name.lower() not in COMPUTE]


COMPUTE = frozenset({"pyspark", "databricks-connect", "delta-spark"})


def temporary() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes away."""
    return tempfile.TemporaryDirectory(prefix="bricklane-")
