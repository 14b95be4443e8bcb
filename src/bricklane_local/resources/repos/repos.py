"""Git folders: a commit of a repository in the workspace tree. They are really fetched.

Source: https://docs.databricks.com/api/workspace/repos. What is changed in one is never committed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid, missing
from bricklane_local.app.routing import Answer
from bricklane_local.permissions.levels import EDIT, MANAGE, READ
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind
from bricklane_local.resources.operations import Create, Delete, Get, List, Own, routes
from bricklane_local.resources.records import Records
from bricklane_local.resources.repos.checkout import Checkout, Wanted, check_url, fetch
from bricklane_local.resources.repos.content import put_files
from bricklane_local.resources.settings.git_credentials import provider, token_for
from bricklane_local.workspace.objects import ObjectType, WorkspaceObject
from bricklane_local.workspace.paths import normal, parent_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

REPOS, SPARSE = "/Repos", "sparse_checkout"
TOKEN = "next_page_token"  # noqa: S105 (the name of a parameter)


def _path(call: Call) -> str:
    """Return where a new git folder goes.

    Raises:
        ApiError: when the path does not fit, or PERMISSION_DENIED.
    """
    name = posixpath.basename(urlsplit(call.text("url")).path.rstrip("/")).removesuffix(".git")
    path = normal(str(call.body.get("path") or f"{REPOS}/{call.caller.user_name}/{name}"))
    if path.startswith(f"{REPOS}/") and path.count("/") != 3:
        raise invalid(f"path in {REPOS} must be {REPOS}/FOLDER/NAME, got {path}")
    call.workspace.access.require_path(call.caller, parent_of(path), MANAGE)
    if parent_of(path) == f"{REPOS}/{call.caller.user_name}":
        call.workspace.objects.make_directories(parent_of(path), call.caller)
    return path


def _patterns(body: Body) -> tuple[str, ...]:
    return tuple((body.get(SPARSE) or {}).get("patterns") or ())


def _wanted(call: Call, body: Body, reference: str) -> Wanted:
    credential = token_for(call.workspace, call.caller, str(body["provider"]))
    return Wanted(str(body["url"]), reference, _patterns(body), credential)


def _put(call: Call, path: str, checkout: Checkout) -> None:
    """Make a git folder hold what was fetched, and nothing else."""
    objects = call.workspace.objects
    for child in objects.children(path):
        objects.delete(child.path, recursive=True)
    put_files(call.workspace, path, checkout.files, call.caller)


def _at(checkout: Checkout) -> Body:
    return {"branch": checkout.branch, "head_commit_id": checkout.commit}


class _Create(Create):
    """Make a git folder and fetch what its repository's HEAD names."""

    def answer(self, call: Call, records: Records, _kind: Kind) -> Awaitable[Answer]:
        """Make one."""
        return create(call, records)


async def create(call: Call, records: Records) -> Body:
    """Make a git folder."""
    check_url(call.text("url"), "url")
    path = _path(call)
    body = {**call.body, "path": path, "provider": provider(call.text("provider"))}
    checkout = await fetch(_wanted(call, body, ""))
    with call.cloud.database.transaction():
        made = records.create(body, call.caller)
        _put(call, path, checkout)
        made |= _at(checkout)
        records.put(made)
    return records.show(made)


async def update(call: Call, records: Records, body: Body) -> Body:
    """Check out a branch or a tag, or other folders of the same one."""
    branch, tag = call.body.get("branch"), call.body.get("tag")
    if branch and tag:
        raise invalid("branch or tag, not both")
    sparse = call.body.get(SPARSE) or body.get(SPARSE)
    if not (branch or tag or call.body.get(SPARSE)):
        raise missing("branch or tag")
    wanted = {**body, SPARSE: sparse} if sparse else body
    reference = str(branch or tag or body.get("branch") or "")
    checkout = await fetch(_wanted(call, wanted, reference))
    with call.cloud.database.transaction():
        changed = {**records.get(str(body["id"])), **wanted, **_at(checkout)}
        _put(call, body["path"], checkout)
        records.put(changed)
    return records.show(changed)


def _key(act: Act, body: Body, _number: int) -> int:
    made = act.workspace.objects.make_repo(str(body["path"]), act.caller)
    return made.object_id


def _removed(act: Act, body: Body) -> None:
    act.workspace.objects.delete(str(body["path"]), recursive=True)


def _shown(_workspace: Workspace, body: Body) -> Body:
    return {name: value for name, value in body.items() if value not in ("", None)}


def _with_prefix(call: Call) -> Callable[[Body], bool]:
    prefix = normal(call.query.get("path_prefix") or "/")
    return lambda body: str(body["path"]).startswith(prefix)


API, SDK = "/api/2.0/repos", "workspace.ReposAPI"
REPO = Kind(
    name="repo",
    document="repo",
    key="id",
    new_key=_key,
    guard=Guard("repos", EVERYBODY, READ, EDIT),
    required=("url", "provider", "path"),
    outputs=("branch", "head_commit_id"),
    controls=("git_credential_id",),
    shown=_shown,
    removed=_removed,
    operations=(
        _Create(f"POST {API}", f"{SDK}.create", note="fetched over HTTP; nothing is committed"),
        List(f"GET {API}", items="repos", size="page_size", token=TOKEN, where=_with_prefix),
        Get(f"GET {API}/{{id}}"),
        Own(f"PATCH {API}/{{id}}", f"{SDK}.update", level=EDIT, do=update),
        Delete(f"DELETE {API}/{{id}}"),
    ),
    proved_by="terraform databricks_repo",
)
ROUTES = routes([REPO])


def follow_tree(workspace: Workspace) -> None:
    """Forget each git folder that is deleted from the workspace tree."""

    def deleted(item: WorkspaceObject) -> None:
        if item.object_type is ObjectType.REPO:
            Records(workspace, REPO).forget({"id": item.object_id})

    workspace.objects.on_deletion.append(deleted)
