"""Providing Spark: a Python environment with pyspark, and the Delta jars that pyspark lacks."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bricklane.tools.cache import cache_root
from bricklane.tools.discovery import ask
from bricklane.tools.ivy import (
    REPOSITORY_VARIABLE,
    Jar,
    check,
    ivy_command,
    ivy_module,
    ivy_settings,
    proxy_options,
)
from bricklane.tools.model import Activity, Copy, Job
from bricklane.tools.processes import run
from bricklane.tools.python import PINS, create_environment, find_uv, install_packages
from bricklane.tools.trust import authorities, store_command, trust_option

REQUIREMENTS = PINS / "spark.txt"
VERSION = "4.1.1"
DELTA = "4.4.0"
LIST_PACKAGES = (
    "import importlib.metadata as m, json;"
    "print(json.dumps({d.name: d.version for d in m.distributions()}))"
)


# Delta's dependencies less those that are among pyspark's own jars: older copies of the same
# libraries on one class path break whichever of the two is loaded second. jackson-datatype-jdk8 is
# at the revision of pyspark's Jackson for the same reason.
JARS = (
    Jar(
        "io.delta",
        "delta-spark_4.1_2.13",
        DELTA,
        "75a9400986853c061f5109f012547de2545a5759e5e752e5ef633dabe16a4f10",
    ),
    Jar(
        "io.delta",
        "delta-storage",
        DELTA,
        "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
    ),
    Jar(
        "io.delta",
        "delta-kernel-api",
        DELTA,
        "ee9b5a14ac3b7efdff4d61a58478fe8eb0e5a3fbca43889dca7290795fe79a11",
    ),
    Jar(
        "io.delta",
        "delta-kernel-defaults",
        DELTA,
        "225c975199e4718b38ee5b7e6da7f19e9585024262b2cec2656b32151a856b0b",
    ),
    Jar(
        "io.delta",
        "delta-kernel-unitycatalog",
        DELTA,
        "cea22dfb4ac562b3cd27bf652697750e8336009d73fb06631363aaaad5345ffa",
    ),
    Jar(
        "io.unitycatalog",
        "unitycatalog-client",
        "0.6.0",
        "48257499a86b801a3e2372cec55ac226ca1c1c7eabe5c118e7302f29a1fdbc19",
    ),
    Jar(
        "io.unitycatalog",
        "unitycatalog-hadoop",
        "0.6.0",
        "c47b63c961c87102b9e1d63809a0915ba4c86b7652f57c8d39ca3a05b441a150",
    ),
    Jar(
        "javax.annotation",
        "javax.annotation-api",
        "1.3.2",
        "e04ba5195bcd555dc95650f7cc614d151e4bcd52d29a10b8aa2197f3ab89ab9b",
    ),
    Jar(
        "com.fasterxml.jackson.datatype",
        "jackson-datatype-jdk8",
        "2.20.0",
        "3eae9db4a4ebb81c33067ab6683a1b12967317957f433c5dcec2a859237c4877",
    ),
)


def cache_key() -> str:
    """Return the folder name for these versions on the running Python."""
    content = REQUIREMENTS.read_bytes() + repr(JARS).encode()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{VERSION}-delta{DELTA}-py{python}-{hashlib.sha256(content).hexdigest()[:8]}"


def inspect(python: Path) -> Copy:
    """Return the runtime that the interpreter of its environment belongs to.

    Raises:
        ProbeFailed: when the environment does not work or has no pyspark.
    """
    code = "import importlib.metadata as m; print(m.version('pyspark'))"
    # -I: a pyspark on the user's PYTHONPATH must not be taken for the runtime's own.
    return Copy(python.parents[2], ask(python, "-I", "-c", code).strip())


@dataclass(frozen=True, slots=True)
class SparkRuntime:
    """The folder that runs of jobs and the Spark server work from: ``venv/`` and ``jars/``.

    Args:
        requirements: the file with the versions and hashes of the environment.
        jars: the jars beside pyspark's own.
    """

    requirements: Path = REQUIREMENTS
    jars: tuple[Jar, ...] = JARS
    label: str = "Python packages and jars"

    def provide(self, job: Job) -> dict[str, Any]:
        """Make the environment, and have the Ivy that Spark ships fetch the jars.

        Raises:
            WayFailed: when uv is missing, a program fails, or a jar has the wrong checksum.
        """
        environment = job.folder / "venv"
        uv = find_uv(job.environment)
        with job.reporter.activity(f"{job.tool.name}: installing pyspark {VERSION}") as activity:
            for command in (
                create_environment(uv, environment),
                install_packages(uv, self.requirements, "--python", str(environment)),
            ):
                run(command, job, activity, directory=job.folder, environment={})
        with job.reporter.activity(f"{job.tool.name}: fetching Delta {DELTA}") as activity:
            self.fetch(job, activity, environment)
        packages = json.loads(ask(environment / "bin" / "python", "-I", "-c", LIST_PACKAGES))
        return {"packages": packages, "jars": {jar.file: jar.sha256 for jar in self.jars}}

    def fetch(self, job: Job, activity: Activity, environment: Path) -> None:
        """Fetch the jars into the job's folder, with the Ivy among pyspark's jars.

        Args:
            job: with the folder, and the Java to run Ivy with.
            activity: shows what is fetched.
            environment: the Python environment with pyspark.

        Raises:
            WayFailed: when Ivy fails, or a jar has the wrong checksum.
        """
        work = job.folder / ".ivy"
        work.mkdir()
        options = work / "java.options"
        options.touch(mode=0o600)
        trust = self._trust(job, activity, environment, work)
        options.write_text(proxy_options(job.environment) + trust, "utf-8")
        repository = job.environment.get(REPOSITORY_VARIABLE)
        (work / "settings.xml").write_bytes(ivy_settings(work, repository))
        (work / "ivy.xml").write_bytes(ivy_module(self.jars))
        pattern = str(job.folder / "jars" / "[artifact]-[revision].[ext]")
        java = str(job.needs["java"] / "bin" / "java")
        run(
            ivy_command(java, pyspark_jars(environment), work, pattern),
            job,
            activity,
            directory=work,
            environment={},
        )
        check(job.folder / "jars", self.jars)
        shutil.rmtree(work)  # with Ivy's cache, which is of no more use

    def _trust(self, job: Job, activity: Activity, environment: Path, work: Path) -> str:
        """Return the option that makes a Java of the cache trust what this machine trusts."""
        bundle = authorities(job.environment)
        if bundle is None or not job.needs["java"].is_relative_to(cache_root(job.environment)):
            return ""
        store = work / "trust.p12"
        command = store_command(environment / "bin" / "python", bundle, store)
        run(command, job, activity, directory=work, environment={})
        return trust_option(store)


def pyspark_jars(environment: Path) -> Path:
    """Return the folder of the jars that pyspark carries in ``environment``."""
    return next(environment.glob("lib/python3.*/site-packages/pyspark/jars"))
