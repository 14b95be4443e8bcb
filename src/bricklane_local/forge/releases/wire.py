"""Releases and assets as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bricklane_local.forge.times import moment

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.releases.model import Asset, Release
    from bricklane_local.forge.repositories.model import Repository


def release_wire(forge: Forge, repository: Repository, release: Release) -> dict[str, Any]:
    """Return a release with its assets."""
    name, number = repository.full_name, release.id
    url, page = f"{forge.api}/repos/{name}", f"{forge.url}/{name}"
    tag = f"untagged-{number}" if release.draft else quote(release.tag)
    uploads = f"{forge.url}/api/uploads/repos/{name}/releases/{number}/assets"
    assets = forge.releases.assets.under(repository, number)
    return {
        "id": number,
        "node_id": f"RE_{number}",
        "url": f"{url}/releases/{number}",
        "assets_url": f"{url}/releases/{number}/assets",
        "upload_url": f"{uploads}{{?name,label}}",
        "html_url": f"{page}/releases/tag/{tag}",
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name or None,
        "body": release.body,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "immutable": False,
        "created_at": moment(release.created_at),
        "updated_at": moment(release.published_at or release.created_at),
        "published_at": moment(release.published_at),
        "author": forge.user(release.author),
        "tarball_url": None if release.draft else f"{url}/tarball/{quote(release.tag)}",
        "zipball_url": None if release.draft else f"{url}/zipball/{quote(release.tag)}",
        "assets": [asset_wire(forge, repository, release, asset) for asset in assets],
    }


def asset_wire(
    forge: Forge, repository: Repository, release: Release, asset: Asset
) -> dict[str, Any]:
    """Return a file attached to a release."""
    name = repository.full_name
    download = f"{forge.url}/{name}/releases/download/{quote(release.tag)}/{quote(asset.name)}"
    return {
        "id": asset.id,
        "node_id": f"RA_{asset.id}",
        "url": f"{forge.api}/repos/{name}/releases/assets/{asset.id}",
        "browser_download_url": download,
        "name": asset.name,
        "label": asset.label or None,
        "state": "uploaded",
        "content_type": asset.content_type,
        "size": asset.size,
        "digest": f"sha256:{asset.digest}",
        "download_count": asset.downloads,
        "created_at": moment(asset.created_at),
        "updated_at": moment(asset.updated_at),
        "uploader": forge.user(asset.uploader),
    }
