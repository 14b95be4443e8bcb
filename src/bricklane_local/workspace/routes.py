"""Routes of the workspace tree.

Source: https://docs.databricks.com/api/workspace/workspace. ``workspace-files`` is what the
official CLI uses to read and write files; its requests were observed, not documented.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid, missing
from bricklane_local.app.routing import Route
from bricklane_local.permissions.access import READ
from bricklane_local.permissions.kinds import MANAGE
from bricklane_local.workspace.importing import Upload, store
from bricklane_local.workspace.notebooks import to_jupyter, to_source
from bricklane_local.workspace.objects import ObjectType, WorkspaceObject
from bricklane_local.workspace.paths import normal

# The documented limit of POST /api/2.0/workspace/import.
IMPORT_LIMIT = 10 * 1024 * 1024


def _look(call: Call, path: str) -> None:
    """Have what running tasks did at a path in the tree, before it is read or changed."""
    call.workspace.view.look(path)


def get_status(call: Call) -> dict[str, Any]:
    """Describe one object."""
    _look(call, call.text("path"))
    found = call.workspace.objects.get(call.text("path"))
    call.workspace.access.require_path(call.caller, found.path, READ)
    return found.info()


def list_objects(call: Call) -> dict[str, Any]:
    """List a directory; an empty one answers an empty object, as the API does."""
    since = call.integer("notebooks_modified_after", 0)
    _look(call, call.text("path"))
    found, access = call.workspace.objects.children(call.text("path")), call.workspace.access
    access.require_path(call.caller, call.text("path"), READ)
    objects = [
        item.info()
        for item in found
        if (item.object_type is not ObjectType.NOTEBOOK or item.modified_at >= since)
        and access.allows_path(call.caller, item.path, READ)
    ]
    return {"objects": objects} if objects else {}


def make_directories(call: Call) -> None:
    """Make a directory and its parents."""
    path = call.text("path")
    _look(call, path)
    if call.workspace.objects.find(normal(path)) is None:
        call.workspace.access.require_change(call.caller, path)
    call.workspace.objects.make_directories(path, call.caller)
    call.workspace.view.follow()


def delete(call: Call) -> None:
    """Delete an object."""
    _look(call, call.text("path"))
    call.workspace.access.require_path(call.caller, call.text("path"), MANAGE)
    call.workspace.objects.delete(call.text("path"), recursive=call.flag("recursive"))
    call.workspace.view.follow()


async def import_object(call: Call) -> dict[str, Any]:
    """Import a notebook or file sent as Base64 in JSON, or as a multipart form."""
    content_type = call.request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        fields = await _multipart(call)
    else:
        fields = await _json_import(call)
    content = fields.pop("content")
    _look(call, fields["path"])
    call.workspace.access.require_change(call.caller, fields["path"])
    if len(content) > IMPORT_LIMIT:
        raise ApiError(
            "MAX_NOTEBOOK_SIZE_EXCEEDED",
            f"The content is {len(content)} bytes; workspace/import takes at most {IMPORT_LIMIT}",
        )
    blob = call.cloud.blobs.put(content)
    store(call.workspace.objects, Upload(content=content, blob=blob, **fields), call.caller)
    call.workspace.view.follow()
    return {}


async def _json_import(call: Call) -> dict[str, Any]:
    from bricklane_local.app.asgi import json_body
    from bricklane_local.app.types import check_body

    call.body = await json_body(call.request)
    check_body("workspace.WorkspaceAPI.import_", call.body)
    try:
        content = base64.b64decode(call.body.get("content") or "", validate=True)
    except binascii.Error as error:
        raise invalid(f"content is not Base64: {error}") from None
    return {
        "path": call.text("path"),
        "content": content,
        "format": call.body.get("format") or "SOURCE",
        "language": call.body.get("language"),
        "overwrite": call.flag("overwrite"),
    }


async def _multipart(call: Call) -> dict[str, Any]:
    async with call.request.form(max_part_size=IMPORT_LIMIT * 2) as form:
        content = form.get("content")
        if content is None:
            raise missing("content")
        data = await content.read() if isinstance(content, UploadFile) else content.encode()
        path = form.get("path")
        if not isinstance(path, str) or not path:
            raise missing("path")
        return {
            "path": path,
            "content": data,
            "format": str(form.get("format") or "SOURCE"),
            "language": form.get("language"),
            "overwrite": str(form.get("overwrite") or "").lower() == "true",
        }


async def import_file(call: Call) -> dict[str, Any]:
    """Store the raw request body at a path; what is a notebook by its content becomes one."""
    _look(call, "/" + call.path["path"])
    call.workspace.access.require_change(call.caller, "/" + call.path["path"])
    blob, _ = await call.cloud.blobs.put_stream(call.stream())
    path = normal("/" + call.path["path"])
    upload = Upload(
        path=path,
        content=call.cloud.blobs.get(blob),
        blob=blob,
        format="AUTO",
        language=None,
        overwrite=call.flag("overwrite"),
    )
    try:
        stored = store(call.workspace.objects, upload, call.caller)
    except ApiError as error:
        if error.code == "RESOURCE_ALREADY_EXISTS":
            # Observed: this endpoint alone answers 409, by which the CLI knows of a held lock.
            raise ApiError(error.code, error.message, status=409) from None
        raise
    return stored.info()


def export(call: Call) -> Response | dict[str, Any]:
    """Export an object, as Base64 in JSON or directly."""
    _look(call, call.text("path"))
    found = call.workspace.objects.get(call.text("path"))
    call.workspace.access.require_path(call.caller, found.path, READ)
    format_name = str(call.query.get("format") or "SOURCE")
    content, extension = _exported(call, found, format_name)
    if call.flag("direct_download"):
        return Response(content, media_type="application/octet-stream")
    return {"content": base64.b64encode(content).decode(), "file_type": extension}


def _exported(call: Call, found: WorkspaceObject, format_name: str) -> tuple[bytes, str]:
    if format_name not in ("SOURCE", "JUPYTER", "AUTO", "RAW"):
        raise invalid(
            f"format {format_name} is not supported by the local workspace: "
            "use SOURCE, JUPYTER, RAW or AUTO"
        )
    if found.is_folder:
        raise invalid(
            f"{found.path} is a {found.object_type.lower()}: only what has content is exported"
        )
    content = call.workspace.objects.content(found)
    if found.object_type is not ObjectType.NOTEBOOK:
        return content, found.path.rpartition(".")[2]
    wanted = found.format if format_name in ("AUTO", "RAW") else format_name
    if wanted == found.format:
        converted = content
    elif wanted == "JUPYTER":
        converted = to_jupyter(content, found.language or "PYTHON")
    else:
        converted = to_source(content)
    return converted, "ipynb" if wanted == "JUPYTER" else (found.language or "").lower()[:2]


def read_file(call: Call) -> Response:
    """Return the raw content of a file or notebook."""
    _look(call, "/" + call.path["path"])
    found = call.workspace.objects.get("/" + call.path["path"])
    call.workspace.access.require_path(call.caller, found.path, READ)
    if found.blob is None:
        raise invalid(f"{found.path} is a directory")
    file = call.cloud.blobs.file(found.blob)
    if file is not None:
        return FileResponse(file, media_type="application/octet-stream")
    return Response(call.cloud.blobs.get(found.blob), media_type="application/octet-stream")


SDK = "workspace.WorkspaceAPI"
ROUTES = [
    Route("GET", "/api/2.0/workspace/get-status", get_status, proved_by="databricks workspace"),
    Route("GET", "/api/2.0/workspace/list", list_objects, proved_by="databricks workspace list"),
    Route(
        "POST",
        "/api/2.0/workspace/mkdirs",
        make_directories,
        sdk=f"{SDK}.mkdirs",
        proved_by="databricks workspace mkdirs",
    ),
    Route(
        "POST",
        "/api/2.0/workspace/delete",
        delete,
        sdk=f"{SDK}.delete",
        proved_by="databricks workspace delete",
    ),
    Route(
        "POST",
        "/api/2.0/workspace/import",
        import_object,
        sdk=f"{SDK}.import_",
        raw=True,
        proved_by="databricks workspace import",
        note="DBC and R Markdown are refused",
    ),
    Route(
        "GET",
        "/api/2.0/workspace/export",
        export,
        proved_by="databricks workspace export",
        note="HTML, DBC and R Markdown are refused",
    ),
    Route(
        "POST",
        "/api/2.0/workspace-files/import-file/{path:path}",
        import_file,
        raw=True,
        proved_by="databricks bundle deploy",
    ),
    Route(
        "GET",
        "/api/2.0/workspace-files/{path:path}",
        read_file,
        proved_by="databricks bundle deploy",
    ),
]
