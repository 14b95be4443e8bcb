"""Issues, comments and labels as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bricklane_local.forge.errors import ForgeApiError, custom, invalid

TITLE_LIMIT, BODY_LIMIT = 256, 65536


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, or the part of a pull request that it has in common with one.

    Args:
        id: number on the whole forge.
        number: within the repository, shared by issues and pull requests.
        title: one line.
        body: Markdown.
        author: login.
        state: ``open`` or ``closed``.
        state_reason: ``completed``, ``not_planned``, ``reopened`` or empty.
        labels: their names.
        assignees: logins.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
        closed_at: likewise; 0 while it is open.
        closed_by: login; empty while it is open.
        pull: what only a pull request has; None for an issue.
    """

    id: int
    number: int
    title: str
    body: str
    author: str
    state: str = "open"
    state_reason: str = ""
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    created_at: int = 0
    updated_at: int = 0
    closed_at: int = 0
    closed_by: str = ""
    pull: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue or pull request.

    Args:
        id: number on the whole forge.
        issue: number of the issue.
        author: login.
        body: Markdown.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
    """

    id: int
    issue: int
    author: str
    body: str
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a repository.

    Args:
        id: number on the whole forge.
        name: unique in the repository without regard to case.
        color: six hexadecimal digits.
        description: for people.
        default: whether the forge made it with the repository.
    """

    id: int
    name: str
    color: str
    description: str = ""
    default: bool = False


def checked_title(resource: str, title: str) -> str:
    """Return ``title`` if an issue or pull request can have it.

    Raises:
        ForgeApiError: 422 when it is blank or too long.
    """
    if not title.strip():
        raise invalid(resource, "title", "missing_field")
    if len(title) > TITLE_LIMIT:
        raise custom(resource, f"title is too long (maximum is {TITLE_LIMIT} characters)")
    return title


def checked_body(resource: str, body: str | None) -> str:
    """Return ``body`` if it is not too long, an empty one for None.

    Raises:
        ForgeApiError: 422.
    """
    if body is not None and len(body) > BODY_LIMIT:
        raise custom(resource, f"body is too long (maximum is {BODY_LIMIT} characters)")
    return body or ""


def gone(what: str) -> ForgeApiError:
    """Return the answer for something that was switched off."""
    return ForgeApiError(410, f"{what} are disabled for this repo")
