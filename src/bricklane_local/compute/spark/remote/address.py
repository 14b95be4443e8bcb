"""Connection strings of Spark Connect.

Source: https://github.com/apache/spark/blob/master/sql/connect/docs/client-connection-string.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bricklane_local.errors import LocalError

DEFAULT_PORT = 15002
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
_FORM = re.compile(
    r"sc://(?P<host>\[[0-9A-Fa-f:]+\]|[^/:;@\s]+)(?::(?P<port>[0-9]+))?(?:/(?P<rest>.*))?"
)
_HINT = "the form is sc://HOST:PORT, or sc://HOST:PORT/;token=TOKEN"


@dataclass(frozen=True, slots=True)
class RemoteAddress:
    """Where a Spark Connect server listens.

    Args:
        host: its name or address.
        port: its port.
        tls: whether it is spoken to by TLS.
    """

    host: str
    port: int = DEFAULT_PORT
    tls: bool = False

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"sc://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The connection string without a token."""
        return f"{self.name}/;use_ssl=true" if self.tls else self.name


def parse_remote(text: str) -> tuple[RemoteAddress, str]:
    """Read a connection string.

    A token goes to another machine by TLS only, as clients of Spark Connect have it; this machine
    is called ``localhost``, the one name that they send a token to without.

    Args:
        text: the connection string.

    Returns:
        The address, and the token or "".

    Raises:
        LocalError: when it is none, or has a parameter that is not supported. A token is never in
            the message.
    """
    shown = text.partition(";")[0]
    found = _FORM.fullmatch(text)
    if found is None:
        raise LocalError(f"--spark-remote: {shown!r} is no address of Spark Connect", hint=_HINT)
    port = int(found["port"] or DEFAULT_PORT)
    if not 0 < port < 65536:
        raise LocalError(f"--spark-remote: {shown!r} has the port {port}", hint=_HINT)
    parameters = _parameters(shown, found["rest"] or "")
    local = found["host"].lower() in LOOPBACK_NAMES
    tls = parameters.get("use_ssl", "" if local else "true").lower() == "true"
    if not tls and not local:
        raise LocalError(
            f"--spark-remote: {shown!r} is another machine, to which a token goes by TLS only",
            hint="leave out use_ssl=false and put a proxy with TLS before it\n"
            "or reach it by a tunnel that ends on this machine, such as ssh -L",
        )
    host = "localhost" if local else found["host"]
    return RemoteAddress(host, port, tls), parameters.get("token", "")


def _parameters(shown: str, rest: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in rest.split(";") if pair]
    parameters = {name: value for name, _, value in pairs}
    for name in parameters:
        if name not in ("token", "use_ssl"):
            raise LocalError(
                f"--spark-remote: {shown!r} has the parameter {name!r}, which is not supported",
                hint="token and use_ssl are; the user of a session is the one that a run acts as",
            )
    return parameters
