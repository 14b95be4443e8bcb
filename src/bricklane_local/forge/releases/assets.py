"""Keeps the files attached to releases.

Source: https://docs.github.com/en/rest/releases/assets
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.forge.errors import ForgeApiError, invalid
from bricklane_local.forge.records import Records
from bricklane_local.forge.releases.model import Asset

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

# What GitHub does not keep in a file's name becomes a period.
UNWANTED = re.compile(r"[^A-Za-z0-9._+@~-]+")


class Assets:
    """The files attached to releases.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_asset", Asset)

    def under(self, repository: Repository, release: int) -> list[Asset]:
        """Return what is attached to a release, oldest first."""
        return self._records.under(f"{repository.id}/{release}")

    def get(self, repository: Repository, number: int) -> Asset:
        """Return one asset.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(f"{repository.id}/{number}")

    async def upload(
        self,
        repository: Repository,
        caller: Caller,
        release: int,
        name: str,
        content: AsyncIterator[bytes],
        *,
        content_type: str,
        label: str = "",
    ) -> Asset:
        """Attach a file.

        Args:
            repository: of the release.
            caller: who uploads.
            release: id of the release.
            name: of the file.
            content: its bytes, as they arrive.
            content_type: media type.
            label: shown instead of the name.

        Raises:
            ForgeApiError: 422 when the name is missing or taken.
        """
        name = self._free(repository, release, name)
        digest, size = await self._forge.blobs.put_stream(content)
        self._free(repository, release, name)  # another upload may have taken it meanwhile
        now, login = self._forge.clock.now(), caller.user.login
        asset = Asset(
            id=self._forge.next_id(),
            release=release,
            name=name,
            label=label,
            content_type=content_type,
            size=size,
            digest=digest,
            uploader=login,
            created_at=now,
            updated_at=now,
        )
        return self._store(repository, asset)

    def _free(self, repository: Repository, release: int, name: str) -> str:
        name = UNWANTED.sub(".", name).strip(".")
        if not name:
            raise invalid("ReleaseAsset", "name", "missing_field")
        if any(asset.name == name for asset in self.under(repository, release)):
            raise invalid("ReleaseAsset", "name", "already_exists")
        return name

    def _store(self, repository: Repository, asset: Asset) -> Asset:
        return self._records.put(
            f"{repository.id}/{asset.id}",
            asset,
            parent=f"{repository.id}/{asset.release}",
            position=asset.id,
            blob=asset.digest,
        )

    def rename(
        self, repository: Repository, asset: Asset, name: str | None, label: str | None
    ) -> Asset:
        """Change the name or label of a file.

        Raises:
            ForgeApiError: 422 when the name is taken.
        """
        wanted = asset.name
        if name is not None and name != asset.name:
            wanted = self._free(repository, asset.release, name)
        changed = replace(
            asset,
            name=wanted,
            label=asset.label if label is None else label,
            updated_at=self._forge.clock.now(),
        )
        return self._store(repository, changed)

    def download(self, repository: Repository, asset: Asset) -> Path | bytes:
        """Return the bytes of a file, or where they are, and count the download.

        Raises:
            ForgeApiError: 404 when somebody removed them from the state folder.
        """
        path = self._forge.blobs.file(asset.digest)
        try:
            content = path or self._forge.blobs.get(asset.digest)
        except OSError:
            raise ForgeApiError(404, f"The bytes of {asset.name} are gone") from None
        self._store(repository, replace(asset, downloads=asset.downloads + 1))
        return content

    def delete(self, repository: Repository, number: int) -> None:
        """Remove a file.

        Raises:
            ForgeApiError: 404.
        """
        self.get(repository, number)
        self._records.remove(f"{repository.id}/{number}")

    def remove_all(self, repository: Repository, release: int) -> None:
        """Remove all files of a release."""
        self._records.remove_under(f"{repository.id}/{release}")
