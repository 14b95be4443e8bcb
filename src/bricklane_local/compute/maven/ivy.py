"""Ivy, which Spark ships: its files, its command, and what it says when it cannot do it.

Source: https://ant.apache.org/ivy/history/2.5.3/ (settings, module files, stand-alone use).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from bricklane_local.compute.maven.library import MavenLibrary, presentable

CENTRAL = "Maven Central"
# Of a Maven module what it takes to run it, and that of what it depends on.
CONFIGURATION = "default->master,compile(*),runtime(*)"
# What the Spark of a run has, and must not have twice.
PROVIDED = (
    ("org.apache.spark", "spark-*"),
    ("org.scala-lang", "scala-library"),
    ("org.scala-lang", "scala-reflect"),
)
SETTINGS, MODULE = "settings.xml", "ivy.xml"
# In the names of the files, which say where a jar is from; a classifier tells two apart.
PATTERN = "[organisation]_[artifact]-[revision](-[classifier]).[ext]"
# Lines that tell what is missing, and those of servers that do not answer.
_MISSING = re.compile(r"^\s*::\s+(?P<what>[\w.\-]+#\S.*?)\s*$", re.MULTILINE)
_UNREACHED = re.compile(r"HttpClientHandler: (?P<why>.+) url=\S+")


def write_files(folder: Path, libraries: Sequence[MavenLibrary], central: str) -> None:
    """Write what Ivy reads.

    Args:
        folder: of Ivy's files, where its cache will be too.
        libraries: what is wanted.
        central: URL of the repository that is used for Maven Central, "" for itself.
    """
    (folder / SETTINGS).write_bytes(_settings(folder / "cache", libraries, central))
    (folder / MODULE).write_bytes(_module(libraries))


def command(java: Path, jars: Path, folder: Path, target: Path) -> list[str]:
    """Return the command that fetches what the files in a folder say.

    Args:
        java: the program.
        jars: folder of Spark's jars, of which one is Ivy.
        folder: of its files. Addresses are in them, because some have passwords.
        target: folder for the jars.
    """
    return [
        *(str(java), "-cp", f"{jars}/*", "org.apache.ivy.Main"),
        *("-settings", str(folder / SETTINGS), "-ivy", str(folder / MODULE)),
        *("-confs", "default", "-types", "jar", "bundle"),
        *("-retrieve", f"{target}/{PATTERN}"),
    ]


def _settings(cache: Path, libraries: Sequence[MavenLibrary], central: str) -> bytes:
    root = ET.Element("ivysettings")
    ET.SubElement(root, "settings", defaultResolver="all")
    ET.SubElement(root, "caches", defaultCacheDir=str(cache))
    limits = ET.SubElement(root, "timeout-constraints")
    limit = {"name": "limits", "connectionTimeout": "10000", "readTimeout": "60000"}
    ET.SubElement(limits, "timeout-constraint", limit)
    resolvers = ET.SubElement(root, "resolvers")
    chain = ET.SubElement(resolvers, "chain", name="all", returnFirst="true")
    for number, url in enumerate([*repositories(libraries), central]):
        resolver = {"name": f"repository {number}", "m2compatible": "true"}
        resolver |= {"timeoutConstraint": "limits"} | ({"root": url} if url else {})
        ET.SubElement(chain, "ibiblio", resolver)
    return ET.tostring(root)


def _module(libraries: Sequence[MavenLibrary]) -> bytes:
    root = ET.Element("ivy-module", version="2.0")
    ET.SubElement(root, "info", organisation="bricklane", module="libraries")
    configurations = ET.SubElement(root, "configurations")
    ET.SubElement(configurations, "conf", name="default")
    dependencies = ET.SubElement(root, "dependencies")
    for library in libraries:
        group, artifact, version = library.parts
        wanted = {"org": group, "name": artifact, "rev": version, "conf": CONFIGURATION}
        dependency = ET.SubElement(dependencies, "dependency", wanted, force="true")
        for exclusion in library.exclusions:
            excluded_group, _, excluded = exclusion.partition(":")
            _exclude(dependency, excluded_group, excluded)
    for group, artifact in PROVIDED:
        _exclude(dependencies, group, artifact)
    return ET.tostring(root)


def _exclude(parent: ET.Element, group: str, artifact: str) -> None:
    ET.SubElement(parent, "exclude", org=group, module=artifact, matcher="glob")


def repositories(libraries: Sequence[MavenLibrary]) -> list[str]:
    """Return the repositories that libraries name, each once, in their order."""
    return list(dict.fromkeys(url for item in libraries for url in item.repositories))


def reasons(output: str) -> str:
    """Return why something could not be had, of what Ivy printed."""
    return presentable("; ".join(dict.fromkeys(_reasons(output)))) or output.strip()[-1000:]


def _reasons(output: str) -> Iterator[str]:
    for found in _MISSING.finditer(output):
        yield found["what"].replace("#", ":", 1).replace(";", ":", 1)
    for found in _UNREACHED.finditer(output):
        yield found["why"]
