"""Routes of DBFS.

Source: https://docs.databricks.com/api/workspace/dbfs.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from starlette.datastructures import UploadFile

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid, missing
from bricklane_local.app.routing import Route
from bricklane_local.dbfs.service import BLOCK_LIMIT

# What a read returns when no length is given, as documented.
DEFAULT_LENGTH = 512 * 1024


def get_status(call: Call) -> dict[str, Any]:
    """Describe a file or directory."""
    return call.workspace.dbfs.status(call.text("path"))


def list_files(call: Call) -> dict[str, Any]:
    """List a directory."""
    found = call.workspace.dbfs.children(call.text("path"))
    return {"files": found} if found else {}


def make_directories(call: Call) -> None:
    """Make a directory and its parents."""
    call.workspace.dbfs.make_directories(call.text("path"))


def delete(call: Call) -> None:
    """Delete a file or directory."""
    call.workspace.dbfs.delete(call.text("path"), recursive=call.flag("recursive"))


def move(call: Call) -> None:
    """Rename a file or directory."""
    call.workspace.dbfs.move(call.text("source_path"), call.text("destination_path"))


async def put(call: Call) -> None:
    """Write a whole file, sent as Base64 in JSON or as a multipart form."""
    content_type = call.request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        await _put_form(call)
        return
    from bricklane_local.app.asgi import json_body
    from bricklane_local.app.types import check_body

    call.body = await json_body(call.request)
    check_body("files.DbfsAPI.put", call.body)
    content = _decoded(call.body.get("contents") or "", "contents")
    call.workspace.dbfs.put(call.text("path"), content, overwrite=call.flag("overwrite"))


async def _put_form(call: Call) -> None:
    async with call.request.form(max_part_size=BLOCK_LIMIT * 2) as form:
        path, contents = form.get("path"), form.get("contents")
        if not isinstance(path, str) or not path:
            raise missing("path")
        if contents is None:
            raise missing("contents")
        data = await contents.read() if isinstance(contents, UploadFile) else contents.encode()
        overwrite = str(form.get("overwrite") or "").lower() == "true"
    call.workspace.dbfs.put(path, data, overwrite=overwrite)


def create(call: Call) -> dict[str, Any]:
    """Begin to write a file block by block."""
    handle = call.workspace.dbfs.create(call.text("path"), overwrite=call.flag("overwrite"))
    return {"handle": handle}


def add_block(call: Call) -> None:
    """Append a block."""
    content = _decoded(call.text("data"), "data")
    call.workspace.dbfs.add_block(call.integer("handle"), content)


def close(call: Call) -> None:
    """End writing block by block."""
    call.workspace.dbfs.close(call.integer("handle"))


def read(call: Call) -> dict[str, Any]:
    """Return a part of a file."""
    offset = call.integer("offset", 0, low=0)
    length = call.integer("length", DEFAULT_LENGTH, low=0)
    content = call.workspace.dbfs.read(call.text("path"), offset, length)
    return {"bytes_read": len(content), "data": base64.b64encode(content).decode()}


def _decoded(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise invalid(f"{field} is not Base64: {error}") from None


PATH, SDK, PROOF = "/api/2.0/dbfs", "files.DbfsAPI", "databricks fs"
ROUTES = [
    Route("GET", f"{PATH}/get-status", get_status, proved_by=f"{PROOF} cp"),
    Route("GET", f"{PATH}/list", list_files, proved_by=f"{PROOF} ls"),
    Route("GET", f"{PATH}/read", read, proved_by=f"{PROOF} cat"),
    Route("POST", f"{PATH}/mkdirs", make_directories, f"{SDK}.mkdirs", proved_by=f"{PROOF} mkdir"),
    Route("POST", f"{PATH}/delete", delete, f"{SDK}.delete", proved_by=f"{PROOF} rm"),
    Route("POST", f"{PATH}/move", move, f"{SDK}.move", proved_by="databricks-sdk"),
    Route("POST", f"{PATH}/put", put, f"{SDK}.put", raw=True, proved_by="databricks-sdk"),
    Route("POST", f"{PATH}/create", create, f"{SDK}.create", proved_by=f"{PROOF} cp"),
    Route("POST", f"{PATH}/add-block", add_block, f"{SDK}.add_block", proved_by=f"{PROOF} cp"),
    Route("POST", f"{PATH}/close", close, f"{SDK}.close", proved_by=f"{PROOF} cp"),
]
