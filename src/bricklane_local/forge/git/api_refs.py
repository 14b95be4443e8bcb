"""Handlers of refs, branches and tags.

Source: https://docs.github.com/en/rest/git/refs and https://docs.github.com/en/rest/branches
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, not_found
from bricklane_local.forge.git import history, refs
from bricklane_local.forge.git.answering import actor_of, bare_of, translated, wire_of
from bricklane_local.forge.git.failures import GitFailure, Refused, StaleRef
from bricklane_local.forge.git.model import HEADS, RefChange
from bricklane_local.forge.git.names import check_ref, is_sha
from bricklane_local.forge.routing import Answer, Listing, Reply, created

MALFORMED = "Reference name must start with 'refs/', contain two slashes and be one that git takes."


async def _one(call: ForgeCall, name: str) -> refs.Ref | None:
    return await refs.get(bare_of(call), name)


@translated
async def get_ref(call: ForgeCall) -> Answer:
    """Return one ref."""
    found = await _one(call, "refs/" + call.path["ref"])
    if found is None:
        raise not_found()
    return wire_of(call).ref(found.name, found.sha, found.kind)


@translated
async def matching_refs(call: ForgeCall) -> Answer:
    """Return the refs whose names begin with the path's; all when it names none."""
    prefix = "refs/" + call.path.get("ref", "")
    wire = wire_of(call)
    rows = [row for row in await refs.listing(bare_of(call)) if row.name.startswith(prefix)]
    return Listing(rows, lambda row: wire.ref(row.name, row.sha, row.kind))


@translated
async def create_ref(call: ForgeCall) -> Answer:
    """Create a ref."""
    name, sha = call.text("ref"), call.text("sha").lower()
    if name.count("/") < 2 or not name.startswith("refs/"):
        raise ForgeApiError(422, MALFORMED)
    check_ref(name)
    kind = await _kind(call, sha)
    if name.startswith(HEADS) and kind != "commit":
        raise ForgeApiError(422, "Reference cannot be created: a branch points at a commit")
    if await _one(call, name) is not None:
        raise ForgeApiError(422, "Reference already exists")
    await _change(call, RefChange(name, None, sha), "Reference already exists")
    return created(wire_of(call).ref(name, sha, kind))


@translated
async def update_ref(call: ForgeCall) -> Answer:
    """Move a ref; only forwards unless the body says ``force``."""
    name, sha = "refs/" + call.path["ref"], call.text("sha").lower()
    found = await _one(call, name)
    if found is None:
        raise ForgeApiError(422, "Reference does not exist")
    kind = await _kind(call, sha)
    if name.startswith(HEADS) and kind != "commit":
        raise ForgeApiError(422, "Object is not a commit")
    if not call.flag("force") and not await _forward(call, found, sha, kind):
        raise ForgeApiError(422, "Update is not a fast forward")
    if sha != found.sha:
        await _change(call, RefChange(name, found.sha, sha), "Reference cannot be updated")
    return wire_of(call).ref(name, sha, kind)


@translated
async def delete_ref(call: ForgeCall) -> Answer:
    """Delete a ref."""
    name = "refs/" + call.path["ref"]
    found = await _one(call, name)
    if found is None:
        raise ForgeApiError(422, "Reference does not exist")
    if name == HEADS + call.repository.default_branch:
        raise ForgeApiError(422, "Cannot delete the default branch")
    await _change(call, RefChange(name, found.sha, None), "Reference does not exist")
    return None


async def _kind(call: ForgeCall, sha: str) -> str:
    kind = await refs.kind_of(bare_of(call), sha) if is_sha(sha) else None
    if kind is None:
        raise ForgeApiError(422, "Object does not exist")
    return kind


async def _forward(call: ForgeCall, found: refs.Ref, sha: str, kind: str) -> bool:
    if found.kind != "commit" or kind != "commit":
        return found.sha == sha
    return await history.is_ancestor(bare_of(call), found.sha, sha)


async def _change(call: ForgeCall, change: RefChange, otherwise: str) -> None:
    try:
        await call.forge.git.change_refs(call.repository.id, actor_of(call), [change])
    except Refused:
        raise
    except StaleRef:
        raise ForgeApiError(422, otherwise) from None
    except GitFailure as failure:
        raise ForgeApiError(422, f"{otherwise}: {failure.message}") from None


@translated
async def list_branches(call: ForgeCall) -> Answer:
    """List the branches by name."""
    wire, repository = wire_of(call), call.repository
    wanted = call.query.get("protected")
    rows = []
    for name, sha in (await refs.branches(bare_of(call))).items():
        protected = call.forge.rules.is_protected(repository, name)
        if wanted is None or protected == (wanted == "true"):
            rows.append((name, sha, protected))
    return Listing(rows, lambda row: wire.branch(row[0], row[1], protected=row[2]))


@translated
async def get_branch(call: ForgeCall) -> Answer:
    """Return one branch with its whole commit."""
    name = call.path["branch"]
    found = await _one(call, HEADS + name)
    if found is None:
        raise ForgeApiError(404, "Branch not found")
    wire = wire_of(call)
    protected = call.forge.rules.is_protected(call.repository, name)
    commit = wire.commit(await history.commit(bare_of(call), found.sha))
    links = {
        "self": f"{wire.api}/branches/{quote(name, safe='')}",
        "html": f"{wire.page}/tree/{quote(name)}",
    }
    body = wire.branch(name, found.sha, protected=protected)
    return body | {"commit": commit, "_links": links}


@translated
async def list_tags(call: ForgeCall) -> Answer:
    """List the tags; the last by name first, as GitHub does."""
    wire = wire_of(call)
    rows = sorted((await refs.tags(bare_of(call))).items(), reverse=True)
    return Listing(rows, lambda row: wire.tag_row(row[1], row[0]))


@translated
async def branches_at(call: ForgeCall) -> Answer:
    """List the branches whose head is this commit."""
    wire, sha = wire_of(call), call.path["sha"].lower()
    found: list[dict[str, Any]] = []
    for name, head in (await refs.branches(bare_of(call))).items():
        if head == sha:
            protected = call.forge.rules.is_protected(call.repository, name)
            row = wire.branch(name, head, protected=protected)
            found.append({key: row[key] for key in ("name", "commit", "protected")})
    return Reply(200, found)
