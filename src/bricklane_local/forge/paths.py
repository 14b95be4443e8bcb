"""Where the forge keeps what, below the folder that ``StatePaths`` gives it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ForgePaths:
    """The layout of the forge's folder.

    Args:
        root: the folder itself.
        credentials: the file of the users' tokens (0600), beside the cloud's other client files.
    """

    root: Path
    credentials: Path

    @property
    def secrets_key(self) -> Path:
        """The key that secrets are encrypted with at rest (0600)."""
        return self.root / "secrets.key"

    @property
    def oidc_key(self) -> Path:
        """The private key that ID tokens are signed with (PEM, 0600)."""
        return self.root / "oidc.pem"

    @property
    def runs(self) -> Path:
        """Work folders and logs of workflow runs, by run id."""
        return self.root / "runs"

    @property
    def git(self) -> Path:
        """The bare repositories, by id."""
        return self.root / "git"
