"""Dependencies of an environment: from what a job says to lines that uv reads.

Source: https://docs.databricks.com/api/workspace/jobs/create (each dependency is a line of a pip
requirements file: a requirement, a path to a wheel, archive or project, ``-r``, ``-c``, ``-e`` or
an index option); https://pip.pypa.io/en/stable/reference/requirements-file-format/.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from bricklane_local.compute.environments.errors import EnvironmentFailure

INCLUDE = re.compile(r"(?:-r|--requirement)(?:\s+|=)(?P<path>.+)")
CONSTRAIN = re.compile(r"(?:-c|--constraint)(?:\s+|=)(?P<path>.+)")
EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)(?P<path>.+)")
LINKS = re.compile(r"(?:-f|--find-links)(?:\s+|=)(?P<path>(?!\w+://).+)")
# Options that say where packages come from; the others of pip change how it installs, which here
# uv does.
INDEX_OPTIONS = re.compile(
    r"(?:-i|-f|--(?:index-url|extra-index-url|find-links|no-index|no-binary|only-binary))(?:\s|=|$)"
)
COMMENT = re.compile(r"(?:^|\s+)#.*$")
PATH = re.compile(r"(?P<path>.*?)(?P<extras>\[[\w\s,.-]*\])?(?P<marker>\s+;.*)?$")
ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")
# What a build leaves behind says nothing about what will be built.
SKIPPED_FOLDERS = {".git", "__pycache__", ".venv", "build", "dist", ".pytest_cache", ".mypy_cache"}
PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(slots=True)
class Requirements:
    """What to install.

    Args:
        lines: for uv's requirements file.
        constraints: for uv's constraints file.
        identity: what the outcome depends on, one entry a line.
        shown: local paths to the paths that the user wrote.
    """

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    identity: list[str] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)

    def presentable(self, text: str) -> str:
        """Return ``text`` with the paths that the user wrote."""
        for local, written in sorted(self.shown.items(), key=lambda item: -len(item[0])):
            for form in (Path(local).as_uri(), local):
                text = text.replace(form, written)
        return text


class Reader:
    """Reads dependency lines and the files they include.

    Args:
        roots: path prefixes as jobs write them, to the folders that hold those files.
    """

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self._roots = roots
        self._result = Requirements()
        self._open: list[Path] = []

    def read(self, dependencies: Sequence[str]) -> Requirements:
        """Return what the dependencies of a job ask for.

        Raises:
            EnvironmentFailure: a file is missing, a line is not understood, or files include
                each other.
        """
        for line in dependencies:
            self._line(line.strip(), None)
        return self._result

    def _line(self, line: str, folder: Path | None) -> None:
        for pattern, react in (
            (INCLUDE, self._include),
            (CONSTRAIN, self._constrain),
            (EDITABLE, self._editable),
            (LINKS, self._links),
        ):
            match = pattern.fullmatch(line)
            if match:
                react(match["path"].strip().strip("\"'"), folder)
                return
        if INDEX_OPTIONS.match(line):
            self._add(line, line)
        elif line.startswith("-"):
            option = re.split(r"[\s=]", line, maxsplit=1)[0]
            raise EnvironmentFailure(
                f"The option {option} is not supported in an environment: "
                "use -r, -c, -e or one that names an index"
            )
        elif _is_path(line):
            self._path(line, folder)
        else:
            self._requirement(line, folder)

    def _add(self, line: str, identity: str) -> None:
        self._result.lines.append(line)
        self._result.identity.append(identity)

    def _include(self, text: str, folder: Path | None) -> None:
        path = self._existing(text, folder)
        if path in self._open:
            raise EnvironmentFailure(f"The requirements file {text} includes itself")
        self._open.append(path)
        for line in _logical_lines(path):
            self._line(line, path.parent)
        self._open.pop()

    def _constrain(self, text: str, folder: Path | None) -> None:
        for line in _logical_lines(self._existing(text, folder)):
            self._result.constraints.append(line)
            self._result.identity.append(f"-c {line}")

    def _editable(self, text: str, folder: Path | None) -> None:
        parts = PATH.fullmatch(text)
        extras = (parts["extras"] or "") if parts else ""
        path = self._existing(parts["path"] if parts else text, folder)
        if not path.is_dir():
            raise EnvironmentFailure(f"-e {text} is not a folder with a Python project")
        files = [path / name for name in PROJECT_FILES if (path / name).is_file()]
        self._add(f"-e {path}{extras}", f"-e {path}{extras} {_digest(path, files)}")

    def _links(self, text: str, folder: Path | None) -> None:
        path = self._existing(text, folder)
        archives = [file for file in sorted(path.iterdir()) if file.name.endswith(ARCHIVES)]
        self._add(f"--find-links {path.as_uri()}", f"--find-links {_digest(path, archives)}")

    def _path(self, text: str, folder: Path | None) -> None:
        parts = PATH.fullmatch(text)
        written = parts["path"].strip() if parts else text
        extras, marker = (parts["extras"] or "", parts["marker"] or "") if parts else ("", "")
        path = self._existing(written, folder)
        if path.is_dir():
            identity = _digest(path, _project_files(path))
            self._add(f"{path}{extras}{marker}", f"{path.name}{extras}{marker} {identity}")
            return
        identity = f"{path.name}{extras}{marker} {_digest(path.parent, [path])}"
        if path.suffix != ".whl":
            self._add(f"{path}{extras}{marker}", identity)
            return
        self._add(f"{_wheel_name(path, written)}{extras} @ {path.as_uri()}{marker}", identity)

    def _requirement(self, line: str, folder: Path | None) -> None:
        try:
            requirement = Requirement(line)
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            raise EnvironmentFailure(f"{line!r} is not a requirement: {reason}") from None
        if requirement.url and urlsplit(requirement.url).scheme == "file":
            path = unquote(urlsplit(requirement.url).path)
            marker = f" ; {requirement.marker}" if requirement.marker else ""
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            self._path(f"{path}{extras}{marker}", folder)
            return
        self._add(line, line)

    def _existing(self, text: str, folder: Path | None) -> Path:
        path = self._local(text, folder)
        if not path.exists():
            raise EnvironmentFailure(f"The dependency {text} does not exist")
        self._result.shown[str(path)] = text
        return path

    def _local(self, text: str, folder: Path | None) -> Path:
        bare = text.removeprefix("file://").removeprefix("file:")
        if bare.startswith("dbfs:/"):
            bare = bare.removeprefix("dbfs:")
            bare = bare if bare.startswith("/Volumes/") else f"/dbfs{bare}"
        for prefix, root in self._roots.items():
            if bare == prefix or bare.startswith(f"{prefix}/"):
                return _inside(root, bare.removeprefix(prefix).lstrip("/"), text)
        path = Path(bare)
        if not path.is_absolute():
            if folder is None:
                raise EnvironmentFailure(f"The dependency {text} must be an absolute path")
            path = folder / path
        return path.resolve()


def read(dependencies: Sequence[str], roots: Mapping[str, Path]) -> Requirements:
    """Return what the dependencies of a job ask for.

    Args:
        dependencies: lines of a pip requirements file.
        roots: path prefixes as jobs write them, to the folders that hold those files.

    Raises:
        EnvironmentFailure: a file is missing, a line is not understood, or files include each
            other.
    """
    return Reader(roots).read([line for line in dependencies if line.strip()])


def _is_path(line: str) -> bool:
    first = line.split(" ;", maxsplit=1)[0].split("[", maxsplit=1)[0].strip()
    if "://" in first and not first.startswith("file:"):
        return False
    starts = first.startswith(("/", "./", "../", "dbfs:/", "file:")) or first in {".", ".."}
    return starts or (first.endswith(ARCHIVES) and "@" not in first)


def _inside(root: Path, relative: str, text: str) -> Path:
    path = (root / relative).resolve()
    # Volumes may be links to folders elsewhere, so only the text is held to the root.
    if ".." in Path(relative).parts:
        raise EnvironmentFailure(f"The dependency {text} must not climb by '..'")
    return path


def _wheel_name(path: Path, written: str) -> str:
    try:
        return str(parse_wheel_filename(path.name)[0])
    except InvalidWheelFilename as error:
        raise EnvironmentFailure(f"{written} is not the name of a wheel: {error}") from None


def _logical_lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFailure(
            f"The requirements file {path.name} cannot be read: {error}"
        ) from None
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        stripped = COMMENT.sub("", line).strip()
        if stripped:
            yield stripped


def _project_files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not SKIPPED_FOLDERS & set(path.relative_to(folder).parts)
    ]


def _digest(folder: Path, files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder)}\0{content}\n".encode())
    return total.hexdigest()
