"""``%pip`` in notebooks: packages for this run only.

Source: https://docs.databricks.com/en/libraries/notebooks-python-libraries.html
"""

from __future__ import annotations

import importlib
import importlib.metadata
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bricklane_runtime.files.roots import Roots
from bricklane_runtime.libraries import LibraryError, canonical, install

# Options of pip that change nothing here: every install is quiet, fresh and beside the others.
IGNORED = ("-q", "-qq", "--quiet", "-U", "--upgrade", "--force-reinstall", "--no-cache-dir",
    "--disable-pip-version-check", "--user", "-y", "--yes", "-v", "--verbose")  # fmt: skip
# Options with a value, as a requirements file writes them; "" for an included file.
VALUED = {
    "-r": "",
    "--requirement": "",
    "-c": "-c",
    "--constraint": "-c",
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
}
PLAIN = {"--no-deps": "--no-deps", "--pre": "--prerelease=allow"}


@dataclass(slots=True)
class Arguments:
    """A ``pip install`` command line, taken apart.

    Args:
        requirements: lines of a requirements file.
        options: options for uv.
    """

    requirements: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)


def parse_install(words: list[str], roots: Roots) -> Arguments:
    """Take a ``pip install`` command line apart.

    Args:
        words: what follows ``install``.
        roots: maps the paths in it.

    Raises:
        LibraryError: an option is not known.
    """
    parsed = Arguments()
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word in IGNORED:
            continue
        if word in PLAIN:
            parsed.options.append(PLAIN[word])
        elif name in VALUED:
            given = roots.to_local(value if equals else next(rest, ""))
            _valued(parsed, VALUED[name], given)
        elif word in ("-e", "--editable"):
            parsed.requirements.append(f"-e {roots.to_local(next(rest, ''))}")
        elif word.startswith("-"):
            raise LibraryError(f"%pip install: the option {word} is not supported")
        else:
            parsed.requirements.append(str(roots.to_local(word)))
    return parsed


def _valued(parsed: Arguments, option: str, value: str) -> None:
    if option:
        parsed.requirements.append(f"{option} {value}")
        return
    # Relative paths in the file are meant from where the file is.
    parsed.requirements.append(f"-r {Path(value).absolute()}")


def run_pip(line: str, roots: Roots, target: Path) -> None:
    """Run a ``%pip`` command.

    Args:
        line: what follows ``%pip``.
        roots: maps the paths in it.
        target: folder of this run's packages; put first on the module search path.

    Raises:
        LibraryError: the packages cannot be installed, or the command is not known.
    """
    command, *words = shlex.split(line) or [""]
    if command in INFORMING:
        print(*INFORMING[command](words), sep="\n")  # noqa: T201 - shown in the cell
        return
    if command != "install":
        raise LibraryError(f"%pip {command}: only install, list, freeze and show can be used here")
    parsed = parse_install(words, roots)
    if not parsed.requirements:
        raise LibraryError("%pip install: no requirement was given")
    packages = install(parsed.requirements, parsed.options, target)
    if str(target) not in sys.path:
        sys.path.insert(0, str(target))
    importlib.invalidate_caches()
    names = ", ".join(map(roots.to_user, packages)) or "nothing: the environment has it already"
    print(f"Installed {names}")  # noqa: T201 - shown in the cell


def _list(_words: list[str]) -> Iterator[str]:
    for name, version in sorted(_installed().items()):
        yield f"{name:<32} {version}"


def _freeze(_words: list[str]) -> Iterator[str]:
    for name, version in sorted(_installed().items()):
        yield f"{name}=={version}"


def _show(words: list[str]) -> Iterator[str]:
    for word in words:
        try:
            found = importlib.metadata.distribution(word)
        except importlib.metadata.PackageNotFoundError:
            raise LibraryError(f"%pip show: the package {word} is not installed") from None
        yield f"Name: {found.name}"
        yield f"Version: {found.version}"
        yield f"Summary: {found.metadata['Summary'] or ''}"
        yield f"Requires: {', '.join(found.requires or [])}"


def _installed() -> dict[str, str]:
    # What comes first on the search path is what is imported.
    found = list(importlib.metadata.distributions())
    return {canonical(item.name): item.version for item in reversed(found)}


INFORMING = {"list": _list, "freeze": _freeze, "show": _show}
