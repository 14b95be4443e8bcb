"""Releases and their assets as they are stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """A release; a draft has no tag in git until it is published.

    Args:
        id: number on the whole forge.
        tag: that it belongs to, or will create.
        name: title.
        body: notes, Markdown.
        author: login.
        target: branch or commit that publishing tags, when the tag does not exist.
        draft: whether only those who may write see it.
        prerelease: whether it is never the latest.
        latest: whether it may be the latest.
        created_at: milliseconds since the epoch.
        published_at: likewise; 0 for a draft.
    """

    id: int
    tag: str
    name: str
    body: str
    author: str
    target: str
    draft: bool
    prerelease: bool
    latest: bool
    created_at: int
    published_at: int


@dataclass(frozen=True, slots=True)
class Asset:
    """A file attached to a release; its bytes are a blob.

    Args:
        id: number on the whole forge.
        release: id of the release.
        name: file name, unique in the release.
        label: shown instead of the name, or empty.
        content_type: media type.
        size: bytes.
        digest: SHA-256, hexadecimal.
        uploader: login.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
        downloads: how often it was fetched.
    """

    id: int
    release: int
    name: str
    label: str
    content_type: str
    size: int
    digest: str
    uploader: str
    created_at: int
    updated_at: int
    downloads: int = 0
