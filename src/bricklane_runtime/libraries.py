"""Installs Python packages for one run into a folder beside the runtime's own environment.

What the environment has already is neither installed again nor changed, since it was imported
before the run began: its versions are constraints.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

UV_VARIABLE = "BRICKLANE_UV"
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)(\[[^]]*\])?\s*(==(?P<version>[^\s;]+)|@)")
# Installing these ends the session on Databricks too:
# https://docs.databricks.com/en/compute/serverless/dependencies.html
SPARK_PACKAGES = ("pyspark", "pyspark-client", "pyspark-connect", "databricks-connect")
NAMED = re.compile(r"[A-Za-z0-9][\w.-]*")
USER_INFORMATION = re.compile(r"(?<=://)[^/@\s]+@")
MARKS = re.compile(r"^[\s\u00d7\u2500-\u25ff]+")


class LibraryError(Exception):
    """Packages cannot be installed; the message says why."""


def install(requirements: list[str], options: list[str], target: Path) -> list[str]:
    """Resolve and install packages.

    Args:
        requirements: lines of a requirements file; index options among them, so that passwords in
            their addresses stay out of argument lists.
        options: options for uv.
        target: the folder; made when absent.

    Returns:
        What was installed, pinned.

    Raises:
        LibraryError: a package does not exist, does not fit the environment, or cannot be built.
    """
    base = base_packages()
    _refuse_spark([line for line in requirements if not _is_present(line, base)])
    lines = _resolve(requirements, options, base)
    wanted = [line for line in lines if not _is_in(line, base)]
    packages = [line for line in wanted if _is_package(line)]
    _refuse_spark(packages)
    target.mkdir(parents=True, exist_ok=True)
    if packages:
        _uv(["install", "--no-deps", "--target", str(target), "-r", "-", *options], wanted)
    return packages


def base_packages() -> dict[str, str]:
    """Return name and version of every package of the environment that runs this."""
    folders = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    found = importlib.metadata.distributions(path=folders)
    return {canonical(item.name): item.version for item in found}


def canonical(name: str) -> str:
    """Return a package name in its normal form (https://peps.python.org/pep-0503/)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_uv() -> str:
    """Return the path of uv.

    Raises:
        LibraryError: there is none.
    """
    found = os.environ.get(UV_VARIABLE) or shutil.which("uv")
    if not found:
        raise LibraryError("Packages cannot be installed: the program uv was not found")
    return found


def _resolve(requirements: list[str], options: list[str], base: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="bricklane-") as folder:
        limits = Path(folder, "constraints.txt")
        pins = (f"{name}=={version}\n" for name, version in sorted(base.items()))
        limits.write_text("".join(pins), encoding="utf-8")
        # uv would unpack and build all of Spark to learn what it needs, which is there already.
        excluded = Path(folder, "excludes.txt")
        excluded.write_text("".join(f"{name}\n" for name in SPARK_PACKAGES if name in base))
        emit = ["--excludes", str(excluded), "--no-header", "--no-annotate"]
        emit += ["--emit-index-url", "--emit-find-links", "--emit-build-options"]
        text = _uv(["compile", "-", "-c", str(limits), *emit, *options], requirements)
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]


def _is_present(line: str, base: dict[str, str]) -> bool:
    """Tell whether a requirement names a package of the environment, in any version or its own."""
    return canonical(line.strip()) in base or _is_in(line, base)


def _is_package(line: str) -> bool:
    return not line.startswith("-") or line.startswith("-e ")


def _is_in(line: str, base: dict[str, str]) -> bool:
    match = PINNED.match(line)
    return match is not None and base.get(canonical(match["name"])) == match["version"]


def _refuse_spark(packages: list[str]) -> None:
    for line in packages:
        match = NAMED.match(line)
        if match and canonical(match[0]) in SPARK_PACKAGES:
            raise LibraryError(
                f"{line} cannot be installed: runs use the Spark of the workspace; leave PySpark "
                "and what brings it out"
            )


def _uv(arguments: list[str], lines: list[str]) -> str:
    common = ["--quiet", "--color", "never", "--python", sys.executable]
    done = subprocess.run(
        [find_uv(), "pip", *arguments, *common],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LibraryError(_reason(done.stderr) or f"uv ended with status {done.returncode}")
    return done.stdout


def _reason(text: str) -> str:
    """Return what uv said, without its marks and without credentials."""
    lines = (MARKS.sub("", line).strip() for line in USER_INFORMATION.sub("", text).splitlines())
    kept = [line for line in lines if line and not line.startswith("warning:")]
    return "\n".join(kept).removeprefix("error: ")
