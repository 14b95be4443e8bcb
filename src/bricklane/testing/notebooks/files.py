"""Which files are notebooks, and where the notebooks of a project are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode

# How each kind of file begins that Databricks takes for a notebook
# (https://docs.databricks.com/en/notebooks/notebook-export-import.html).
HEADERS = {".py": "# Databricks notebook source", ".sql": "-- Databricks notebook source"}
JUPYTER = ".ipynb"
SUFFIXES = (*HEADERS, JUPYTER)
# What marks the root of a project: its bundle, else its repository.
ROOTS = (("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml"), (".git",))
# Folders that hold no notebooks of the project.
SKIPPED = frozenset({"node_modules", "__pycache__", "dist", "build", "venv", "site-packages"})


@dataclass(frozen=True, slots=True)
class NotebookFile:
    """A notebook of the project.

    Args:
        file: its absolute path.
        language: default language of its cells: ``PYTHON`` or ``SQL``.
        form: ``SOURCE`` or ``JUPYTER``.
        content: its bytes.
    """

    file: Path
    language: str
    form: str
    content: bytes


def is_notebook(file: Path) -> bool:
    """Tell whether Databricks takes a file for a notebook."""
    if file.suffix == JUPYTER:
        return True
    header = HEADERS.get(file.suffix)
    if header is None:
        return False
    try:
        with file.open("rb") as stream:
            return stream.readline(200).decode("utf-8-sig", "replace").rstrip() == header
    except OSError:
        return False


def read(file: Path) -> NotebookFile:
    """Read a notebook.

    Raises:
        BricklaneError: the file is no notebook, or is not UTF-8.
    """
    content = file.read_bytes()
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BricklaneError(
            f"{file}: is not UTF-8: {error.reason} at byte {error.start}",
            hint="save the notebook as UTF-8",
            exit_code=ExitCode.CONFIG,
        ) from None
    if file.suffix == JUPYTER:
        return NotebookFile(file, jupyter_language(content), "JUPYTER", content)
    if not is_notebook(file):
        wanted = HEADERS.get(file.suffix)
        raise BricklaneError(
            f"{file}: is a file, and no notebook",
            hint=f"the first line of a notebook is: {wanted}"
            if wanted
            else f"notebooks end in {', '.join(SUFFIXES)}",
            exit_code=ExitCode.USAGE,
        )
    return NotebookFile(file, "SQL" if file.suffix == ".sql" else "PYTHON", "SOURCE", content)


def jupyter_language(content: bytes) -> str:
    """Return the default language of a Jupyter notebook; Python where it states none we know."""
    try:
        metadata = json.loads(content).get("metadata") or {}
        stated = (metadata.get("application/vnd.databricks.v1+notebook") or {}).get("language")
        name = stated or (metadata.get("language_info") or {}).get("name")
    except (ValueError, AttributeError):
        return "PYTHON"  # parsing says what is wrong with it
    return {"sql": "SQL", "scala": "SCALA", "r": "R"}.get(str(name).lower(), "PYTHON")


def project_root(start: Path) -> Path | None:
    """Return the root of the project that a file or folder is in: its bundle's, or git's."""
    folders = (start, *start.parents)
    for names in ROOTS:
        for folder in folders:
            if any((folder / name).exists() for name in names):
                return folder
    return None


def candidates(path: Path) -> Iterator[Path]:
    """Yield the files that a path may mean: itself, and with the ends of notebooks' names."""
    if path.suffix in SUFFIXES:
        yield path
    for suffix in SUFFIXES:
        yield path.with_name(path.name + suffix)


def find(path: Path) -> Path | None:
    """Return the notebook at a path, which may lack the end of its file's name."""
    return next((file for file in candidates(path) if file.is_file()), None)


def locate(name: str | Path, folders: Iterable[Path]) -> Path:
    """Return the file of the notebook that a test names.

    Args:
        name: an absolute path, or one relative to one of the folders.
        folders: where to look, in order.

    Raises:
        BricklaneError: there is none; says where it was looked for.
    """
    __tracebackhide__ = True
    looked = list(dict.fromkeys(folders))
    for folder in looked:
        if (found := find(folder / name)) is not None:
            return found.resolve()
    places = " or ".join(map(str, looked))
    raise BricklaneError(
        f"there is no notebook {name} in {places}",
        hint="name it as it is seen from the root of the project, such as notebooks/bronze.py",
        exit_code=ExitCode.USAGE,
    )


def notebooks_below(root: Path, suffixes: Iterable[str] = SUFFIXES) -> Iterator[Path]:
    """Yield the notebooks below a folder, sorted; hidden folders and environments are left out."""
    wanted = tuple(suffixes)
    yield from (file for file in files_below(root, wanted) if is_notebook(file))


def files_below(root: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files below a folder whose names end in one of ``suffixes``, sorted."""
    for entry in sorted(root.iterdir()):
        if entry.is_dir():
            hidden = entry.name.startswith(".") or entry.name in SKIPPED
            if not hidden and not (entry / "pyvenv.cfg").exists() and not entry.is_symlink():
                yield from files_below(entry, suffixes)
        elif entry.name.endswith(suffixes):
            yield entry
