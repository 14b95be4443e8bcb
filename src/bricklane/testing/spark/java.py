"""The Java of the warm Spark: its command line, and the archive of classes that it starts from.

Spark's own launcher says what the command line is, as it does for ``bin/spark-submit``. The class
path in it is written so that it is the same for all environments with the same pyspark, for Java
takes an archive of classes for one class path only:
https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.testing.spark.installation import Installation
from bricklane.tools.sparkruntime import pyspark_jars

LAUNCHER = "org.apache.spark.launcher.Main"
SUBMIT = "org.apache.spark.deploy.SparkSubmit"
LAUNCH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Command:
    """How to start the Java that serves pyspark.

    Args:
        words: the command line.
        archive: where the archive of its classes is or will be; None when there is no place for it
            that outlives the environment.
    """

    words: tuple[str, ...]
    archive: Path | None


def java_command(
    installation: Installation, settings: Mapping[str, str], environment: Mapping[str, str]
) -> Command:
    """Return the command that Spark's launcher makes of the settings.

    Args:
        installation: the Spark to start.
        settings: of Spark.
        environment: of the launcher.

    Raises:
        BricklaneError: when the launcher fails; the message has what it said.
    """
    words = _launched(installation, settings, environment)
    place = words.index("-cp") + 1
    own = installation.home / "jars"
    lasting = lasting_copy(own)
    entries = [Path(entry) for entry in words[place].split(os.pathsep) if entry]
    others = [entry for entry in entries if entry.parent != own and entry.exists()]
    names = [entry.name for entry in entries if entry.parent == own and entry.name != "*"]
    names += sorted(jar.name for jar in own.glob("*.jar") if jar.name not in names)
    folder = own if lasting is None else pyspark_jars(lasting / "venv")
    jars = [folder / name for name in names]
    words[place] = os.pathsep.join(map(str, (*others, *jars)))
    archive = None
    # Java archives no classes when a folder with something in it is on the class path.
    if lasting is not None and not any(it.is_dir() and any(it.iterdir()) for it in others):
        digest = _digest(words[place], installation.java_home)
        archive = lasting / "archives" / f"tests-{digest}.jsa"
    return Command(tuple(words), archive)


def lasting_copy(own: Path) -> Path | None:
    """Return the folder of the Spark that bricklane has installed, if it has the same jars.

    An environment of a workflow's job is gone when the job ends; the one of ``bricklane tools``
    stays. Somebody who has put jars of their own into pyspark's folder gets those.
    """
    from bricklane.tools.discovery import find_cached
    from bricklane.tools.table import SPARK

    copy = find_cached(SPARK, os.environ)
    if copy is None or _sizes(pyspark_jars(copy.path / "venv")) != _sizes(own):
        return None
    return copy.path


def _sizes(folder: Path) -> dict[str, int]:
    return {jar.name: jar.stat().st_size for jar in folder.iterdir()}


def _digest(class_path: str, java_home: Path) -> str:
    release = java_home / "release"
    text = f"{class_path}\n{java_home}\n"
    if release.is_file():
        text += release.read_text("utf-8")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _launched(
    installation: Installation, settings: Mapping[str, str], environment: Mapping[str, str]
) -> list[str]:
    java = installation.java_home / "bin" / "java"
    jars = installation.home / "jars"
    core = next(iter(jars.glob("spark-core_*.jar")), None)
    if core is None:
        raise BricklaneError(f"there is no spark-core in {jars}", exit_code=ExitCode.TOOL)
    chosen = [word for item in settings.items() for word in ("--conf", "=".join(item))]
    done = subprocess.run(
        [str(java), "-Xmx128m", "-cp", f"{jars}/*", LAUNCHER, SUBMIT, *chosen, "pyspark-shell"],
        env={
            **environment,
            "SPARK_HOME": str(installation.home),
            "SPARK_SCALA_VERSION": core.name.removeprefix("spark-core_").partition("-")[0],
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LAUNCH_SECONDS,
        check=False,
    )
    # It begins with a zero and a line's end, so that shells can tell what it prints from warnings.
    words = done.stdout.decode().partition("\0\n")[2].split("\0")[:-1]
    if done.returncode or "-cp" not in words:
        said = done.stderr.decode(errors="replace").strip() or "nothing"
        raise BricklaneError(
            f"Spark's launcher did not say how to start Spark; it said: {said}",
            exit_code=ExitCode.TOOL,
        )
    return words
