"""Where the code of a pipeline is: notebooks and files of the workspace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.compute.sources import SourceError, local_file, notebook_source
from bricklane_local.identity.principals import Principal
from bricklane_local.permissions.access import READ
from bricklane_local.resources.kind import Body
from bricklane_local.workspace.objects import ObjectType
from bricklane_local.workspace.paths import normal, parent_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

# Ends of files, with the kind of source each is.
KINDS = {".py": "python", ".sql": "sql"}
# Parts of a pattern, with what they match: any folders, any names, any name within a folder.
PATTERNS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class Sources:
    """Finds the sources of a pipeline.

    Args:
        workspace: of the pipeline.
        principal: whom the update acts as, who must be able to read them.
        folder: gets the content of notebooks.
    """

    def __init__(self, workspace: Workspace, principal: Principal, folder: Path) -> None:
        self._workspace = workspace
        self._principal = principal
        self._folder = folder
        self._found: list[dict[str, str]] = []

    def of(self, libraries: list[Body]) -> list[dict[str, str]]:
        """Return the sources that the libraries of a pipeline name.

        Raises:
            SourceError: one does not exist, is no source, or may not be read.
        """
        if not libraries:
            raise SourceError(
                "The pipeline has no libraries: name its notebooks and files in libraries"
            )
        for library in libraries:
            if "notebook" in library:
                self._notebook(str(library["notebook"]["path"]))
            elif "file" in library:
                self._file(str(library["file"]["path"]))
            else:
                self._pattern(str(library["glob"]["include"]))
        return self._found

    def _require(self, path: str) -> None:
        if not self._workspace.access.allows_path(self._principal, path, READ):
            raise SourceError(
                f"{self._principal.user_name}, as whom the pipeline runs, does not have {READ} "
                f"permissions on {path}: grant them, for a bundle with its permissions section"
            )

    def _notebook(self, path: str) -> None:
        self._require(path)
        source = notebook_source(self._workspace, {"notebook_path": path})
        file = self._folder / f"{len(self._found)}.source"
        file.write_bytes(source.content)
        folder = self._workspace.view.path(parent_of(source.path))
        self._add("notebook", source.path, file, folder, source.language, source.format)

    def _file(self, path: str) -> None:
        if not path.startswith(("/Volumes/", "/dbfs/", "dbfs:")):
            self._require(path)
        file = local_file(self._workspace, path)
        if file is None or not file.is_file():
            raise SourceError(f"Unable to access the file {path!r}: it does not exist")
        kind = KINDS.get(file.suffix.lower())
        if kind is None:
            raise SourceError(f"{path!r} is no source of a pipeline: its files are .py or .sql")
        self._add(kind, path, file, file.parent)

    def _pattern(self, pattern: str) -> None:
        plain = pattern.removeprefix("/Workspace") if pattern.startswith("/Workspace/") else pattern
        base = re.split(r"[*?]", plain, maxsplit=1)[0]
        folder = normal(base if base.endswith("/") or base == plain else parent_of(base))
        self._require(folder)
        wanted = re.compile(_expression(plain))
        objects = self._workspace.objects
        found = [item for item in objects.under(folder) if wanted.fullmatch(item.path)]
        count = len(self._found)
        for item in sorted(found, key=lambda each: each.path):
            if item.object_type is ObjectType.NOTEBOOK:
                self._notebook(item.path)
            elif item.object_type is ObjectType.FILE and Path(item.path).suffix.lower() in KINDS:
                self._file(item.path)
        if len(self._found) == count:
            raise SourceError(f"No notebook and no .py or .sql file matches {pattern!r}")

    def _add(
        self, kind: str, path: str, file: Path, folder: Path, language: str = "", form: str = ""
    ) -> None:
        added: dict[str, Any] = {
            "kind": kind,
            "path": path,
            "file": str(file),
            "folder": str(folder),
        }
        if language:
            added |= {"language": language, "format": form}
        if added["path"] not in (known["path"] for known in self._found):
            self._found.append(added)


def _expression(pattern: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(PATTERNS.get(part, re.escape(part)) for part in parts)
