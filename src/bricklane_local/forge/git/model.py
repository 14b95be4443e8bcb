"""What the forge knows of git: who changes refs, and the objects as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

HEADS = "refs/heads/"
TAGS = "refs/tags/"
PULLS = "refs/pull/"
ZERO = "0" * 40


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes refs.

    Args:
        login: the account.
        job: id of the workflow job whose own token acts; 0 for a person's.
        on_behalf_of: login of who started that job's run.
    """

    login: str
    job: int = 0
    on_behalf_of: str = ""


# Named as the one who changed refs behind the forge's back, as GitHub names accounts that are gone.
GHOST = Actor("ghost")


@dataclass(frozen=True, slots=True)
class RefChange:
    """One ref from one value to another.

    Args:
        ref: full name, such as ``refs/heads/main``.
        before: its old value; None when it is created.
        after: its new value; None when it is deleted.
        forced: whether the new value does not contain the old one.
    """

    ref: str
    before: str | None
    after: str | None
    forced: bool = False

    @property
    def branch(self) -> str | None:
        """The branch's name, or None for another ref."""
        return self.ref.removeprefix(HEADS) if self.ref.startswith(HEADS) else None

    @property
    def tag(self) -> str | None:
        """The tag's name, or None for another ref."""
        return self.ref.removeprefix(TAGS) if self.ref.startswith(TAGS) else None


@dataclass(frozen=True, slots=True)
class Push:
    """Refs that one actor changes at once.

    Args:
        id: unique; the same push never gets a second one.
        repository: number of the repository.
        actor: who.
        changes: what.
        objects: folders that hold objects not yet in the repository, while the push is being
            judged.
    """

    id: str
    repository: int
    actor: Actor
    changes: tuple[RefChange, ...]
    objects: str = ""

    def body(self) -> dict[str, Any]:
        """Return what is stored while the push is under way."""
        body = asdict(self)
        del body["objects"]
        return body

    @classmethod
    def load(cls, body: Mapping[str, Any]) -> Push:
        """Return the push that ``body`` describes."""
        changes = tuple(RefChange(**change) for change in body["changes"])
        return cls(body["id"], body["repository"], Actor(**body["actor"]), changes)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a ref may not change.

    Args:
        ref: full name.
        code: ``GH006`` for a protected branch, ``GH013`` for a ruleset; clients look for them.
        reasons: one line each.
    """

    ref: str
    code: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """An author, committer or tagger.

    Args:
        name: for people.
        email: address.
        when: seconds since the epoch; None for the present moment.
        offset: of the time zone, in minutes east of UTC.
    """

    name: str
    email: str
    when: int | None = None
    offset: int = 0

    @property
    def date(self) -> datetime:
        """The moment, with time zone; 1970 when it is open."""
        zone = timezone(timedelta(minutes=self.offset)) if self.offset else UTC
        return datetime.fromtimestamp(self.when or 0, zone)


# Who commits what the web interface of the forge writes, as on GitHub.
FORGE = Person("GitHub", "noreply@github.com")


@dataclass(frozen=True, slots=True)
class CommitData:
    """A commit object.

    Args:
        sha: its name.
        tree: of its tree.
        parents: of its parents.
        author: who wrote it.
        committer: who made the object.
        message: whole.
        signature: PGP or SSH signature; empty for none.
        signed: the bytes, as text, that the signature is about.
    """

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str
    signature: str = ""
    signed: str = ""


@dataclass(frozen=True, slots=True)
class TagData:
    """An annotated tag's object.

    Args:
        sha: its name.
        target: the object it points at.
        kind: of that object: ``commit``, ``tree``, ``blob`` or ``tag``.
        name: of the tag.
        tagger: who made it; None in tags of old.
        message: whole.
    """

    sha: str
    target: str
    kind: str
    name: str
    tagger: Person | None
    message: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree.

    Args:
        path: from the tree's root.
        mode: six octal digits.
        kind: ``blob``, ``tree`` or ``commit`` (a submodule).
        sha: of the object.
        size: of a blob in bytes; None for others.
    """

    path: str
    mode: str
    kind: str
    sha: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a comparison.

    Args:
        path: its name afterwards, or before if it was removed.
        previous: its name before, when it was renamed or copied.
        status: ``added``, ``removed``, ``modified``, ``renamed``, ``copied`` or ``changed``.
        additions: lines.
        deletions: lines.
        sha: of its blob, the old one when it was removed.
        patch: hunks; None for binary files.
    """

    path: str
    previous: str | None
    status: str
    additions: int
    deletions: int
    sha: str
    patch: str | None
