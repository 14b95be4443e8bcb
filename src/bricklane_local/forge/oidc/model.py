"""What the forge remembers of OpenID Connect."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Template:
    """How the subjects of a repository's or organisation's ID tokens look.

    Args:
        use_default: of a repository: whether ``keys`` do not count.
        keys: what a subject is made of; of a repository, None or empty for what its organisation
            says, if anything.
        immutable: whether ids stand in the subject; None for what follows from the organisation,
            or else from the day on which the repository was made.
    """

    use_default: bool = True
    keys: list[str] | None = None
    immutable: bool | None = None


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a job may ask ID tokens with.

    Args:
        digest: of the request token.
        claims: about the job; all but the standard ones.
        expires_at: milliseconds since the epoch.
    """

    digest: str
    expires_at: int
    claims: dict[str, str] = field(default_factory=dict)
