"""An installed Spark: where its jars and its Java are, as ``bricklane tools`` left them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bricklane_local.compute.spark.errors import SparkError


@dataclass(frozen=True)
class SparkInstallation:
    """Spark and Delta Lake on this machine.

    Args:
        directory: has ``venv`` (Python with pyspark) and ``jars`` (Delta and what it needs).
        java_home: a Java home, 17 or newer.
    """

    directory: Path
    java_home: Path

    @property
    def java(self) -> Path:
        """The program ``java``."""
        return self.java_home / "bin" / ("java.exe" if os.name == "nt" else "java")

    @property
    def python(self) -> Path:
        """The Python that runs user-defined functions."""
        return self.directory / "venv" / "bin" / "python"

    @cached_property
    def spark_jars(self) -> Path:
        """The folder of Spark's own jars.

        Raises:
            SparkError: when there is no pyspark in the folder.
        """
        pattern = "venv/lib/python*/site-packages/pyspark/jars"
        for folder in sorted(self.directory.glob(pattern)):
            return folder
        raise SparkError(
            f"There is no Spark in {self.directory}: {pattern} is not there.",
            hint="Run `bricklane tools install spark`.",
        )

    @cached_property
    def jars(self) -> tuple[Path, ...]:
        """All jars for the class path, in an order that does not change.

        Spark's own come first. Of a library that both folders have, only Spark's is taken: two
        versions of one library on a class path are a riddle to whoever meets them.

        Raises:
            SparkError: when Spark or Delta is not there.
        """
        return (*sorted(self.spark_jars.glob("*.jar")), *self.added_jars)

    @cached_property
    def added_jars(self) -> tuple[Path, ...]:
        """The jars of Delta and of what it needs, without those that Spark has itself.

        Raises:
            SparkError: when Spark or Delta is not there.
        """
        names = {jar.name for jar in self.spark_jars.glob("*.jar")}
        added = sorted((self.directory / "jars").glob("*.jar"))
        # Ivy names a jar "group_artifact-version.jar".
        extra = [jar for jar in added if jar.name.partition("_")[2] not in names]
        if not any("delta-spark" in jar.name for jar in extra):
            raise SparkError(
                f"There is no Delta Lake in {self.directory / 'jars'}.",
                hint="Run `bricklane tools install spark`.",
            )
        return tuple(extra)

    @cached_property
    def digest(self) -> str:
        """A name for this set of jars and this Java, for what is compiled against them."""
        text = "\n".join(jar.name for jar in self.jars)
        release = self.java_home / "release"
        if release.is_file():
            text += release.read_text(encoding="utf-8")
        return hashlib.sha256(text.encode()).hexdigest()[:16]
