"""Routes of releases and their assets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, invalid, missing, not_found
from bricklane_local.forge.releases.model import Asset, Release
from bricklane_local.forge.releases.wire import asset_wire, release_wire
from bricklane_local.forge.routing import Base, ForgeRoute, Listing, Reply, created

OCTETS = "application/octet-stream"


def _release(call: ForgeCall) -> Release:
    return call.forge.releases.get(call.repository, call.caller, call.number("release"))


def _wire(call: ForgeCall, release: Release) -> dict[str, Any]:
    return release_wire(call.forge, call.repository, release)


def _values(call: ForgeCall) -> dict[str, Any]:
    latest = call.choice("make_latest", ("true", "false", "legacy"))
    values = {
        "tag": call.optional_text("tag_name"),
        "name": call.optional_text("name"),
        "body": call.optional_text("body"),
        "target": call.optional_text("target_commitish") or None,
        "draft": call.flag("draft"),
        "prerelease": call.flag("prerelease"),
        "latest": None if latest is None else latest != "false",
    }
    return {name: value for name, value in values.items() if value is not None}


def list_releases(call: ForgeCall) -> Listing:
    """List releases, drafts for those who may write, newest first."""
    found = call.forge.releases.visible(call.repository, call.caller)
    return Listing(found, lambda release: _wire(call, release))


async def create_release(call: ForgeCall) -> Reply:
    """Make a release."""
    values = _values(call) | {"tag": call.text("tag_name")}
    if call.flag("generate_release_notes"):
        raise ForgeApiError(422, "This forge writes no release notes by itself: send a body")
    release = await call.forge.releases.create(call.repository, call.caller, values)
    return created(_wire(call, release))


def get_release(call: ForgeCall) -> dict[str, Any]:
    """Return one release."""
    return _wire(call, _release(call))


def latest_release(call: ForgeCall) -> dict[str, Any]:
    """Return the latest release."""
    return _wire(call, call.forge.releases.latest(call.repository))


def release_by_tag(call: ForgeCall) -> dict[str, Any]:
    """Return the published release of a tag."""
    release = call.forge.releases.published(call.repository, call.path["tag"])
    if release is None:
        raise not_found()
    return _wire(call, release)


async def update_release(call: ForgeCall) -> dict[str, Any]:
    """Change or publish a release."""
    release = await call.forge.releases.update(
        call.repository, call.caller, call.number("release"), _values(call)
    )
    return _wire(call, release)


def delete_release(call: ForgeCall) -> None:
    """Remove a release."""
    call.forge.releases.delete(call.repository, call.caller, call.number("release"))


def list_assets(call: ForgeCall) -> Listing:
    """List the files of a release."""
    release = _release(call)
    found = call.forge.releases.assets.under(call.repository, release.id)
    return Listing(found, lambda asset: asset_wire(call.forge, call.repository, release, asset))


async def upload_asset(call: ForgeCall) -> Reply:
    """Attach a file to a release: the raw body under ``?name=``."""
    name = call.query.get("name", "")
    if not name:
        raise missing("name")
    release = _release(call)
    if call.request.headers.get("content-length") == "0":
        raise invalid("ReleaseAsset", "size")
    asset = await call.forge.releases.assets.upload(
        call.repository,
        call.caller,
        release.id,
        name,
        call.stream(),
        content_type=call.request.headers.get("content-type", OCTETS),
        label=call.query.get("label", ""),
    )
    return created(asset_wire(call.forge, call.repository, release, asset))


def _asset(call: ForgeCall) -> tuple[Release, Asset]:
    asset = call.forge.releases.assets.get(call.repository, call.number("asset"))
    return call.forge.releases.get(call.repository, call.caller, asset.release), asset


def get_asset(call: ForgeCall) -> dict[str, Any] | Response:
    """Describe a file, or send its bytes when octets are asked for."""
    release, asset = _asset(call)
    if OCTETS in call.request.headers.get("accept", ""):
        return _bytes(call, asset)
    return asset_wire(call.forge, call.repository, release, asset)


def _bytes(call: ForgeCall, asset: Asset) -> Response:
    content = call.forge.releases.assets.download(call.repository, asset)
    headers = {
        "Content-Disposition": f'attachment; filename="{asset.name}"',
        "X-Content-Type-Options": "nosniff",
    }
    if isinstance(content, Path):
        return FileResponse(content, headers=headers, media_type=OCTETS)
    return Response(content, headers=headers, media_type=OCTETS)


def download(call: ForgeCall) -> Response:
    """Send the bytes of a file by its release's tag and its name."""
    release = call.forge.releases.published(call.repository, call.path["tag"])
    if release is None:
        raise not_found()
    for asset in call.forge.releases.assets.under(call.repository, release.id):
        if asset.name == call.path["name"]:
            return _bytes(call, asset)
    raise not_found()


def update_asset(call: ForgeCall) -> dict[str, Any]:
    """Change the name or label of a file."""
    release, asset = _asset(call)
    changed = call.forge.releases.assets.rename(
        call.repository, asset, call.optional_text("name"), call.optional_text("label")
    )
    return asset_wire(call.forge, call.repository, release, changed)


def delete_asset(call: ForgeCall) -> None:
    """Remove a file."""
    _, asset = _asset(call)
    call.forge.releases.assets.delete(call.repository, asset.id)


RELEASES = "/repos/{owner}/{repo}/releases"
ONE, ASSET = RELEASES + "/{release}", RELEASES + "/assets/{asset}"
READ, WRITE = ("contents:read",), ("contents:write",)
ROUTES = [
    ForgeRoute("GET", RELEASES, list_releases, READ),
    ForgeRoute("POST", RELEASES, create_release, WRITE),
    ForgeRoute("GET", f"{RELEASES}/latest", latest_release, READ),
    ForgeRoute("GET", RELEASES + "/tags/{tag:path}", release_by_tag, READ),
    ForgeRoute("GET", ASSET, get_asset, READ),
    ForgeRoute("PATCH", ASSET, update_asset, WRITE),
    ForgeRoute("DELETE", ASSET, delete_asset, WRITE),
    ForgeRoute("GET", ONE, get_release, READ),
    ForgeRoute("PATCH", ONE, update_release, WRITE),
    ForgeRoute("DELETE", ONE, delete_release, WRITE),
    ForgeRoute("GET", f"{ONE}/assets", list_assets, READ),
    ForgeRoute("POST", f"{ONE}/assets", upload_asset, WRITE, base=Base.UPLOADS, raw=True),
    ForgeRoute(
        "GET",
        "/{owner}/{repo}/releases/download/{tag:path}/{name}",
        download,
        READ,
        base=Base.WEB,
        proved_by="requests",
    ),
]
