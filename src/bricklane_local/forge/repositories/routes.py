"""Routes of repositories and who takes part in them."""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.access import check_role
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, invalid, malformed, not_found
from bricklane_local.forge.git import refs
from bricklane_local.forge.repositories import lifecycle
from bricklane_local.forge.repositories.model import Repository
from bricklane_local.forge.repositories.wire import repository_wire
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply, created
from bricklane_local.forge.users.model import ROLES, User

FLAGS = (
    "private",
    "has_issues",
    "archived",
    "allow_merge_commit",
    "allow_squash_merge",
    "allow_rebase_merge",
    "delete_branch_on_merge",
    "allow_update_branch",
)
# What the API calls the roles in its `permission` members.
PERMISSIONS = {
    "pull": "read",
    "triage": "triage",
    "push": "write",
    "maintain": "maintain",
    "admin": "admin",
    "read": "read",
    "write": "write",
}
LEGACY = {"none": "none", "read": "read", "triage": "read", "write": "write", "maintain": "write"}


def whole_wire(call: ForgeCall, repository: Repository) -> dict[str, Any]:
    """Return a repository as the answer for a single one shows it."""
    role = ROLES.index(call.forge.repositories.role(repository, call.caller))
    body = repository_wire(call.forge, repository) | {
        "permissions": {
            name: role >= ROLES.index(PERMISSIONS[name])
            for name in ("admin", "maintain", "push", "triage", "pull")
        },
        "allow_merge_commit": repository.allow_merge_commit,
        "allow_squash_merge": repository.allow_squash_merge,
        "allow_rebase_merge": repository.allow_rebase_merge,
        "delete_branch_on_merge": repository.delete_branch_on_merge,
        "allow_update_branch": repository.allow_update_branch,
        "allow_auto_merge": False,
        "forks_count": 0,
        "forks": 0,
        "network_count": 0,
        "subscribers_count": 0,
        "open_issues_count": _open_issues(call, repository),
        "open_issues": _open_issues(call, repository),
    }
    origin = call.forge.repositories.by_id(repository.fork_of)
    if origin is not None and call.forge.repositories.role(origin, call.caller) != "none":
        body["parent"] = body["source"] = repository_wire(call.forge, origin)
    return body


def _open_issues(call: ForgeCall, repository: Repository) -> int:
    return sum(1 for issue in call.forge.issues.all(repository) if issue.state == "open")


def _settings(call: ForgeCall) -> dict[str, Any]:
    values: dict[str, Any] = {name: call.flag(name) for name in FLAGS}
    values |= {name: call.optional_text(name) for name in ("description", "homepage")}
    visibility = call.choice("visibility", ("public", "private", "internal"))
    if visibility is not None:
        values["private"] = visibility != "public"
    return {name: value for name, value in values.items() if value is not None}


async def _create(call: ForgeCall, owner: User) -> Reply:
    made = await lifecycle.create(
        call.forge,
        call.caller,
        owner,
        call.text("name"),
        auto_init=call.flag("auto_init") or False,
        **_settings(call),
    )
    return created(whole_wire(call, made))


async def create_for_me(call: ForgeCall) -> Reply:
    """Make a repository of the caller's own."""
    if call.caller.by_job_token:
        raise ForgeApiError(403, "Resource not accessible by integration")
    return await _create(call, call.caller.user)


async def create_for_organization(call: ForgeCall) -> Reply:
    """Make a repository of an organisation."""
    owner = call.forge.users.get(call.path["org"])
    if owner.type != "Organization":
        raise not_found()
    return await _create(call, owner)


def list_mine(call: ForgeCall) -> Listing:
    """List the repositories that the caller may see."""
    found = call.forge.repositories.visible(call.caller)
    return Listing(found, lambda item: whole_wire(call, item))


def list_of_owner(call: ForgeCall) -> Listing:
    """List the repositories of a user or organisation that the caller may see."""
    owner = call.forge.users.get(call.path["login"])
    found = call.forge.repositories.visible(call.caller, owner.login)
    return Listing(found, lambda item: whole_wire(call, item))


def get(call: ForgeCall) -> dict[str, Any]:
    """Return one repository."""
    return whole_wire(call, call.repository)


async def update(call: ForgeCall) -> dict[str, Any]:
    """Change a repository's settings, name and default branch among them."""
    values, repository = _settings(call), call.repository
    branch, name = call.optional_text("default_branch"), call.optional_text("name")
    if branch is not None and branch != repository.default_branch:
        if branch not in await refs.branches(call.forge.git.repository(repository.id)):
            raise invalid(
                "Repository", "default_branch", message=f"The branch {branch} was not found."
            )
        await call.forge.git.set_head(repository.id, branch)
        values["default_branch"] = branch
    if name is not None and name != repository.name:
        values["name"] = name
    return whole_wire(call, call.forge.repositories.save(repository, **values))


async def delete(call: ForgeCall) -> None:
    """Remove a repository."""
    await lifecycle.delete(call.forge, call.repository)


