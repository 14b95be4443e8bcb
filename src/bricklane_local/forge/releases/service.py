"""Keeps releases.

Source: https://docs.github.com/en/rest/releases/releases
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actors import actor
from bricklane_local.forge.errors import custom, invalid, not_found
from bricklane_local.forge.git import refs
from bricklane_local.forge.git.failures import BadName, GitFailure, Refused
from bricklane_local.forge.git.model import TAGS, RefChange
from bricklane_local.forge.git.names import check_ref
from bricklane_local.forge.issues.model import checked_body
from bricklane_local.forge.records import Records
from bricklane_local.forge.releases.assets import Assets
from bricklane_local.forge.releases.model import Release
from bricklane_local.forge.releases.wire import release_wire

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

NOTES_LIMIT = 125_000


class Releases:
    """The releases of all repositories.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_release", Release)
        self.assets = Assets(forge)

    def visible(self, repository: Repository, caller: Caller) -> list[Release]:
        """Return the releases that ``caller`` may see, newest first."""
        found = self._records.under(repository.parent, descending=True)
        drafts = self._sees_drafts(repository, caller)
        return [release for release in found if drafts or not release.draft]

    def _sees_drafts(self, repository: Repository, caller: Caller) -> bool:
        role = self._forge.repositories.role(repository, caller)
        return role in ("write", "maintain", "admin") and caller.permits("contents:write")

    def get(self, repository: Repository, caller: Caller, number: int) -> Release:
        """Return one release.

        Raises:
            ForgeApiError: 404, for a draft that ``caller`` may not see too.
        """
        release = self._records.get(f"{repository.id}/{number}")
        if release.draft and not self._sees_drafts(repository, caller):
            raise not_found()
        return release

    def published(self, repository: Repository, tag: str) -> Release | None:
        """Return the published release of a tag, or None."""
        found = self._records.under(repository.parent)
        return next((item for item in found if item.tag == tag and not item.draft), None)

    def latest(self, repository: Repository) -> Release:
        """Return the latest release.

        Raises:
            ForgeApiError: 404 when there is none that is neither draft nor prerelease.
        """
        found = [
            release
            for release in self._records.under(repository.parent)
            if release.latest and not release.draft and not release.prerelease
        ]
        if not found:
            raise not_found()
        return max(found, key=lambda release: (release.published_at, release.id))

    async def create(
        self, repository: Repository, caller: Caller, values: dict[str, Any]
    ) -> Release:
        """Make a release.

        Args:
            repository: where.
            caller: its author.
            values: ``tag``, and of the other fields of :class:`Release` those that are not usual.

        Raises:
            ForgeApiError: 422 when the tag has a release, or a value is not allowed.
        """
        now = self._forge.clock.now()
        usual: dict[str, Any] = {
            "name": "",
            "body": "",
            "target": repository.default_branch,
            "draft": False,
            "prerelease": False,
            "latest": True,
        }
        release = Release(
            id=self._forge.next_id(),
            author=caller.user.login,
            created_at=now,
            published_at=0,
            **(usual | values),
        )
        async with self._forge.lock(repository.id):
            return await self._save(repository, caller, None, release)

    async def update(
        self, repository: Repository, caller: Caller, number: int, values: dict[str, Any]
    ) -> Release:
        """Change a release; taking its draft mark away publishes it.

        Raises:
            ForgeApiError: 404, or 422 when a value is not allowed.
        """
        async with self._forge.lock(repository.id):
            before = self.get(repository, caller, number)
            return await self._save(repository, caller, before, replace(before, **values))

    async def _save(
        self, repository: Repository, caller: Caller, before: Release | None, release: Release
    ) -> Release:
        await self._check(repository, release)
        publishing = not release.draft and not release.published_at
        if not release.draft:
            await self._tag(repository, caller, release)
        if publishing:
            release = replace(release, published_at=self._forge.clock.now())
        with self._forge.transaction():
            key = f"{repository.id}/{release.id}"
            self._records.put(key, release, parent=repository.parent, position=release.id)
            actions = ["created"] if before is None else ["edited"]
            if publishing:
                actions += ["published", "prereleased" if release.prerelease else "released"]
            for action in actions:
                self._publish(repository, caller, release, action)
        return release

    async def _check(self, repository: Repository, release: Release) -> None:
        try:
            check_ref(TAGS + release.tag)
        except BadName:
            raise custom("Release", "tag_name is not a valid tag") from None
        checked_body("Release", release.name)
        if len(release.body) > NOTES_LIMIT:
            raise custom("Release", f"body is too long (maximum is {NOTES_LIMIT} characters)")
        other = self.published(repository, release.tag)
        if other is not None and other.id != release.id and not release.draft:
            raise invalid("Release", "tag_name", "already_exists")
        bare = self._forge.git.repository(repository.id)
        tags = await refs.read(bare, [TAGS + release.tag])
        if tags[TAGS + release.tag] is None and await refs.find(bare, release.target) is None:
            raise invalid("Release", "target_commitish")

    async def _tag(self, repository: Repository, caller: Caller, release: Release) -> None:
        bare, ref = self._forge.git.repository(repository.id), TAGS + release.tag
        if (await refs.read(bare, [ref]))[ref] is not None:
            return
        target = await refs.resolve(bare, release.target)
        try:
            change = RefChange(ref, None, target)
            await self._forge.git.change_refs(repository.id, actor(caller), [change])
        except Refused as refused:
            raise custom("Release", refused.message) from None
        except GitFailure as failure:
            raise custom("Release", f"The tag cannot be made: {failure.message}") from None

    def delete(self, repository: Repository, caller: Caller, number: int) -> None:
        """Remove a release and what is attached to it; its tag stays."""
        release = self.get(repository, caller, number)
        with self._forge.transaction():
            self._publish(repository, caller, release, "deleted")
            self.assets.remove_all(repository, number)
            self._records.remove(f"{repository.id}/{number}")

    def _publish(
        self, repository: Repository, caller: Caller, release: Release, action: str
    ) -> None:
        payload = {"action": action, "release": release_wire(self._forge, repository, release)}
        ref = TAGS + release.tag
        self._forge.publish("release", repository, caller, payload, ref=ref)
