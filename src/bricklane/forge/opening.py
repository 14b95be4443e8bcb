"""From a project's settings to its forge, and to git commands that may talk to it."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from urllib.parse import urlsplit

from bricklane.errors import BricklaneError, ExitCode
from bricklane.forge.errors import ForgeError, ForgeUnauthenticated
from bricklane.forge.protocol import Forge
from bricklane.forge.remotes import (
    Remote,
    is_loopback,
    parse,
    past_proxies,
    without_credentials,
)
from bricklane.forge.tokens import Token, find_token
from bricklane.process import Command, CommandFailed, run
from bricklane.project.settings import Settings

# What can stand in a header of HTTP.
TOKEN = re.compile(r"[\x21-\x7e]+")
NAME = re.compile(r"^[\w.-]+/[\w.-]+$", re.ASCII)
# The exit status of `git remote get-url` then; others tell that there is no repository at all.
NO_SUCH_REMOTE = 2
NEEDS = (
    "a fine-grained token needs, for this repository: contents, pull requests, deployments,"
    " commit statuses and actions, each read and write; a classic one the scope `repo`"
)


@dataclass(frozen=True, slots=True)
class Adapter:
    """One kind of forge.

    Args:
        module: imported when it is used; its ``connect(api, repository, token, token_from)``
            returns the forge.
        api: returns the root of the REST API of a web server.
        api_variable: the environment variable by which its CI names the API.
        repository_variable: the environment variable by which its CI names the repository.
        user: whom git's HTTP authentication names beside the token.
    """

    module: str
    api: Callable[[str, str], str]
    api_variable: str
    repository_variable: str
    user: str


def _github_api(scheme: str, host: str) -> str:
    """Return the API of github.com, of a GHE.com subdomain, or of a GitHub Enterprise server.

    https://docs.github.com/enterprise-cloud@latest/admin/data-residency
    https://docs.github.com/enterprise-server/rest/enterprise-admin
    """
    if host in {"github.com", "www.github.com"}:
        return "https://api.github.com"
    if host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"{scheme}://{host}/api/v3"


# Adapters to come are rows here.
ADAPTERS: Mapping[str, Adapter] = {
    "github": Adapter(
        module="bricklane.forge.github.adapter",
        api=_github_api,
        api_variable="GITHUB_API_URL",
        repository_variable="GITHUB_REPOSITORY",
        user="x-access-token",
    ),
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the project's repository is.

    Args:
        adapter: the row of its kind of forge.
        repository: ``owner/name``.
        api: root of the REST API.
        remote: what the git remote says; None when there is none.
    """

    adapter: Adapter
    repository: str
    api: str
    remote: Remote | None

    @property
    def origin(self) -> str:
        """The root of the web server, for which credentials are kept."""
        if self.remote is not None:
            return self.remote.origin
        host = urlsplit(self.api).netloc
        return f"{urlsplit(self.api).scheme}://{host.removeprefix('api.')}/"


def open_forge(settings: Settings, token: str | None = None) -> Forge:
    """Return the forge of a project; nothing is asked of it yet.

    Args:
        settings: of the project.
        token: to use; by default it is looked for where the settings say, else where the user is
            signed in.

    Raises:
        ForgeError: when the repository cannot be told, the kind is unknown, or a token would
            travel in clear text.
        ForgeUnauthenticated: when there is no token.
    """
    address = locate(settings)
    found = _token(settings, address, token)
    if found is None:
        variable = settings.forge.token_variable
        raise ForgeUnauthenticated(
            f"there is no token for {address.repository} on {address.origin}",
            hint=f"set the environment variable {variable}, or sign in with `gh auth login`;"
            f" in a workflow: env: {variable}: ${{{{ github.token }}}}\n{NEEDS}",
            exit_code=ExitCode.CONFIG,
        )
    connect = import_module(address.adapter.module).connect
    forge: Forge = connect(address.api, address.repository, found.value, found.source)
    return forge


def locate(settings: Settings, remote: Remote | None = None) -> Address:
    """Return where the project's repository is, from its settings, CI, or its git remote.

    Args:
        settings: of the project.
        remote: what its git remote says; git is asked by default.

    Raises:
        ForgeError: when none of them tells.
    """
    wanted = settings.forge
    adapter = ADAPTERS.get(wanted.kind)
    if adapter is None:
        raise ForgeError(
            f"there is no adapter for the forge {wanted.kind!r}",
            hint=f"[forge] kind in bricklane.toml is one of: {', '.join(sorted(ADAPTERS))}",
            exit_code=ExitCode.CONFIG,
        )
    repository = wanted.repository or os.environ.get(adapter.repository_variable, "")
    api = wanted.api or os.environ.get(adapter.api_variable, "")
    remote = remote or _remote(settings, required=not (repository and api))
    if remote is not None:
        repository = repository or remote.repository
        api = api or adapter.api(remote.scheme, remote.host)
    if not NAME.match(repository):
        raise ForgeError(
            f"{repository!r} is not the name of a repository",
            hint="[forge] repository in bricklane.toml is written owner/name",
            exit_code=ExitCode.CONFIG,
        )
    _check_secure(api)
    return Address(adapter, repository, api.rstrip("/"), remote)


