"""Handlers of git's own objects: blobs, trees, commits and annotated tags.

Source: https://docs.github.com/en/rest/git
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from starlette.responses import Response

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, malformed, missing, not_found
from bricklane_local.forge.git import history, objects, refs, trees
from bricklane_local.forge.git.answering import (
    accepts,
    bare_of,
    myself,
    person_in,
    sha_in,
    translated,
    tree_named,
    wire_of,
)
from bricklane_local.forge.git.failures import MissingObject
from bricklane_local.forge.git.names import is_ref, is_sha
from bricklane_local.forge.git.wire import Wire
from bricklane_local.forge.routing import Answer, created

# More entries than this are cut off and told, as on GitHub.
TREE_LIMIT = 100_000
KINDS = ("commit", "tree", "blob")


def decoded(content: str, encoding: str) -> bytes:
    """Return the bytes that a body carries as text or base64.

    Raises:
        ForgeApiError: 422 when it is not what it says.
    """
    if encoding == "base64":
        try:
            return base64.b64decode("".join(content.split()), validate=True)
        except binascii.Error:
            raise ForgeApiError(422, "content is not valid Base64") from None
    try:
        return content.encode()
    except UnicodeEncodeError:
        raise malformed("content", content[:20], "is not valid UTF-8") from None


def lines_of_base64(content: bytes) -> str:
    """Return bytes as base64 in lines of 60 characters, each with its line feed."""
    text = base64.b64encode(content).decode()
    return "".join(f"{text[start : start + 60]}\n" for start in range(0, len(text), 60))


@translated
async def create_blob(call: ForgeCall) -> Answer:
    """Store a file's content."""
    content = call.text("content")
    encoding = call.choice("encoding", ("utf-8", "base64")) or "utf-8"
    sha = await objects.write_blob(bare_of(call), decoded(content, encoding))
    return created({"sha": sha, "url": f"{wire_of(call).api}/git/blobs/{sha}"})


@translated
async def get_blob(call: ForgeCall) -> Answer:
    """Return a file's content."""
    sha = call.path["sha"].lower()
    if not is_sha(sha):
        raise ForgeApiError(422, f"The sha parameter must be exactly 40 characters: {sha}")
    content = await objects.read(bare_of(call), sha, "blob")
    if accepts(call, "raw"):
        return Response(content, media_type="application/vnd.github.raw; charset=utf-8")
    return {
        "sha": sha,
        "node_id": f"B_{sha}",
        "size": len(content),
        "url": f"{wire_of(call).api}/git/blobs/{sha}",
        "content": lines_of_base64(content),
        "encoding": "base64",
    }


@translated
async def get_tree(call: ForgeCall) -> Answer:
    """Return a tree; with ``recursive``, whatever its value, all below it too."""
    sha = await tree_named(call, call.path["sha"])
    return await _tree(call, sha, recursive="recursive" in call.query)


async def _tree(call: ForgeCall, sha: str, *, recursive: bool) -> dict[str, Any]:
    entries = await objects.tree(bare_of(call), sha, recursive=recursive)
    wire = wire_of(call)
    shown = [wire.tree_entry(entry) for entry in entries[:TREE_LIMIT]]
    return wire.tree_link(sha) | {"tree": shown, "truncated": len(entries) > TREE_LIMIT}


@translated
async def create_tree(call: ForgeCall) -> Answer:
    """Store a tree made of entries, on top of another if ``base_tree`` names one."""
    rows = call.objects("tree")
    if rows is None:
        raise missing("tree")
    base = call.optional_text("base_tree")
    if base:
        base = await tree_named(call, base)
    entries = [await _entry(call, row) for row in rows]
    sha = await trees.build(bare_of(call), base or None, entries)
    return created(await _tree(call, sha, recursive=False))


async def _entry(call: ForgeCall, row: dict[str, Any]) -> trees.Entry:
    path, mode = row.get("path"), row.get("mode", "100644")
    if not isinstance(path, str) or not isinstance(mode, str):
        raise ForgeApiError(422, "tree.path and tree.mode must be strings")
    if "content" in row:
        if not isinstance(row["content"], str):
            raise malformed("tree/content", row["content"], "is not a string")
        sha = await objects.write_blob(bare_of(call), decoded(row["content"], "utf-8"))
        return trees.Entry(path, mode, sha)
    if "sha" not in row:
        raise ForgeApiError(422, f"Must supply either tree.sha or tree.content for {path}")
    return trees.Entry(path, mode, None if row["sha"] is None else sha_in(row, "sha"))


@translated
async def get_git_commit(call: ForgeCall) -> Answer:
    """Return a commit object."""
    sha = call.path["sha"].lower()
    if not is_sha(sha):
        raise not_found()
    return wire_of(call).git_commit(await history.commit(bare_of(call), sha))


@translated
async def create_git_commit(call: ForgeCall) -> Answer:
    """Store a commit object; no ref changes."""
    bare = bare_of(call)
    tree, parents = sha_in(call.body, "tree"), call.texts("parents") or []
    author = person_in(call, "author", myself(call))
    committer = person_in(call, "committer", author)
    try:
        sha = await objects.write_commit(
            bare, tree, parents, call.text("message"), author, committer
        )
    except MissingObject as error:
        raise ForgeApiError(422, error.message) from None
    return created(wire_of(call).git_commit(await history.commit(bare, sha)))


@translated
async def get_git_tag(call: ForgeCall) -> Answer:
    """Return an annotated tag's object."""
    sha = call.path["sha"].lower()
    if not is_sha(sha):
        raise not_found()
    return await _tag(call, wire_of(call), sha)


@translated
async def create_git_tag(call: ForgeCall) -> Answer:
    """Store an annotated tag's object; the ref is made by ``/git/refs``."""
    name, message = call.text("tag"), call.text("message")
    target, kind = sha_in(call.body, "object"), call.choice("type", KINDS)
    if kind is None:
        raise missing("type")
    if not is_ref(f"refs/tags/{name}"):
        raise ForgeApiError(422, f"{name} is not a valid tag name")
    tagger = person_in(call, "tagger", myself(call))
    bare = bare_of(call)
    if not is_sha(target) or await refs.kind_of(bare, target) != kind:
        raise ForgeApiError(422, f"Object {target} is not a {kind} of this repository")
    sha = await objects.write_tag(bare, name, target, kind, message, tagger)
    return created(await _tag(call, wire_of(call), sha))


async def _tag(call: ForgeCall, wire: Wire, sha: str) -> dict[str, Any]:
    return wire.tag(objects.parse_tag(sha, await objects.read(bare_of(call), sha, "tag")))
