"""Routes of users, organisations and tokens."""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, invalid, not_found
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply, created
from bricklane_local.forge.times import moment
from bricklane_local.forge.users.model import PERMISSIONS, User
from bricklane_local.forge.users.service import wire


def _brief(call: ForgeCall, user: User) -> dict[str, Any]:
    return wire(user, call.forge.url, call.forge.api)


def _whole(call: ForgeCall, user: User) -> dict[str, Any]:
    repositories = call.forge.repositories.visible(call.caller, user.login)
    return _brief(call, user) | {
        "name": user.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": user.email or None,
        "hireable": None,
        "bio": None,
        "public_repos": sum(1 for item in repositories if not item.private),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": moment(user.created_at),
        "updated_at": moment(user.created_at),
    }


def me(call: ForgeCall) -> dict[str, Any]:
    """Describe the caller; a job's token is nobody's."""
    if call.caller.by_job_token:
        raise ForgeApiError(403, "Resource not accessible by integration")
    return _whole(call, call.caller.user) | _plan(call.caller.user)


def _plan(user: User) -> dict[str, Any]:
    """Return what only the account itself, and owners of an organisation, are shown."""
    return {"plan": {"name": user.plan, "space": 0, "private_repos": 0, "collaborators": 0}}


def emails(call: ForgeCall) -> list[dict[str, Any]]:
    """List the caller's addresses."""
    address = call.caller.user.email
    return [{"email": address, "primary": True, "verified": True, "visibility": "private"}]


def user(call: ForgeCall) -> dict[str, Any]:
    """Describe a user or organisation."""
    return _whole(call, call.forge.users.get(call.path["login"]))


def user_by_id(call: ForgeCall) -> dict[str, Any]:
    """Describe the user with an id."""
    found = call.forge.users.by_id(call.number("id"))
    if found is None:
        raise not_found()
    return _whole(call, found)


def users(call: ForgeCall) -> Listing:
    """List all accounts by id."""
    return Listing(call.forge.users.all(), lambda item: _brief(call, item))


def organization(call: ForgeCall) -> dict[str, Any]:
    """Describe an organisation."""
    found = call.forge.users.get(call.path["org"])
    if found.type != "Organization":
        raise not_found()
    url = f"{call.forge.api}/orgs/{found.login}"
    mine = call.forge.repositories.is_member(found.login, call.caller.user, "admin")
    plan = _plan(found) if mine else {}
    return _whole(call, found) | plan | {"url": url, "repos_url": f"{url}/repos"}


def team(call: ForgeCall) -> None:
    """Say that there are no teams on this forge."""
    del call
    raise not_found()


def _only_site_admin(call: ForgeCall) -> None:
    if not call.caller.user.site_admin or call.caller.permissions is not None:
        raise not_found()


def create_user(call: ForgeCall) -> Reply:
    """Make a user."""
    _only_site_admin(call)
    made = call.forge.users.create(call.text("login"), name=call.optional_text("name") or "")
    return created(_brief(call, made))


def change_user(call: ForgeCall) -> dict[str, Any]:
    """Change the plan of a user or organisation."""
    _only_site_admin(call)
    found = call.forge.users.get(call.path["login"])
    if unknown := sorted(call.body.keys() - {"plan"}):
        raise invalid("User", unknown[0], message=f"{unknown[0]} cannot be changed, only plan")
    changed = call.forge.users.set_plan(found, call.text("plan"))
    return _brief(call, changed) | _plan(changed)


def create_organization(call: ForgeCall) -> Reply:
    """Make an organisation with its first administrator."""
    _only_site_admin(call)
    admin = call.forge.users.get(call.text("admin"))
    name = call.optional_text("profile_name") or ""
    with call.forge.transaction():
        made = call.forge.users.create(call.text("login"), kind="Organization", name=name)
        call.forge.repositories.set_member(made, admin, "admin")
    return created(_brief(call, made))


def create_token(call: ForgeCall) -> Reply:
    """Make a token for a user; its value is shown this once."""
    _only_site_admin(call)
    owner = call.forge.users.get(call.path["login"])
    permissions = call.mapping("permissions")
    for name, level in (permissions or {}).items():
        if name not in PERMISSIONS or level not in ("read", "write"):
            raise invalid("Authorization", "permissions", message=f"{name}: {level!r}")
    seconds = call.integer("expires_in")
    expiry = -1 if seconds is None else call.forge.clock.now() + 1000 * seconds
    note = call.optional_text("note") or ""
    token = call.forge.users.issue_token(owner, note, permissions=permissions, expires_at=expiry)
    return created({"token": token, "note": note, "scopes": call.texts("scopes") or []})


def rate_limit(call: ForgeCall) -> dict[str, Any]:
    """Say that there is no limit to speak of."""
    row = {
        "limit": 1_000_000,
        "used": 0,
        "remaining": 1_000_000,
        "reset": call.forge.clock.now() // 1000 + 3600,
    }
    return {"resources": {"core": row, "search": row, "graphql": row}, "rate": row}


def meta(call: ForgeCall) -> dict[str, Any]:
    """Describe the forge."""
    del call
    return {"verifiable_password_authentication": False, "installed_version": "3.17.0"}


def root(call: ForgeCall) -> dict[str, Any]:
    """List where things are."""
    api = call.forge.api
    return {
        "current_user_url": f"{api}/user",
        "rate_limit_url": f"{api}/rate_limit",
        "repository_url": f"{api}/repos/{{owner}}/{{repo}}",
        "user_url": f"{api}/users/{{user}}",
    }


ENTERPRISE = "of GitHub Enterprise Server's administration API"
ROUTES = [
    ForgeRoute("GET", "", root, proved_by="requests"),
    ForgeRoute("GET", "/meta", meta, proved_by="requests"),
    ForgeRoute("GET", "/rate_limit", rate_limit),
    ForgeRoute("GET", "/user", me),
    ForgeRoute("GET", "/user/emails", emails),
    ForgeRoute("GET", "/user/{id:int}", user_by_id),
    ForgeRoute("GET", "/users", users),
    ForgeRoute("GET", "/users/{login}", user),
    ForgeRoute("GET", "/orgs/{org}", organization),
    ForgeRoute(
        "GET",
        "/orgs/{org}/teams/{team}",
        team,
        proved_by="requests",
        note="no forge here has teams: 404",
    ),
    ForgeRoute("POST", "/admin/users", create_user, note=ENTERPRISE, proved_by="requests"),
    ForgeRoute(
        "PATCH",
        "/admin/users/{login}",
        change_user,
        note=ENTERPRISE + "; takes only plan (free, pro, team or enterprise, as all begin)",
        proved_by="requests",
    ),
    ForgeRoute(
        "POST", "/admin/organizations", create_organization, note=ENTERPRISE, proved_by="requests"
    ),
    ForgeRoute(
        "POST",
        "/admin/users/{login}/authorizations",
        create_token,
        note=ENTERPRISE + "; also takes permissions and expires_in",
        proved_by="requests",
    ),
]