def git_environment(settings: Settings, token: str | None = None) -> Mapping[str, str]:
    """Return the environment in which git talks to the remote as the token's owner.

    The token travels in git's configuration by environment, so that it stands in no argument list,
    no remote and no file. A header that somebody else configured for the host is put out of force.
    A remote over SSH needs none of it; without a token git is left to its own credentials.

    Args:
        settings: of the project.
        token: as for :func:`open_forge`.

    Returns:
        What to add to the environment of git commands; holds secrets, see :func:`git_secrets`.
    """
    silent = {"GIT_TERMINAL_PROMPT": "0"}
    remote = _remote(settings, required=False)
    if remote is None or not remote.over_http:
        return silent
    silent |= past_proxies(remote.host)
    address = locate(settings, remote)
    found = _token(settings, address, token)
    if found is None:
        return silent
    _check_secure(remote.origin)
    basic = base64.b64encode(f"{address.adapter.user}:{found.value}".encode()).decode("ascii")
    key = f"http.{remote.origin}.extraHeader"
    # An empty value empties the list of headers that came before.
    entries = [(key, ""), (key, f"Authorization: Basic {basic}")]
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    environment = {**silent, "GIT_CONFIG_COUNT": str(count + len(entries))}
    for index, (name, value) in enumerate(entries, start=count):
        environment[f"GIT_CONFIG_KEY_{index}"] = name
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    return environment


def git_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what must be replaced in the output of commands that run in ``environment``.

    Args:
        environment: from :func:`git_environment`.
    """
    secrets = []
    for name, value in environment.items():
        basic = value.partition("Authorization: Basic ")[2]
        if name.startswith("GIT_CONFIG_VALUE_") and basic:
            secrets += [basic, base64.b64decode(basic).decode().partition(":")[2]]
    return tuple(secrets)


def _token(settings: Settings, address: Address, given: str | None) -> Token | None:
    found = _any_token(settings, address, given)
    if found is not None and not TOKEN.fullmatch(found.value):
        raise ForgeUnauthenticated(
            f"what {found.source} has is no token: spaces, line ends and letters other than ASCII"
            " are in none",
            hint=f"copy the token again\n{NEEDS}",
            exit_code=ExitCode.CONFIG,
        )
    return found


def _any_token(settings: Settings, address: Address, given: str | None) -> Token | None:
    if given:
        return Token(given, "the one who called")
    return find_token(settings.forge.token_variable, address.origin, settings.root)


def _remote(settings: Settings, *, required: bool) -> Remote | None:
    name = settings.gitflow.remote
    try:
        url = run(Command(("git", "remote", "get-url", name), settings.root)).output.strip()
    except CommandFailed as error:
        if not required:
            return None
        if error.result.code != NO_SUCH_REMOTE:
            raise
        raise ForgeError(
            f"{settings.root} has no git remote {name!r}, so its forge is unknown",
            hint=f"git remote add {name} https://HOST/OWNER/NAME.git\nor set repository and api"
            " under [forge] in bricklane.toml",
            exit_code=ExitCode.CONFIG,
        ) from None
    try:
        remote = parse(url)
    except ForgeError:
        if required:
            raise
        return None
    return remote if remote.over_http else replace(remote, host=_ssh_host(settings, remote.host))


def _ssh_host(settings: Settings, host: str) -> str:
    """Return the server that SSH means by ``host``, which may be an alias of ~/.ssh/config."""
    if "." in host:
        return host
    try:
        told = run(Command(("ssh", "-G", host), settings.root, timeout=10.0)).output
    except BricklaneError:  # Without ssh, or with a broken configuration, the name has to do.
        return host
    names = [line.split(None, 1)[1] for line in told.splitlines() if line.startswith("hostname ")]
    return names[0].strip().lower() if names else host


def _check_secure(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ForgeError(
            f"{without_credentials(url)!r} is not the URL of a forge's API",
            hint="[forge] api in bricklane.toml is written https://HOST/api/v3",
            exit_code=ExitCode.CONFIG,
        )
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc)):
        return
    raise ForgeError(
        f"a token would travel to {parts.netloc or url} in clear text",
        hint="use an https:// URL for the remote and for [forge] api; plain http is for this"
        " machine only",
        exit_code=ExitCode.CONFIG,
    )
