"""Where a Spark Connect server is, and by which token it lets the cloud in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SparkEndpoint:
    """Where Spark can be reached.

    Args:
        port: port of Spark Connect.
        token: what a client must present.
        host: the machine. It is ``localhost`` for this one because pyspark sends a token without
            TLS to that name only.
        tls: whether it is spoken to by TLS.
    """

    port: int
    token: str
    host: str = "localhost"
    tls: bool = False

    @property
    def remote(self) -> str:
        """The connection string without the token."""
        return f"sc://{self.host}:{self.port}" + ("/;use_ssl=true" if self.tls else "")

    @property
    def remote_with_token(self) -> str:
        """The connection string for ``SparkSession.builder.remote``; a secret."""
        return f"{self.remote}{';' if self.tls else '/;'}token={self.token}"

    def __repr__(self) -> str:
        return f"SparkEndpoint({self.remote!r})"
