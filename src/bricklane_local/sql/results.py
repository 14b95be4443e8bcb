"""Results of statements as the API answers them: manifest, chunks, links.

Source: https://docs.databricks.com/api/workspace/statementexecution/getstatement. A link is good
for some minutes and needs no credentials.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.links import check_signed, signed
from bricklane_local.app.routing import Route
from bricklane_local.sql.model import ARROW_STREAM, CSV, INLINE, JSON_ARRAY, Statement
from bricklane_local.sql.model import StatementState as State

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

STATEMENTS = "/api/2.0/sql/statements"
LINKS = "/_bricklane/results"
LINK_SECONDS = 15 * 60
MEDIA_TYPES = {
    ARROW_STREAM: "application/vnd.apache.arrow.stream",
    CSV: "text/csv; charset=utf-8",
    JSON_ARRAY: "application/json",
}


def show(workspace: Workspace, found: Statement) -> dict[str, Any]:
    """Return a statement as the API does, with its result once it has one."""
    status: dict[str, Any] = {"state": found.state}
    if found.error:
        status["error"] = found.error
    if found.sql_state:
        status["sql_state"] = found.sql_state
    body: dict[str, Any] = {"statement_id": found.id, "status": status}
    if found.state is State.SUCCEEDED:
        result = workspace.statements.result(found)
        body["manifest"] = _manifest(found, result)
        body["result"] = _chunk(workspace, found, result, 0) if result["chunks"] else {}
    return body


def chunk(workspace: Workspace, found: Statement, index: int) -> dict[str, Any]:
    """Return one chunk of a result.

    Raises:
        ApiError: when the statement has no result, or not that many chunks.
    """
    if found.state is State.CLOSED:
        raise ApiError(
            "RESOURCE_DOES_NOT_EXIST",
            f"The result of statement {found.id} is gone: results are kept for one hour",
        )
    if found.state is not State.SUCCEEDED:
        raise ApiError("BAD_REQUEST", f"Statement {found.id} is {found.state}: no result")
    result = workspace.statements.result(found)
    count = len(result["chunks"])
    if index >= count:
        raise ApiError(
            "RESOURCE_DOES_NOT_EXIST",
            f"The result of statement {found.id} has no chunk {index}, it has {count}",
        )
    return _chunk(workspace, found, result, index)


def _manifest(found: Statement, result: dict[str, Any]) -> dict[str, Any]:
    chunks = [
        {"chunk_index": i, **_described(found, item)} for i, item in enumerate(result["chunks"])
    ]
    return {
        "format": found.request.format,
        "schema": {"column_count": len(result["columns"]), "columns": result["columns"]},
        "total_chunk_count": len(chunks),
        "chunks": chunks,
        "total_row_count": result["total_row_count"],
        "total_byte_count": result["total_byte_count"],
        "truncated": result["truncated"],
    }


def _described(found: Statement, item: dict[str, int]) -> dict[str, int]:
    """Return what is answered of a chunk; inline ones do not tell their bytes."""
    if found.request.disposition == INLINE:
        return {name: item[name] for name in ("row_offset", "row_count")}
    return item


def _chunk(
    workspace: Workspace, found: Statement, result: dict[str, Any], index: int
) -> dict[str, Any]:
    body: dict[str, Any] = {"chunk_index": index, **_described(found, result["chunks"][index])}
    if index + 1 < len(result["chunks"]):
        body["next_chunk_index"] = index + 1
        body["next_chunk_internal_link"] = (
            f"{STATEMENTS}/{found.id}/result/chunks/{index + 1}?row_offset="
            f"{result['chunks'][index + 1]['row_offset']}"
        )
    if found.request.disposition == INLINE:
        body["data_array"] = json.loads(_file(found.folder, index).read_bytes())
        return body
    return {"external_links": [{**body, **_link(workspace, found, index)}]}


def _file(folder: Path, index: int) -> Path:
    return folder / f"chunk-{index}"


def _link(workspace: Workspace, found: Statement, index: int) -> dict[str, str]:
    url, ends = signed(workspace, f"{LINKS}/{found.id}/{index}", LINK_SECONDS)
    return {"external_link": url, "expiration": ends}


def download(call: Call) -> FileResponse:
    """Answer what a link points to."""
    check_signed(call)
    statement_id = call.path["id"]
    found = call.workspace.statements.records.find(statement_id)
    path = None if found is None else _file(found.folder, int(call.path["index"]))
    if found is None or path is None or not path.exists():
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"The result of {statement_id} is gone")
    return FileResponse(path, media_type=MEDIA_TYPES[found.request.format])


ROUTES = [
    Route(
        "GET",
        f"{LINKS}/{{id}}/{{index}}",
        download,
        public=True,
        proved_by="databricks-sql-connector",
        note="what external links point to; signed, good for 15 minutes",
    )
]
