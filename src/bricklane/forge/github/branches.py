"""Branches, tags and commits on GitHub."""

from __future__ import annotations

from bricklane.forge.errors import ForgeConflict, ForgeError
from bricklane.forge.github import shapes
from bricklane.forge.github.api import Api, Json, ref
from bricklane.forge.github.refusals import Missing
from bricklane.forge.model import Branch

# https://docs.github.com/rest/commits/commits#compare-two-commits
CONTAINS = frozenset({"ahead", "identical"})
NO_COMMON_ANCESTOR = "no common ancestor"


class Branches:
    """The part of the protocol that is about branches, tags and commits."""

    api: Api

    def branch(self, name: str) -> Branch | None:
        """Return the branch, read from the forge and not from a clone."""
        data = self.api.find(f"branches/{ref(name)}")
        # GitHub answers for a renamed branch with the new one.
        return shapes.branch(data) if data and data["name"] == name else None

    def branches(self, prefix: str = "") -> list[Branch]:
        """Return the branches whose names begin with ``prefix``, sorted by name."""
        if prefix:
            rows = self.api.pages(f"git/matching-refs/heads/{ref(prefix)}")
            names = [row["ref"].removeprefix("refs/heads/") for row in rows]
            found = [branch for branch in map(self.branch, names) if branch]
        else:
            found = [shapes.branch(row) for row in self.api.pages("branches")]
        return sorted(found, key=lambda branch: branch.name)

    def delete_branch(self, name: str) -> None:
        """Delete the branch; one that is gone already is no error."""
        try:
            self.api.drop(f"git/refs/heads/{ref(name)}")
        except ForgeError:
            # GitHub answers 422, as for a rule that forbids it, when there is no such branch.
            if self.branch(name) is not None:
                raise

    def tag(self, name: str) -> str | None:
        """Return the SHA of the commit that the tag points at, through an annotated tag."""
        found: Json | None = self.api.find(f"git/ref/tags/{ref(name)}")
        if found is None:
            return None
        target = found["object"]
        while target["type"] == "tag":
            target = self.api.get(f"git/tags/{target['sha']}")["object"]
        return str(target["sha"])

    def create_tag(self, name: str, commit: str, message: str) -> None:
        """Create an annotated tag; one that points at ``commit`` already is no error.

        Raises:
            ForgeConflict: when a tag of that name points at another commit.
        """
        if self._tagged(name, commit):
            return
        made = self.api.create(
            "git/tags",
            {"tag": name, "message": message, "object": commit, "type": "commit"},
            lambda: None,  # An object that no ref names is nothing that anybody sees.
        )
        try:
            self.api.create(
                "git/refs",
                {"ref": f"refs/tags/{name}", "sha": made["sha"]},
                lambda: self.api.find(f"git/ref/tags/{ref(name)}"),
            )
        except ForgeError:
            if not self._tagged(name, commit):
                raise

    def _tagged(self, name: str, commit: str) -> bool:
        present = self.tag(name)
        if present is not None and present != commit:
            raise ForgeConflict(
                f"the tag {name} exists and points at {present[:12]}, not at {commit[:12]}",
                hint="a tag is never moved: choose the next version, or delete the tag on the"
                " forge if it was a mistake",
            )
        return present is not None

    def tree(self, commit: str) -> str:
        """Return the SHA of the commit's tree."""
        return str(self.api.get(f"git/commits/{ref(commit)}")["tree"]["sha"])

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Return whether ``descendant`` contains ``ancestor``; both are SHAs or branches."""
        try:
            compared = self.api.get(f"compare/{ref(ancestor)}...{ref(descendant)}", per_page=1)
        except Missing as error:
            if NO_COMMON_ANCESTOR in error.message.lower():
                return False
            raise
        return compared["status"] in CONTAINS
