"""Finding a way into a target's workspace among the credentials that are at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bricklane.bundle.access import HOST, PROFILE
from bricklane.doctor.credentials import PATIENCE, TIMEOUT, Credentials, Refused, signed_in
from bricklane.provision.credentials import CHOOSING, M2M

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    from bricklane.doctor.target import Target


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into a workspace that works.

    Args:
        client: of the workspace.
        user: who that is there.
        source: where the credentials come from, for messages.
        environment: what makes the Databricks CLI go the same way; may hold secrets.
        remove: variables that would lead it elsewhere.
    """

    client: WorkspaceClient
    user: str
    source: str
    environment: Mapping[str, str] = field(repr=False)
    remove: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Way:
    source: str
    config: Config
    environment: Mapping[str, str] = field(repr=False)
    remove: frozenset[str] = frozenset()


def enter(target: Target) -> Entry | tuple[str, ...]:
    """Return the first way in that works; else why each of those there are does not.

    Args:
        target: whose workspace.

    Raises:
        NotChecked: when nothing tells where the workspace is.
    """
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors.base import DatabricksError

    reasons = []
    for way in _ways(target):
        if isinstance(way, Refused):
            reasons.append(f"{way.source}: {way.reason}")
            continue
        try:
            client = WorkspaceClient(config=way.config)
            user = str(client.current_user.me().user_name)
        except (DatabricksError, ValueError) as error:
            reasons.append(f"{way.source}: {error}")
        else:
            return Entry(client, user, way.source, way.environment, way.remove)
    return tuple(reasons)


def _ways(target: Target) -> Iterator[_Way | Refused]:
    """Yield ways in: what the user chose, then profiles of the host, then the account's."""
    world, host = target.world, target.host
    usable = [one for one in world.chosen if isinstance(one, Credentials)]
    for one in usable:
        if one.host == host and not one.of_account:
            yield _way(one)
    known = {one.profile for one in usable}
    fitting = [name for name, where in world.hosts_of_profiles.items() if where == host]
    for name in sorted(fitting, key=lambda name: (name != target.name, name)):
        if name not in known:
            found = signed_in(name)
            yield _way(found) if isinstance(found, Credentials) else found
    for one in usable:
        if one.of_account and one.config.auth_type == M2M:
            yield from _of_account(one, host)


def _way(found: Credentials) -> _Way:
    chosen = {PROFILE: found.profile} if found.profile else {}
    return _Way(found.source, found.config, chosen, frozenset())


def _of_account(found: Credentials, host: str) -> Iterator[_Way]:
    """Yield the account's administrator in a workspace, where it may be let in too."""
    from databricks.sdk.config import Config

    client_id, secret = str(found.config.client_id), str(found.config.client_secret)
    try:
        config = Config(
            host=host,
            client_id=client_id,
            client_secret=secret,
            auth_type=M2M,
            http_timeout_seconds=TIMEOUT,
            retry_timeout_seconds=PATIENCE,
        )
    except ValueError:
        return  # Not a failure: nobody said that it is a way into workspaces.
    variables = {
        HOST: host,
        "DATABRICKS_CLIENT_ID": client_id,
        "DATABRICKS_CLIENT_SECRET": secret,
        "DATABRICKS_AUTH_TYPE": M2M,
    }
    yield _Way(found.source, config, variables, CHOOSING - variables.keys())
