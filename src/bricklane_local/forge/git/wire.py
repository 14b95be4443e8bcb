"""Git's objects as the API shows them.

Source: https://docs.github.com/en/rest/commits/commits and https://docs.github.com/en/rest/git
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bricklane_local.forge.git.model import CommitData, FileChange, Person, TagData, TreeEntry
from bricklane_local.forge.git.refs import Ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository


class Wire:
    """Makes JSON of the objects of one repository.

    Args:
        forge: whose accounts authors are looked up in.
        repository: whose objects they are.
    """

    def __init__(self, forge: Forge, repository: Repository) -> None:
        self.api = f"{forge.api}/repos/{repository.full_name}"
        self.page = f"{forge.url}/{repository.full_name}"
        self._forge = forge
        self._accounts = {user.email.lower(): user.login for user in forge.users.all()}

    def account(self, person: Person) -> dict[str, Any] | None:
        """Return the account whose e-mail address a person in git has, or None."""
        login = self._accounts.get(person.email.lower())
        return None if login is None else self._forge.user(login)

    def commit(
        self,
        commit: CommitData,
        files: Sequence[FileChange] | None = None,
    ) -> dict[str, Any]:
        """Return a commit as ``/commits`` shows it; with its files, if they are given."""
        body: dict[str, Any] = {
            "sha": commit.sha,
            "node_id": f"C_{commit.sha}",
            "commit": {
                "author": person(commit.author),
                "committer": person(commit.committer),
                "message": commit.message,
                "tree": self.tree_link(commit.tree),
                "url": f"{self.api}/git/commits/{commit.sha}",
                "comment_count": 0,
                "verification": verification(commit),
            },
            "url": f"{self.api}/commits/{commit.sha}",
            "html_url": f"{self.page}/commit/{commit.sha}",
            "comments_url": f"{self.api}/commits/{commit.sha}/comments",
            "author": self.account(commit.author),
            "committer": self.account(commit.committer),
            "parents": [self._parent(sha, "commits") for sha in commit.parents],
        }
        if files is not None:
            body |= self._files(commit.sha, files)
        return body

    def _files(self, sha: str, files: Sequence[FileChange]) -> dict[str, Any]:
        added = sum(item.additions for item in files)
        removed = sum(item.deletions for item in files)
        stats = {"total": added + removed, "additions": added, "deletions": removed}
        return {"stats": stats, "files": [self.file(sha, item) for item in files]}

    def file(self, sha: str, item: FileChange) -> dict[str, Any]:
        """Return one file of a comparison; ``sha`` is the commit that has it."""
        path = quote(item.path)
        body = {
            "sha": item.sha,
            "filename": item.path,
            "status": item.status,
            "additions": item.additions,
            "deletions": item.deletions,
            "changes": item.additions + item.deletions,
            "blob_url": f"{self.page}/blob/{sha}/{path}",
            "raw_url": f"{self.page}/raw/{sha}/{path}",
            "contents_url": f"{self.api}/contents/{path}?ref={sha}",
        }
        if item.patch is not None:
            body["patch"] = item.patch
        if item.previous is not None:
            body["previous_filename"] = item.previous
        return body

    def git_commit(self, commit: CommitData) -> dict[str, Any]:
        """Return a commit as ``/git/commits`` shows it."""
        return {
            "sha": commit.sha,
            "node_id": f"C_{commit.sha}",
            "url": f"{self.api}/git/commits/{commit.sha}",
            "html_url": f"{self.page}/commit/{commit.sha}",
            "author": person(commit.author),
            "committer": person(commit.committer),
            "message": commit.message,
            "tree": self.tree_link(commit.tree),
            "parents": [self._parent(sha, "git/commits") for sha in commit.parents],
            "verification": verification(commit),
        }

    def _parent(self, sha: str, kind: str) -> dict[str, str]:
        return {
            "sha": sha,
            "url": f"{self.api}/{kind}/{sha}",
            "html_url": f"{self.page}/commit/{sha}",
        }

    def tree_link(self, sha: str) -> dict[str, str]:
        """Return a tree's name and URL."""
        return {"sha": sha, "url": f"{self.api}/git/trees/{sha}"}

    def ref(self, name: str, sha: str, kind: str) -> dict[str, Any]:
        """Return a ref as ``/git/refs`` shows it."""
        return {
            "ref": name,
            "node_id": f"REF_{name}",
            "url": f"{self.api}/git/{quote(name)}",
            "object": {"sha": sha, "type": kind, "url": f"{self.api}/git/{kind}s/{sha}"},
        }

    def tag(self, tag: TagData) -> dict[str, Any]:
        """Return an annotated tag's object."""
        return {
            "node_id": f"TA_{tag.sha}",
            "tag": tag.name,
            "sha": tag.sha,
            "url": f"{self.api}/git/tags/{tag.sha}",
            "message": tag.message,
            "tagger": person(tag.tagger) if tag.tagger is not None else None,
            "object": {
                "type": tag.kind,
                "sha": tag.target,
                "url": f"{self.api}/git/{tag.kind}s/{tag.target}",
            },
            "verification": UNSIGNED,
        }

    def tag_row(self, ref: Ref, name: str) -> dict[str, Any]:
        """Return a tag as ``/tags`` lists it."""
        return {
            "name": name,
            "commit": {"sha": ref.peeled, "url": f"{self.api}/commits/{ref.peeled}"},
            "zipball_url": f"{self.api}/zipball/{quote(ref.name)}",
            "tarball_url": f"{self.api}/tarball/{quote(ref.name)}",
            "node_id": f"REF_{ref.name}",
        }

    def tree_entry(self, entry: TreeEntry) -> dict[str, Any]:
        """Return an entry as ``/git/trees`` lists it."""
        body: dict[str, Any] = {
            "path": entry.path,
            "mode": entry.mode,
            "type": entry.kind,
            "sha": entry.sha,
        }
        if entry.size is not None:
            body["size"] = entry.size
        if entry.kind != "commit":
            body["url"] = f"{self.api}/git/{entry.kind}s/{entry.sha}"
        return body

    def branch(self, name: str, sha: str, *, protected: bool) -> dict[str, Any]:
        """Return a branch as ``/branches`` lists it."""
        address = f"{self.api}/branches/{quote(name, safe='')}/protection"
        return {
            "name": name,
            "commit": {"sha": sha, "url": f"{self.api}/commits/{sha}"},
            "protected": protected,
            "protection": {
                "enabled": protected,
                "required_status_checks": {
                    "enforcement_level": "off",
                    "contexts": [],
                    "checks": [],
                },
            },
            "protection_url": address,
        }


UNSIGNED: dict[str, Any] = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def verification(commit: CommitData) -> dict[str, Any]:
    """Return what is known of a commit's signature: it is shown, never checked here."""
    if not commit.signature:
        return UNSIGNED
    return UNSIGNED | {
        "reason": "unknown_key",
        "signature": commit.signature,
        "payload": commit.signed,
    }


def person(who: Person) -> dict[str, str]:
    """Return an author, committer or tagger; the moment in UTC, as the API has it."""
    date = who.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"name": who.name, "email": who.email, "date": date}
