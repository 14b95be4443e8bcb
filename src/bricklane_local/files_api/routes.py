"""Routes of the Files API.

Source: https://docs.databricks.com/api/workspace/files; answers of status 204 and the headers of
HEAD as its clients, the CLI and the SDK, expect them.
"""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from starlette.responses import FileResponse, Response

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Route
from bricklane_local.catalog.pages import page
from bricklane_local.files_api.presigned import ROUTES as PRESIGNED
from bricklane_local.files_api.tree import Entry, entries
from bricklane_local.files_api.volumes import VolumePath, readable, writable

OCTETS = "application/octet-stream"
# Values above are lowered to it, as documented.
PAGE_LIMIT = 1000


def download(call: Call) -> Response:
    """Return a file, or the range of it that the request asks for."""
    path = _existing_file(readable(call))
    since = call.request.headers.get("if-unmodified-since")
    if since and _modified_after(path, since):
        raise ApiError("BAD_REQUEST", f"{path.shown} was modified after {since}", status=412)
    return FileResponse(path.file, media_type=OCTETS)


def _modified_after(path: VolumePath, since: str) -> bool:
    try:
        limit = parsedate_to_datetime(since).timestamp()
    except ValueError:
        raise invalid(f"If-Unmodified-Since is no HTTP date: {since!r}") from None
    return int(path.file.stat().st_mtime) > limit


def file_metadata(call: Call) -> Response:
    """Return the size and time of a file in headers."""
    path = _existing_file(readable(call))
    status = path.file.stat()
    headers = {
        "content-length": str(status.st_size),
        "last-modified": formatdate(status.st_mtime, usegmt=True),
    }
    return Response(None, headers=headers, media_type=OCTETS)


async def upload(call: Call) -> Response:
    """Store the request body as a file; readers see the old file until all of it is there."""
    path = writable(call)
    _refuse_occupied(call, path)
    waiting = await call.cloud.uploads.receive(call.stream())
    try:
        _refuse_occupied(call, path)  # the body took its time to arrive
        call.cloud.uploads.place(waiting, path.file)
    except (FileExistsError, NotADirectoryError):
        raise ApiError(
            "ALREADY_EXISTS", f"A directory in the path {path.shown} is a file."
        ) from None
    finally:
        waiting.unlink(missing_ok=True)
    return Response(status_code=204)


def _refuse_occupied(call: Call, path: VolumePath) -> None:
    if path.file.is_dir():
        raise ApiError("ALREADY_EXISTS", f"The path {path.shown} is an existing directory.")
    if path.file.exists() and not call.flag("overwrite", default=True):
        raise ApiError("ALREADY_EXISTS", f"The file being created already exists: {path.shown}")


def delete_file(call: Call) -> Response:
    """Delete a file."""
    _existing_file(writable(call)).file.unlink()
    return Response(status_code=204)


def list_directory(call: Call) -> dict[str, Any]:
    """List a directory."""
    path = _existing_directory(readable(call))
    size = call.integer("page_size", PAGE_LIMIT, low=0)
    call.query["page_size"] = str(min(size or PAGE_LIMIT, PAGE_LIMIT))
    found = [_described(path, item) for item in entries(path.file)]
    return page(call, "contents", found, "page_size")


def _described(path: VolumePath, item: Entry) -> dict[str, Any]:
    body: dict[str, Any] = {
        "path": f"{path.shown}/{item.name}",
        "name": item.name,
        "is_directory": item.is_directory,
        "last_modified": item.modified_at,
    }
    if not item.is_directory:
        body["file_size"] = item.size
    return body


def directory_metadata(call: Call) -> Response:
    """Say that a directory exists."""
    _existing_directory(readable(call))
    return Response(None)


def make_directory(call: Call) -> Response:
    """Make a directory and all that are missing above it."""
    path = writable(call)
    try:
        path.file.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ApiError("ALREADY_EXISTS", f"A file is in the way of {path.shown}.") from None
    return Response(status_code=204)


def delete_directory(call: Call) -> Response:
    """Delete an empty directory."""
    path = _existing_directory(writable(call))
    if path.is_root:
        raise invalid(f"{path.shown} is a volume: delete it with the volumes API")
    if path.file.is_symlink():
        path.file.unlink()
    else:
        try:
            path.file.rmdir()
        except OSError:
            raise ApiError(
                "DIRECTORY_NOT_EMPTY", f"The directory being deleted is not empty: {path.shown}"
            ) from None
    return Response(status_code=204)


def _existing_file(path: VolumePath) -> VolumePath:
    if not path.file.is_file():
        raise ApiError("NOT_FOUND", f"The file being accessed is not found: {path.shown}")
    return path


def _existing_directory(path: VolumePath) -> VolumePath:
    if not path.file.is_dir():
        raise ApiError("NOT_FOUND", f"The directory being accessed is not found: {path.shown}")
    return path


FILES, DIRECTORIES = "/api/2.0/fs/files/{path:path}", "/api/2.0/fs/directories/{path:path}"
ROUTES = [
    Route("GET", FILES, download, proved_by="databricks fs cat"),
    Route("HEAD", FILES, file_metadata, proved_by="databricks fs cp"),
    Route("PUT", FILES, upload, raw=True, proved_by="databricks fs cp"),
    Route("DELETE", FILES, delete_file, proved_by="databricks fs rm"),
    Route("GET", DIRECTORIES, list_directory, proved_by="databricks fs ls"),
    Route("HEAD", DIRECTORIES, directory_metadata, proved_by="databricks bundle deploy"),
    Route("PUT", DIRECTORIES, make_directory, proved_by="databricks fs mkdir"),
    Route("DELETE", DIRECTORIES, delete_directory, proved_by="databricks fs rm"),
    *PRESIGNED,
]
