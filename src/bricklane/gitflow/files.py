"""The files that follow a release: ``pyproject.toml`` and ``uv.lock``, and the changelog."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.scratch import Edit
from bricklane.gitflow.versions import Version

HEADER = "# Changelog\n"
LOCK = "uv.lock"
# A heading that names a version: "## 1.2.3", "## [1.2.3] - 2026-01-31", "## v1.2.3 (2026-01-31)".
_HEADING = re.compile(r"^## +\[?v?(\d+\.\d+\.\d+)\b", re.MULTILINE)
_TABLE = re.compile(r"^\s*\[(?!\[)\s*([^\]]+?)\s*\]\s*(?:#.*)?$")
_VERSION = re.compile(r"""^(\s*version\s*=\s*)(["'])([^"']*)\2""")


def version_edits(
    root: PurePosixPath, names: Sequence[str], version: Version
) -> list[tuple[PurePosixPath, Edit]]:
    """Return the edits that write ``version`` into the version files.

    The lock file that uv keeps beside a ``pyproject.toml`` repeats the version, and
    ``uv sync --locked`` fails while the two differ; so it follows too.

    Args:
        root: the folder of the project, from the top of the repository.
        names: the version files, relative to it.
        version: to write.
    """
    edits: list[tuple[PurePosixPath, Edit]] = []
    for name in names:
        path = root / name
        package: list[str] = []
        edits.append((path, _project_edit(path, str(version), package.append)))
        edits.append((path.with_name(LOCK), _lock_edit(str(version), package)))
    return edits


def _project_edit(path: PurePosixPath, version: str, found: Callable[[str], None]) -> Edit:
    def edit(old: bytes | None) -> bytes | None:
        if old is None:
            return None
        text = _decoded(old, path)
        project = _parsed(text, path).get("project", {})
        if "name" in project:
            found(project["name"])
        if "version" in project.get("dynamic", ()):
            return None
        if "version" not in project:
            raise BricklaneError(
                f"{path} has no project.version to raise",
                hint="give it one, or take the file out of [gitflow] version_files",
                exit_code=ExitCode.CONFIG,
            )
        return set_version(text, version, path).encode()

    return edit


def set_version(text: str, version: str, path: PurePosixPath) -> str:
    """Return a ``pyproject.toml`` with another ``project.version``; all else stays byte for byte.

    Raises:
        BricklaneError: when the version is not written on a line of its own.
    """
    lines = text.splitlines(keepends=True)
    table = ""
    for number, line in enumerate(lines):
        if named := _TABLE.match(line):
            table = named[1]
        elif table == "project" and _VERSION.match(line):
            lines[number] = _VERSION.sub(rf"\g<1>\g<2>{version}\g<2>", line, count=1)
            break
    changed = "".join(lines)
    before, after = _parsed(text, path), _parsed(changed, path)
    before["project"]["version"] = version
    if after != before:
        raise BricklaneError(
            f"project.version in {path} cannot be changed: it is not on a line of its own",
            hint='write it as: version = "1.2.3" below [project]',
            exit_code=ExitCode.CONFIG,
        )
    return changed


def _lock_edit(version: str, package: Sequence[str]) -> Edit:
    def edit(old: bytes | None) -> bytes | None:
        if old is None or not package:
            return None
        return set_locked(old.decode(), package[0], version).encode()

    return edit


def set_locked(text: str, package: str, version: str) -> str:
    """Return a ``uv.lock`` in which the project's own entry has ``version``.

    Args:
        text: of the lock file.
        package: the name of the project, in any spelling.
        version: to write.
    """
    parts = re.split(r"(?m)^(?=\[\[package\]\])", text)
    return "".join(_locked_part(part, package, version) for part in parts)


def _locked_part(part: str, package: str, version: str) -> str:
    if not part.startswith("[[package]]"):
        return part
    entry: dict[str, Any] = tomllib.loads(part)["package"][0]
    if not _is_local(entry) or _normal(entry["name"]) != _normal(package) or "version" not in entry:
        return part
    return re.sub(r'(?m)^version = "[^"]*"', f'version = "{version}"', part, count=1)


def _normal(name: str) -> str:
    # https://packaging.python.org/en/latest/specifications/name-normalization/
    return re.sub(r"[-_.]+", "-", name).lower()


def changelog_edit(path: PurePosixPath, version: Version, section: str) -> Edit:
    """Return the edit that puts ``section`` above the other versions of a changelog."""

    def edit(old: bytes | None) -> bytes:
        text = HEADER if old is None else _decoded(old, path)
        return add_section(text, version, section).encode()

    return edit


def add_section(text: str, version: Version, section: str) -> str:
    """Return a changelog with the section of ``version`` on top; one of that version is replaced.

    What stands above the first version, such as notes on what is not released yet, stays there.
    """
    head, sections = split_sections(text)
    sections[str(version)] = section
    return join_sections(head, sections)


def split_sections(text: str) -> tuple[str, dict[str, str]]:
    """Return what stands above the first version of a changelog, and version → section."""
    found = list(_HEADING.finditer(text))
    if not found:
        return text, {}
    ends = [match.start() for match in found[1:]] + [len(text)]
    sections = {match[1]: text[match.start() : end] for match, end in zip(found, ends, strict=True)}
    return text[: found[0].start()], sections


def join_sections(head: str, sections: dict[str, str]) -> str:
    """Return a changelog of ``sections``, highest version first, in the line ends of ``head``."""
    ordered = sorted(sections, key=Version.parse, reverse=True)
    whole = [head, *(sections[version] for version in ordered)]
    crlf = "\r\n" in "".join(whole)
    text = "\n\n".join(part.replace("\r\n", "\n").strip("\n") for part in whole if part.strip())
    text += "\n"
    return text.replace("\n", "\r\n") if crlf else text


def _decoded(data: bytes, path: PurePosixPath) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BricklaneError(
            f"{path} is not UTF-8 text", hint="convert it, or take it out of [gitflow]",
            exit_code=ExitCode.CONFIG,
        ) from None  # fmt: skip


def _parsed(text: str, path: PurePosixPath) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BricklaneError(
            f"{path} is not TOML: {error}", exit_code=ExitCode.CONFIG
        ) from None  # fmt: skip


def project_of(text: str) -> dict[str, Any]:
    """Return ``[project]`` of a ``pyproject.toml``; empty when there is none or it is no TOML."""
    try:
        project: dict[str, Any] = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError:
        return {}
    return project


def own_entry(text: str) -> dict[str, Any]:
    """Return the entry of the project itself in a ``uv.lock``; empty when there is none."""
    try:
        packages: list[dict[str, Any]] = tomllib.loads(text).get("package", [])
    except tomllib.TOMLDecodeError:
        return {}
    return next((entry for entry in packages if _is_local(entry)), {})


def _is_local(entry: dict[str, Any]) -> bool:
    source = entry.get("source", {})
    return "." in (source.get("editable"), source.get("virtual"), source.get("directory"))
