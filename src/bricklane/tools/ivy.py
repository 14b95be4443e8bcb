"""Fetching jars with Ivy, which Spark ships: its files, its command, and the check of its work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

from bricklane.tools.cache import digest
from bricklane.tools.model import WayFailed

REPOSITORY_VARIABLE = "BRICKLANE_MAVEN_REPOSITORY"


@dataclass(frozen=True, slots=True)
class Jar:
    """A jar of the Maven repository.

    Args:
        organisation: its group.
        name: its artifact.
        revision: its version.
        sha256: the checksum that it must have.
    """

    organisation: str
    name: str
    revision: str
    sha256: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}-{self.revision}.jar"


def proxy_options(environment: Mapping[str, str]) -> str:
    """Return the content of a Java options file that says which proxies to use.

    Java does not read the variables that every other program here reads. A file, because a proxy's
    URL may carry a password, which must not be seen among the arguments of a process.

    Args:
        environment: with ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``, in either case.
    """
    lower = {name.lower(): value for name, value in environment.items() if value}
    options: dict[str, str] = {}
    for scheme in ("http", "https"):
        value = lower.get(f"{scheme}_proxy")
        if not value:
            continue
        proxy = urlsplit(value if "://" in value else f"http://{value}")
        parts = {"Host": proxy.hostname, "Port": proxy.port}
        parts |= {"User": proxy.username, "Password": proxy.password}
        known = {key: unquote(str(part)) for key, part in parts.items() if part}
        options |= {f"{scheme}.proxy{key}": part for key, part in known.items()}
    hosts = [host.strip() for host in lower.get("no_proxy", "").split(",") if host.strip()]
    if options and hosts:
        patterns = (f"*{host}" if host.startswith(".") else host for host in hosts)
        options["http.nonProxyHosts"] = "|".join(patterns)
    return "".join(f'"-D{key}={_escape(value)}"\n' for key, value in options.items())


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def ivy_command(java: str, classpath: Path, work: Path, pattern: str) -> list[str]:
    """Return the command that fetches the jars which ``ivy.xml`` lists.

    Args:
        java: the program to run Ivy with.
        classpath: folder that Ivy's jar is in.
        work: folder of ``java.options``, ``settings.xml`` and ``ivy.xml``.
        pattern: path of the files to make, in Ivy's notation.
    """
    return [
        *(java, f"@{work / 'java.options'}", "-cp", f"{classpath}/*", "org.apache.ivy.Main"),
        *("-settings", str(work / "settings.xml"), "-ivy", str(work / "ivy.xml")),
        *("-confs", "default", "-retrieve", pattern),
    ]


def ivy_settings(work: Path, repository: str | None) -> bytes:
    """Return settings that know one repository and keep everything below ``work``.

    The default settings, and those of ``spark-submit --packages``, look into ``~/.m2`` first: a
    ``~/.m2`` that holds a module's description without its jar makes them fail with "download
    failed". Descriptions are not read at all, because the list of jars is complete.

    Args:
        work: folder of the cache.
        repository: URL of a repository to use instead of Maven's central one.
    """
    root = ET.Element("ivysettings")
    ET.SubElement(root, "settings", defaultResolver="maven")
    ET.SubElement(root, "caches", defaultCacheDir=str(work / "cache"))
    limits = ET.SubElement(root, "timeout-constraints")
    ET.SubElement(
        limits, "timeout-constraint", name="limits", connectionTimeout="10000", readTimeout="60000"
    )
    resolvers = ET.SubElement(root, "resolvers")
    resolver = ET.SubElement(
        resolvers,
        "ibiblio",
        name="maven",
        m2compatible="true",
        usepoms="false",
        useMavenMetadata="false",
        timeoutConstraint="limits",
    )
    if repository:
        resolver.set("root", repository)
    return ET.tostring(root)


def ivy_module(jars: Sequence[Jar]) -> bytes:
    """Return a module that depends on exactly ``jars``."""
    root = ET.Element("ivy-module", version="2.0")
    ET.SubElement(root, "info", organisation="bricklane", module="spark")
    dependencies = ET.SubElement(root, "dependencies", defaultconf="default")
    for jar in jars:
        ET.SubElement(
            dependencies,
            "dependency",
            org=jar.organisation,
            name=jar.name,
            rev=jar.revision,
            transitive="false",
        )
    return ET.tostring(root)


def check(folder: Path, jars: Sequence[Jar]) -> None:
    """Compare every jar with its pinned checksum.

    Raises:
        WayFailed: naming the first jar that is missing or different.
    """
    for jar in jars:
        file = folder / jar.file
        if not file.is_file():
            raise WayFailed(f"{jar.file} was not fetched")
        if (actual := digest(file)) != jar.sha256:
            raise WayFailed(
                f"{jar.file} has the wrong checksum: sha256 {actual}, expected {jar.sha256}",
                hint="do not use that file; try again, and report it when it happens again",
                final=True,
            )
