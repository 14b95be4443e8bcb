"""What an uploaded file becomes: a notebook by its format or content, or a plain file."""

from __future__ import annotations

from dataclasses import dataclass

from bricklane_local.app.errors import invalid
from bricklane_local.identity.principals import Principal
from bricklane_local.workspace.notebooks import (
    BY_EXTENSION,
    BY_NAME,
    Notebook,
    jupyter_language,
    parse_jupyter,
    recognise,
)
from bricklane_local.workspace.objects import ObjectType, WorkspaceObject, WorkspaceObjects
from bricklane_local.workspace.paths import name_of, normal


@dataclass(frozen=True, slots=True)
class Upload:
    """Content on its way into the tree.

    Args:
        path: where it shall be.
        content: the bytes.
        blob: the digest they are stored under.
        format: an import format of the API.
        language: notebook language, where the client sent one.
        overwrite: replace what is there.
    """

    path: str
    content: bytes
    blob: str
    format: str
    language: str | None
    overwrite: bool


def store(objects: WorkspaceObjects, upload: Upload, principal: Principal) -> WorkspaceObject:
    """Put an upload into the tree and return what it became.

    Raises:
        ApiError: when the format is not supported, the content does not fit it, or the path
            cannot be written.
    """
    if upload.format not in FORMATS:
        raise invalid(
            f"format {upload.format} is not supported by the local workspace: "
            f"use one of {', '.join(FORMATS)}"
        )
    notebook = FORMATS[upload.format](upload)
    if notebook is None:
        return objects.write(
            upload.path,
            upload.blob,
            principal,
            object_type=ObjectType.FILE,
            overwrite=upload.overwrite,
        )
    return objects.write(
        _notebook_path(upload),
        upload.blob,
        principal,
        object_type=ObjectType.NOTEBOOK,
        language=notebook.language,
        source_format=notebook.format,
        overwrite=upload.overwrite,
    )


def _notebook_path(upload: Upload) -> str:
    """Drop the extension of a notebook, as AUTO import does; other formats keep the path."""
    path = normal(upload.path)
    stem, dot, extension = path.rpartition(".")
    known = f".{extension.lower()}" in BY_EXTENSION or extension.lower() == "ipynb"
    return stem if upload.format == "AUTO" and dot and known else path


def _auto(upload: Upload) -> Notebook | None:
    return recognise(name_of(normal(upload.path)), upload.content)


def _source(upload: Upload) -> Notebook:
    if upload.language is None:
        found = BY_EXTENSION.get("." + upload.path.rpartition(".")[2].lower())
        if found is None:
            raise invalid("language is required when format is SOURCE")
        return Notebook(found.name, "SOURCE")
    if upload.language not in BY_NAME:
        raise invalid(f"language must be one of {', '.join(BY_NAME)}; got {upload.language!r}")
    return Notebook(upload.language, "SOURCE")


def _jupyter(upload: Upload) -> Notebook:
    return Notebook(jupyter_language(parse_jupyter(upload.content)), "JUPYTER")


def _raw(upload: Upload) -> None:
    del upload


FORMATS = {"AUTO": _auto, "SOURCE": _source, "JUPYTER": _jupyter, "RAW": _raw}
