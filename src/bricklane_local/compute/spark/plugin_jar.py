"""The plugin that teaches Spark the local cloud's catalog and paths, compiled where it runs.

Its Scala sources are data of this package. The compiler is among the jars of Spark, so that a Java
runtime is all it takes, and the plugin always fits the Spark that is there.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from bricklane_local.compute.spark.errors import SparkError

if TYPE_CHECKING:
    from bricklane_local.compute.spark.installation import SparkInstallation

SOURCES = Path(__file__).parent / "plugin"
_COMPILER = "scala.tools.nsc.Main"


def sources_digest() -> str:
    """Return a name for the plugin's sources as they are now."""
    digest = hashlib.sha256()
    for source in (*_sources(), *_resources()):
        digest.update(source.relative_to(SOURCES).as_posix().encode() + b"\0")
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def plugin_path(installation: SparkInstallation, cache: Path) -> Path:
    """Return where the compiled plugin is or will be; its name tells sources and Spark apart."""
    return cache / f"bricklane-spark-{sources_digest()}-{installation.digest}.jar"


async def ensure_plugin(installation: SparkInstallation, cache: Path) -> Path:
    """Return the compiled plugin, compiling it (some ten seconds) when it is not there yet.

    Two processes may do this at once: one waits for the other. A process that is killed on the
    way leaves nothing that a later one would take for the plugin.

    Args:
        installation: the Spark to compile against.
        cache: folder that keeps the result.

    Returns:
        The jar.

    Raises:
        SparkError: when the compiler fails; the message has what it said.
    """
    target = plugin_path(installation, cache)
    if target.is_file():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    # It is not always the thread that takes it which gives it back.
    lock = FileLock(f"{target}.lock", thread_local=False)
    await asyncio.to_thread(lock.acquire)
    try:
        if not target.is_file():
            await _build(installation, target)
    finally:
        lock.release()
    return target


def _sources() -> list[Path]:
    return sorted(SOURCES.rglob("*.scala"))


def _resources() -> list[Path]:
    """Return the files of the jar that say which data sources are in it."""
    return sorted(path for path in (SOURCES / "META-INF").rglob("*") if path.is_file())


async def _build(installation: SparkInstallation, target: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix="compile-", dir=target.parent))
    try:
        classes = work / "classes"
        classes.mkdir()
        await _compile(installation, classes, work / "arguments")
        for resource in _resources():
            place = classes / resource.relative_to(SOURCES)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(resource, place)
        jar = work / target.name
        _pack(classes, jar)
        jar.replace(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


async def _compile(installation: SparkInstallation, classes: Path, arguments: Path) -> None:
    class_path = ":".join(str(jar) for jar in installation.jars)
    # The compiler's parser recurses with the depth of an expression, hence the larger stack.
    # Its work is over before the second compiler of the virtual machine would pay.
    arguments.write_text(
        f'-Xss8m\n-XX:TieredStopAtLevel=1\n-cp\n"{class_path}"\n', encoding="utf-8"
    )
    argv = [str(installation.java), f"@{arguments}", _COMPILER, "-usejavacp", "-d", str(classes)]
    process = await asyncio.create_subprocess_exec(
        *argv,
        *(str(source) for source in _sources()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise SparkError(
            f"The Spark plugin does not compile against the Spark in {installation.directory}:\n"
            f"{output.decode(errors='replace').strip()}",
            hint="Run `bricklane tools install spark`, which installs the versions that fit.",
        )


def _pack(classes: Path, jar: Path) -> None:
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(classes.rglob("*")):
            if path.is_file():
                # A fixed time makes equal sources an equal jar.
                entry = zipfile.ZipInfo(path.relative_to(classes).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
