"""Handlers of files: read, written and removed by path.

Source: https://docs.github.com/en/rest/repos/contents
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, missing, not_found
from bricklane_local.forge.git import history, objects, refs, trees
from bricklane_local.forge.git.answering import (
    accepts,
    actor_of,
    bare_of,
    myself,
    now,
    person_in,
    translated,
    wire_of,
)
from bricklane_local.forge.git.api_objects import decoded, lines_of_base64
from bricklane_local.forge.git.failures import BadName
from bricklane_local.forge.git.model import FORGE, HEADS, RefChange, TreeEntry
from bricklane_local.forge.git.names import check_path
from bricklane_local.forge.git.wire import Wire
from bricklane_local.forge.routing import Answer, Reply, created

# Larger files come without content, and the largest only as raw bytes.
CONTENT_LIMIT = 1024 * 1024
LINK, FILE = "120000", "100644"


async def _commit(call: ForgeCall) -> tuple[str, str]:
    """Return the ref that the query names, and its commit."""
    name = call.query.get("ref") or call.repository.default_branch
    found = await refs.find(bare_of(call), name)
    if found is not None:
        return name, found
    if not await refs.values(bare_of(call), HEADS):
        raise ForgeApiError(404, "This repository is empty.")
    raise ForgeApiError(404, f"No commit found for the ref {name}")


async def _at(call: ForgeCall, commit: str, path: str) -> TreeEntry | None:
    try:
        found = await objects.tree(bare_of(call), commit, path=check_path(path))
    except BadName:
        return None
    return found[0] if found else None


@translated
async def get_contents(call: ForgeCall) -> Answer:
    """Return a file with its content, or what a folder holds."""
    name, commit = await _commit(call)
    path = call.path.get("path", "").strip("/")
    entry = await _at(call, commit, path) if path else None
    if path and entry is None:
        raise not_found()
    if entry is None or entry.kind == "tree":
        rows = await objects.tree(bare_of(call), commit, path=f"{path}/" if path else "")
        wire = wire_of(call)
        return Reply(200, [described(wire, row, name) for row in rows])
    return await _file(call, entry, name)


async def _file(call: ForgeCall, entry: TreeEntry, ref: str) -> Answer:
    body = described(wire_of(call), entry, ref)
    if entry.kind == "commit":
        return body
    content = await objects.read(bare_of(call), entry.sha, "blob")
    if accepts(call, "raw"):
        return Response(content, media_type="application/vnd.github.raw; charset=utf-8")
    if entry.mode == LINK:
        return body | {"target": content.decode(errors="replace")}
    if len(content) > CONTENT_LIMIT:
        return body | {"content": "", "encoding": "none"}
    return body | {"content": lines_of_base64(content), "encoding": "base64"}


def described(wire: Wire, entry: TreeEntry, ref: str) -> dict[str, Any]:
    """Return an entry of a tree as this API shows it, without content."""
    kind = {"tree": "dir", "commit": "submodule"}.get(entry.kind, "file")
    kind = "symlink" if entry.mode == LINK else kind
    path = quote(entry.path)
    url = f"{wire.api}/contents/{path}?ref={quote(ref)}"
    page = f"{wire.page}/{'tree' if kind == 'dir' else 'blob'}/{quote(ref)}/{path}"
    git_url = f"{wire.api}/git/{entry.kind}s/{entry.sha}" if entry.kind != "commit" else None
    raw = f"{wire.page}/raw/{quote(ref)}/{path}" if kind in ("file", "symlink") else None
    return {
        "type": kind,
        "name": PurePosixPath(entry.path).name,
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "html_url": page,
        "git_url": git_url,
        "download_url": raw,
        "_links": {"self": url, "git": git_url, "html": page},
    }


@translated
async def get_readme(call: ForgeCall) -> Answer:
    """Return the README of a folder, by default the root."""
    name, commit = await _commit(call)
    folder = call.path.get("path", "").strip("/")
    rows = await objects.tree(bare_of(call), commit, path=f"{folder}/" if folder else "")
    found = [
        row
        for row in rows
        if row.kind == "blob" and PurePosixPath(row.path).stem.lower() == "readme"
    ]
    if not found:
        raise not_found()
    best = min(found, key=lambda row: (not row.path.endswith(".md"), row.path))
    return await _file(call, best, name)


@translated
async def put_file(call: ForgeCall) -> Answer:
    """Create or replace a file by a commit on a branch."""
    if not isinstance(call.body.get("content"), str):
        raise missing("content")
    content = decoded(str(call.body["content"]), "base64")
    path, branch = check_path(call.path["path"]), _branch(call)
    head = await _head(call, branch)
    present = await _at(call, head, path) if head is not None else None
    _check_sha(call, path, present, needed=present is not None)
    blob = await objects.write_blob(bare_of(call), content)
    mode = present.mode if present is not None and present.kind == "blob" else FILE
    entry = trees.Entry(path, mode, blob)
    usual = f"{'Create' if present is None else 'Update'} {PurePosixPath(path).name}"
    commit = await _make(call, branch, head, entry, usual)
    row = TreeEntry(path, mode, "blob", blob, len(content))
    body = {"content": described(wire_of(call), row, branch), "commit": commit}
    return created(body) if present is None else body


@translated
async def delete_file(call: ForgeCall) -> Answer:
    """Remove a file by a commit on a branch."""
    path, branch = check_path(call.path["path"]), _branch(call)
    head = await _head(call, branch)
    present = await _at(call, head, path) if head is not None else None
    if present is None or present.kind == "tree":
        raise not_found()
    _check_sha(call, path, present, needed=True)
    usual = f"Delete {PurePosixPath(path).name}"
    commit = await _make(call, branch, head, trees.Entry(path, FILE, None), usual)
    return {"content": None, "commit": commit}


def _given(call: ForgeCall, field: str) -> str | None:
    """Return a string of the body, or of the query, where some clients put it."""
    return call.optional_text(field) or call.query.get(field)


def _branch(call: ForgeCall) -> str:
    name = _given(call, "branch") or call.repository.default_branch
    return name.removeprefix(HEADS)


async def _head(call: ForgeCall, branch: str) -> str | None:
    """Return the branch's commit; None when the repository is empty and it may be made."""
    bare = bare_of(call)
    head = await refs.branch(bare, branch)
    if head is None and await refs.branches(bare):
        raise ForgeApiError(404, f"Branch {branch} not found")
    return head


def _check_sha(call: ForgeCall, path: str, present: TreeEntry | None, *, needed: bool) -> None:
    sha = _given(call, "sha")
    if not sha:
        if needed:
            raise missing("sha")
        return
    if present is None or present.sha != sha:
        raise ForgeApiError(409, f"{path} does not match {sha}")


async def _make(
    call: ForgeCall, branch: str, head: str | None, entry: trees.Entry, usual: str
) -> dict[str, Any]:
    bare = bare_of(call)
    tree = await trees.build(bare, head, [entry])
    author = person_in(call, "author", person_in(call, "committer", myself(call)))
    committer = person_in(call, "committer", replace(FORGE, when=now(call)))
    parents = () if head is None else (head,)
    message = _given(call, "message") or usual
    sha = await objects.write_commit(bare, tree, parents, message, author, committer)
    change = RefChange(HEADS + branch, head, sha)
    await call.forge.git.change_refs(call.repository.id, actor_of(call), [change])
    return wire_of(call).git_commit(await history.commit(bare, sha))
