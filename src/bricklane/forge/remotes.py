"""Where a git remote points: host, owner and name, whichever way its URL is written."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from bricklane.errors import ExitCode
from bricklane.forge.errors import ForgeError

# user@host:path, git's own short form for SSH; a Windows drive has one letter before the colon.
SHORT = re.compile(r"^(?:[^@/\s]+@)?(?P<host>[^:/\s]{2,}|\[[^\]]+\]):(?!//)(?P<path>.+)$")
WEB = frozenset({"http", "https"})
SECURE_SHELL = frozenset({"ssh", "git+ssh", "ssh+git"})
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})
# GitHub takes SSH on port 443 under a name of its own.
SSH_NAMES = {"ssh.github.com": "github.com"}


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository as a git remote names it.

    Args:
        scheme: ``http`` or ``https``, by which the forge's pages and API are reached.
        host: name and, where it is not the scheme's own, port of the web server.
        repository: ``owner/name``.
        over_http: whether git itself talks HTTP to it; otherwise it is SSH.
    """

    scheme: str
    host: str
    repository: str
    over_http: bool

    @property
    def origin(self) -> str:
        """The root of the web server, such as ``https://github.com/``."""
        return f"{self.scheme}://{self.host}/"


def without_credentials(url: str) -> str:
    """Return ``url`` as it may be shown."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)


def parse(url: str) -> Remote:
    """Return where ``url`` points.

    Args:
        url: ``https://host/owner/name.git``, ``ssh://git@host/owner/name`` or
            ``git@host:owner/name``; credentials in it are dropped.

    Raises:
        ForgeError: when it names no repository on a host, such as a path of this machine.
    """
    url = url.strip()
    if "://" in url:
        parts = urlsplit(url)
        scheme, path = parts.scheme.lower(), parts.path
        if scheme in WEB and parts.hostname:
            host = parts.netloc.rpartition("@")[2].lower()
            return _remote(url, scheme, host, path, over_http=True)
        if scheme in SECURE_SHELL and parts.hostname:
            name = parts.hostname.lower()
            return _remote(url, "https", SSH_NAMES.get(name, name), path, over_http=False)
    elif match := SHORT.match(url):
        host = match["host"].lower()
        return _remote(url, "https", SSH_NAMES.get(host, host), match["path"], over_http=False)
    raise _no_repository(url)


def _remote(url: str, scheme: str, host: str, path: str, *, over_http: bool) -> Remote:
    names = [unquote(name) for name in path.strip("/").removesuffix(".git").split("/") if name]
    if len(names) < 2:
        raise _no_repository(url)
    return Remote(scheme, host, "/".join(names[-2:]), over_http)


def _no_repository(url: str) -> ForgeError:
    return ForgeError(
        f"the git remote {without_credentials(url)!r} names no repository on a forge",
        hint="point the remote at the forge: git remote set-url origin"
        " https://HOST/OWNER/NAME.git\nor name it in bricklane.toml: [forge] repository ="
        ' "OWNER/NAME" and api = "https://HOST/api/v3"',
        exit_code=ExitCode.CONFIG,
    )


def is_loopback(host: str) -> bool:
    """Return whether ``host``, with or without a port, is this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def past_proxies(host: str) -> dict[str, str]:
    """Return the environment in which clients ask a forge on this machine themselves.

    A proxy of the network, which ``HTTP_PROXY`` names, would look for it on its own machine.

    Args:
        host: of the forge, with or without a port.
    """
    proxies = [key for key in os.environ if key.lower() in PROXIES]
    if not is_loopback(host) or not proxies:
        return {}
    name = urlsplit(f"//{host}").hostname or ""
    present = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    listed = present.split(",") if present else []
    together = ",".join([*listed, *({name} - set(listed))])
    return {"no_proxy": together, "NO_PROXY": together}
