"""Releases on GitHub, drafts among them, and what is attached to them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bricklane.forge.errors import ForgeError
from bricklane.forge.github import shapes
from bricklane.forge.github.api import Api, Json, ref
from bricklane.forge.model import Release

CHUNK = 1 << 20


class Releases:
    """The part of the protocol that is about releases."""

    api: Api

    def release(self, tag: str) -> Release | None:
        """Return the release of ``tag``, drafts included.

        GitHub finds published releases by tag. Drafts, of which one tag can have several, are only
        in the list; the oldest counts.
        """
        found: Json | None = self.api.find(f"releases/tags/{ref(tag)}") or self._draft(tag)
        return shapes.release(found) if found else None

    def _draft(self, tag: str) -> Json | None:
        drafts = (row for row in self.api.pages("releases") if row["draft"])
        return min(
            (row for row in drafts if row["tag_name"] == tag),
            key=lambda row: int(row["id"]),
            default=None,
        )

    def save_release(
        self, tag: str, *, name: str, body: str, target: str, draft: bool, prerelease: bool = False
    ) -> Release:
        """Create the release of ``tag``, or bring the present one to these values."""
        wanted = {
            "tag_name": tag,
            "name": name,
            "body": body,
            "target_commitish": target,
            "draft": draft,
            "prerelease": prerelease,
        }
        present = self.release(tag)
        if present is None:
            made = self.api.create("releases", wanted, lambda: self._raw(tag))
            if draft == made["draft"] and made.get("target_commitish") == target:
                return shapes.release(made)
            present = shapes.release(made)
        return shapes.release(self.api.send("PATCH", f"releases/{present.id}", wanted))

    def _raw(self, tag: str) -> Json | None:
        present = self.release(tag)
        return self.api.find(f"releases/{present.id}") if present else None

    def upload_asset(self, release: Release, path: Path) -> None:
        """Attach a file under its own name, replacing one of that name.

        Nothing is sent when the forge has a file of that name with these bytes.

        Args:
            release: to attach to; only its id counts.
            path: of the file.
        """
        data = self.api.get(f"releases/{release.id}")
        for asset in self._assets(release.id, path.name):
            if asset.get("digest") == f"sha256:{_sha256(path)}" and asset["state"] == "uploaded":
                return
            self.api.drop(f"releases/assets/{asset['id']}")
        url = data["upload_url"].partition("{")[0]
        made = self._upload(url, release.id, path)
        if made["name"] != path.name:
            self.api.drop(f"releases/assets/{made['id']}")
            raise ForgeError(
                f"{self.api.host} stored {path.name} as {made['name']}",
                hint="attach files whose names have only letters, digits, `-`, `_` and `.`",
            )

    def _upload(self, url: str, release: int, path: Path) -> Json:
        """Upload, and once more when the first broke off: what it left is removed before."""
        try:
            return self.api.upload(url, path.name, path)
        except ForgeError:
            left = self._assets(release, path.name)
            if not left:
                raise
        for asset in left:
            self.api.drop(f"releases/assets/{asset['id']}")
        return self.api.upload(url, path.name, path)

    def _assets(self, release: int, name: str) -> list[Json]:
        rows = self.api.pages(f"releases/{release}/assets")
        return [row for row in rows if row["name"] == name]

    def download_asset(self, release: Release, name: str, path: Path) -> None:
        """Write an attached file to ``path``."""
        assets = self._assets(release.id, name)
        if not assets:
            raise ForgeError(
                f"the release {release.tag} has no file {name} attached",
                hint=f"attached are: {', '.join(sorted(release.assets)) or 'none'}",
            )
        self.api.download(f"releases/assets/{assets[0]['id']}", path)

    def delete_asset(self, release: Release, name: str) -> None:
        """Remove an attached file; one that is gone already is no error."""
        for asset in self._assets(release.id, name):
            self.api.drop(f"releases/assets/{asset['id']}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