def get_topics(call: ForgeCall) -> dict[str, Any]:
    """Return a repository's topics."""
    return {"names": list(call.repository.topics)}


def put_topics(call: ForgeCall) -> dict[str, Any]:
    """Replace a repository's topics."""
    names = call.texts("names") or []
    call.forge.repositories.save(call.repository, topics=tuple(names))
    return {"names": names}


async def fork(call: ForgeCall) -> Reply:
    """Fork a repository into the caller's account or an organisation."""
    organization = call.optional_text("organization")
    owner = call.forge.users.get(organization) if organization else call.caller.user
    made = await lifecycle.fork(
        call.forge, call.caller, call.repository, owner, call.optional_text("name") or ""
    )
    return Reply(202, whole_wire(call, made))


def list_forks(call: ForgeCall) -> Listing:
    """List the forks that the caller may see."""
    found = [
        item
        for item in call.forge.repositories.visible(call.caller)
        if item.fork_of == call.repository.id
    ]
    return Listing(found, lambda item: whole_wire(call, item))


# Collaborators


def _collaborator(call: ForgeCall) -> User:
    return call.forge.users.get(call.path["login"])


def _part(call: ForgeCall, user: User, role: str) -> dict[str, Any]:
    rank = ROLES.index(role)
    names = ("admin", "maintain", "push", "triage", "pull")
    rights = {name: rank >= ROLES.index(PERMISSIONS[name]) for name in names}
    return call.forge.user(user.login) | {"permissions": rights, "role_name": role}


def list_collaborators(call: ForgeCall) -> Listing:
    """List who takes part in a repository."""
    found = call.forge.repositories.collaborators(call.repository)
    return Listing(found, lambda pair: _part(call, *pair))


def is_collaborator(call: ForgeCall) -> None:
    """Answer 204 for who takes part in a repository, and 404 for others."""
    if not call.forge.repositories.takes_part(call.repository, _collaborator(call)):
        raise not_found()


def add_collaborator(call: ForgeCall) -> None:
    """Let somebody take part in a repository, at once: there are no invitations here."""
    permission = call.optional_text("permission") or "push"
    if permission not in PERMISSIONS:
        raise malformed("permission", permission, f"is not a member of {list(PERMISSIONS)}")
    user = _collaborator(call)
    if user.login.lower() == call.repository.owner.lower():
        raise ForgeApiError(422, "Repository owner cannot be a collaborator")
    call.forge.repositories.set_collaborator(call.repository, user, PERMISSIONS[permission])


def remove_collaborator(call: ForgeCall) -> None:
    """Take somebody's part in a repository away; everyone may leave."""
    user = _collaborator(call)
    if user.login != call.caller.user.login:
        check_role(call.forge, call.caller, call.repository, "admin")
    call.forge.repositories.remove_collaborator(call.repository, user.login)


def permission(call: ForgeCall) -> dict[str, Any]:
    """Return what somebody may do in a repository."""
    user = _collaborator(call)
    role = call.forge.repositories.role_of(call.repository, user)
    return {
        "permission": LEGACY.get(role, role),
        "role_name": role,
        "user": _part(call, user, role),
    }


REPO = "/repos/{owner}/{repo}"
ADMIN, METADATA = ("administration:write",), ("metadata:read",)
COLLABORATOR = REPO + "/collaborators/{login}"
ROUTES = [
    ForgeRoute("POST", "/user/repos", create_for_me, ADMIN),
    ForgeRoute("POST", "/orgs/{org}/repos", create_for_organization, ADMIN),
    ForgeRoute("GET", "/user/repos", list_mine, METADATA),
    ForgeRoute("GET", "/users/{login}/repos", list_of_owner, METADATA),
    ForgeRoute("GET", "/orgs/{login}/repos", list_of_owner, METADATA),
    ForgeRoute("GET", REPO, get, METADATA),
    ForgeRoute("PATCH", REPO, update, ADMIN),
    ForgeRoute("DELETE", REPO, delete, ADMIN),
    ForgeRoute("GET", f"{REPO}/topics", get_topics, METADATA),
    ForgeRoute("PUT", f"{REPO}/topics", put_topics, ADMIN),
    ForgeRoute("POST", f"{REPO}/forks", fork, ADMIN, "read", note="done when answered"),
    ForgeRoute("GET", f"{REPO}/forks", list_forks, METADATA),
    ForgeRoute("GET", f"{REPO}/collaborators", list_collaborators, METADATA, "write"),
    ForgeRoute("GET", COLLABORATOR, is_collaborator, METADATA, "write"),
    ForgeRoute("PUT", COLLABORATOR, add_collaborator, ADMIN, note="no invitation: 204 at once"),
    ForgeRoute("DELETE", COLLABORATOR, remove_collaborator, ADMIN, "read"),
    ForgeRoute("GET", f"{COLLABORATOR}/permission", permission, METADATA),
]
