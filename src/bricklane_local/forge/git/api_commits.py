"""Handlers of commits, comparisons, merges of branches, and archives.

Source: https://docs.github.com/en/rest/commits and https://docs.github.com/en/rest/branches/branches
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, not_found
from bricklane_local.forge.git import diff, history, merging, refs
from bricklane_local.forge.git.answering import (
    NO_COMMIT,
    accepts,
    actor_of,
    bare_of,
    commit_named,
    myself,
    now,
    page_of,
    translated,
    wire_of,
)
from bricklane_local.forge.git.failures import MergeConflict, NothingToMerge
from bricklane_local.forge.git.history import Selection
from bricklane_local.forge.git.model import FORGE, HEADS, RefChange
from bricklane_local.forge.git.names import check_path
from bricklane_local.forge.routing import Answer, Listing, created

# What a comparison shows at most, as on GitHub.
COMMITS, FILES = 250, 300


@translated
async def list_commits(call: ForgeCall) -> Answer:
    """List commits, newest first."""
    query, bare, wire = call.query, bare_of(call), wire_of(call)
    head = await commit_named(call, query.get("sha", ""))
    path = query.get("path", "").strip("/")
    selection = Selection(
        (head,),
        paths=(check_path(path),) if path else (),
        since=query.get("since", ""),
        until=query.get("until", ""),
        author=_mail(call, "author"),
        committer=_mail(call, "committer"),
    )
    shas = await history.shas(bare, selection)
    shown = await history.load(bare, shas[page_of(call)])
    commits = {commit.sha: commit for commit in shown}
    return Listing(shas, lambda sha: wire.commit(commits[sha]))


def _mail(call: ForgeCall, field: str) -> str:
    """Return what to look for in commits of an account or address."""
    given = call.query.get(field, "")
    user = call.forge.users.find(given) if given else None
    return given if user is None else f"<{user.email}>"


@translated
async def get_commit(call: ForgeCall) -> Answer:
    """Return one commit with its files; as text when the client asks for that."""
    bare = bare_of(call)
    sha = await commit_named(call, call.path["ref"])
    if accepts(call, "sha"):
        return Response(sha, media_type="application/vnd.github.sha; charset=utf-8")
    commit = await history.commit(bare, sha)
    parent = commit.parents[0] if commit.parents else diff.EMPTY_TREE
    text = await _text(call, parent, sha)
    if text is not None:
        return text
    return wire_of(call).commit(commit, await diff.files_of(bare, commit))


async def _text(call: ForgeCall, base: str, head: str) -> Response | None:
    for form, make in (("diff", diff.text), ("patch", diff.mail)):
        if accepts(call, form):
            kind = f"application/vnd.github.{form}; charset=utf-8"
            return Response(await make(bare_of(call), base, head), media_type=kind)
    return None


@translated
async def compare(call: ForgeCall) -> Answer:
    """Compare two commits: ``BASE...HEAD`` from where they parted, ``BASE..HEAD`` directly."""
    named, bare = call.path["basehead"], bare_of(call)
    dots = "..." if "..." in named else ".."
    left, found, right = named.partition(dots)
    if not (found and left and right):
        raise not_found()
    base, head = await _side(call, left), await _side(call, right)
    fork = await history.merge_base(bare, base, head)
    if fork is None and dots == "...":
        raise ForgeApiError(404, f"No common ancestor between {left} and {right}.")
    start = base if fork is None or dots == ".." else fork
    text = await _text(call, start, head)
    if text is not None:
        return text
    return await _comparison(call, (base, head, fork or base, start), f"{left}{dots}{right}")


async def _side(call: ForgeCall, name: str) -> str:
    owner, colon, branch = name.rpartition(":")
    if colon and owner.split(":")[0].lower() != call.repository.owner.lower():
        raise ForgeApiError(404, f"{name}: branches of forks are not compared by this forge")
    found = await refs.find(bare_of(call), branch)
    if found is None:
        raise not_found()
    return found


async def _comparison(
    call: ForgeCall, commits: tuple[str, str, str, str], shown: str
) -> dict[str, Any]:
    base, head, fork, start = commits
    bare, wire = bare_of(call), wire_of(call)
    ahead, behind = await history.ahead_behind(bare, base, head)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    names = await history.shas(bare, Selection((head,), (base,), oldest_first=True))
    paged = "page" in call.query or "per_page" in call.query
    part = names[page_of(call)] if paged else names[:COMMITS]
    files = (await diff.files(bare, start, head))[:FILES]
    first, middle = await history.commit(bare, base), await history.commit(bare, fork)
    url, page = f"{wire.api}/compare/{quote(shown)}", f"{wire.page}/compare/{quote(shown)}"
    return {
        "url": url,
        "html_url": page,
        "permalink_url": f"{wire.page}/compare/{base}...{head}",
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": wire.commit(first),
        "merge_base_commit": wire.commit(middle),
        "status": status.get((ahead > 0, behind > 0), "diverged"),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": [wire.commit(item) for item in await history.load(bare, part)],
        "files": [wire.file(head, item) for item in files],
    }


@translated
async def merge_branch(call: ForgeCall) -> Answer:
    """Merge a branch or commit into a branch: 201 with the commit, 204 when there is nothing."""
    base, head, bare = call.text("base"), call.text("head"), bare_of(call)
    tip = await refs.branch(bare, base)
    if tip is None:
        raise ForgeApiError(404, "Base does not exist")
    sha = await refs.find(bare, head)
    if sha is None:
        raise ForgeApiError(404, "Head does not exist")
    message = call.optional_text("commit_message") or f"Merge {head} into {base}"
    committer = replace(FORGE, when=now(call))
    try:
        merge = await merging.merge(bare, tip, sha, message, myself(call), committer)
    except NothingToMerge:
        return None
    except MergeConflict as conflict:
        raise ForgeApiError(409, conflict.message) from None
    change = RefChange(HEADS + base, tip, merge)
    await call.forge.git.change_refs(call.repository.id, actor_of(call), [change])
    return created(wire_of(call).commit(await history.commit(bare, merge)))


@translated
async def archive(call: ForgeCall) -> Answer:
    """Return all files of a commit in one tar or zip file."""
    kind = "zip" if "/zipball" in call.request.scope["path"] else "tar.gz"
    sha = await refs.find(bare_of(call), call.path.get("ref") or call.repository.default_branch)
    if sha is None:
        raise ForgeApiError(404, f"{NO_COMMIT}{call.path.get('ref', '')}")
    stem = f"{call.repository.owner}-{call.repository.name}-{sha[:7]}"
    result = await bare_of(call).git("archive", f"--format={kind}", f"--prefix={stem}/", sha)
    headers = {"Content-Disposition": f"attachment; filename={stem}.{kind}"}
    media = "application/zip" if kind == "zip" else "application/x-gzip"
    return Response(result.output, headers=headers, media_type=media)
