"""The requests by which clients ask for URLs of the object store, to bypass the workspace.

There is no object store here. A workspace may have such URLs switched off; clients then send the
content through the Files API, and this one answers like such a workspace. Source: the fallbacks of
``databricks.sdk.mixins.files``.
"""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import Response

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Route
from bricklane_local.files_api.volumes import writable

REASON = "FILES_API_API_IS_NOT_ENABLED"
MESSAGE = "Presigned URLs are not enabled for this workspace: use the Files API"


def begin_upload(call: Call) -> dict[str, Any]:
    """Begin an upload in parts; its client asks for URLs next and is told to do without."""
    writable(call)
    if call.query.get("action") != "initiate-upload":
        raise invalid(f"action {call.query.get('action')!r} is not supported here")
    return {"multipart_upload": {"session_token": uuid.uuid4().hex}}


def refuse(_: Call) -> Response:
    """Say that URLs are switched off."""
    from bricklane_local.app.asgi import json_response

    error = ApiError("PERMISSION_DENIED", MESSAGE)
    details = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": REASON,
        "domain": "filesystem.databricks.com",
    }
    return json_response({**error.body(), "details": [details]}, error.status)


REFUSED = (
    "create-upload-part-urls",
    "create-resumable-upload-url",
    "create-abort-upload-url",
    "create-download-url",
)
ROUTES = [
    Route("POST", "/api/2.0/fs/files/{path:path}", begin_upload, proved_by="databricks-sdk"),
    *(
        Route("POST", f"/api/2.0/fs/{name}", refuse, proved_by="databricks-sdk", note=MESSAGE)
        for name in REFUSED
    ),
]
