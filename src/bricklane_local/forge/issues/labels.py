"""Keeps the labels of repositories.

Source: https://docs.github.com/en/rest/issues/labels
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.errors import custom, invalid
from bricklane_local.forge.issues.model import Label
from bricklane_local.forge.records import Records

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

COLOR = re.compile(r"[0-9a-fA-F]{6}")
NAME_LIMIT, DESCRIPTION_LIMIT = 50, 100
UNCHOSEN = "ededed"
# What every new repository has.
DEFAULTS = (
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("question", "d876e3", "Further information is requested"),
)


class Labels:
    """The labels of all repositories.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_label", Label)

    def add_defaults(self, repository: Repository) -> None:
        """Give a new repository the labels that each has."""
        for name, color, description in DEFAULTS:
            label = Label(self._forge.next_id(), name, color, description, default=True)
            self._store(repository, label)

    def all(self, repository: Repository) -> list[Label]:
        """Return the labels of a repository by name."""
        found = self._records.under(repository.parent)
        return sorted(found, key=lambda label: label.name.lower())

    def get(self, repository: Repository, name: str) -> Label:
        """Return a label.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(_key(repository, name))

    def shown(self, repository: Repository, name: str) -> Label:
        """Return a label, or what is shown of one that is gone."""
        return self._records.find(_key(repository, name)) or Label(0, name, UNCHOSEN)

    def create(
        self, repository: Repository, name: str, color: str | None, description: str | None
    ) -> Label:
        """Make a label.

        Raises:
            ForgeApiError: 422 when the name is taken, or a value is not allowed.
        """
        _check(name, color, description)
        if self._records.find(_key(repository, name)) is not None:
            raise invalid("Label", "name", "already_exists")
        label = Label(self._forge.next_id(), name, color or UNCHOSEN, description or "")
        return self._store(repository, label)

    def update(self, repository: Repository, label: Label, changes: dict[str, Any]) -> Label:
        """Change a label's name, color or description; issues follow a new name."""
        changed = replace(label, **changes)
        _check(changed.name, changed.color, changed.description)
        key = _key(repository, changed.name)
        renamed = key != _key(repository, label.name)
        if renamed and self._records.find(key) is not None:
            raise invalid("Label", "name", "already_exists")
        with self._forge.transaction():
            self._records.remove(_key(repository, label.name))
            self._replace_in_issues(repository, label.name, changed.name)
            return self._store(repository, changed)

    def delete(self, repository: Repository, label: Label) -> None:
        """Remove a label, from all issues too."""
        with self._forge.transaction():
            self._records.remove(_key(repository, label.name))
            self._replace_in_issues(repository, label.name, None)

    def _replace_in_issues(self, repository: Repository, old: str, new: str | None) -> None:
        for issue in self._forge.issues.all(repository):
            if old in issue.labels and old != new:
                kept = [new if name == old else name for name in issue.labels]
                names = [name for name in kept if name is not None]
                self._forge.issues.store(repository, replace(issue, labels=names))

    def named(self, repository: Repository, names: Sequence[str]) -> list[str]:
        """Return the labels' own spelling of ``names``; those that are new are made."""
        found = []
        for name in names:
            label = self._records.find(_key(repository, name))
            found.append((label or self.create(repository, name, None, None)).name)
        return list(dict.fromkeys(found))

    def _store(self, repository: Repository, label: Label) -> Label:
        return self._records.put(
            _key(repository, label.name), label, parent=repository.parent, position=label.id
        )


def _key(repository: Repository, name: str) -> str:
    return f"{repository.id}/{name.lower()}"


def _check(name: str, color: str | None, description: str | None) -> None:
    if not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > NAME_LIMIT:
        raise custom("Label", f"name is too long (maximum is {NAME_LIMIT} characters)")
    if color is not None and not COLOR.fullmatch(color):
        raise invalid("Label", "color")
    if description is not None and len(description) > DESCRIPTION_LIMIT:
        message = f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
        raise custom("Label", message)
