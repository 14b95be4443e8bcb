"""Whose credentials provisioning runs with, and when new ones begin to work."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from databricks.sdk import AccountClient
    from databricks.sdk.config import Config

M2M = "oauth-m2m"
# A new secret, or a principal that was just assigned, is refused for up to some minutes
# (https://github.com/databricks/terraform-provider-databricks/issues/3757).
PATIENCE_SECONDS = 300
PAUSE_SECONDS = 2.0
# What chooses other credentials than those that are handed on.
CHOOSING = frozenset(
    {"DATABRICKS_CONFIG_PROFILE", "DATABRICKS_AUTH_TYPE", "DATABRICKS_TOKEN", "DATABRICKS_HOST"}
)


@dataclass(frozen=True, slots=True)
class Administrator:
    """The administrator of an account, as Terraform gets to know it.

    Args:
        account_id: of the account.
        host: URL of the account's API.
        environment: the variables that say so to the Databricks provider.
        secrets: values among them that are never shown.
        remove: variables that would say otherwise.
        config: for clients of our own.
    """

    account_id: str
    host: str
    environment: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    remove: frozenset[str]
    config: Config = field(repr=False)

    def client(self) -> AccountClient:
        """Return a client of the account."""
        from databricks.sdk import AccountClient

        return AccountClient(config=self.config)


def administrator(profile: str) -> Administrator:
    """Return whom the environment, or a profile of the Databricks config file, names.

    Args:
        profile: of the config file; "" for what the environment says.

    Raises:
        BricklaneError: when nobody is named, or no account.
    """
    from databricks.sdk.config import Config

    try:
        config = Config(profile=profile) if profile else Config()
    except ValueError as error:
        raise BricklaneError(
            f"no administrator of a Databricks account is signed in: {error}", hint=HINT
        ) from None
    if not config.account_id:
        raise BricklaneError(
            f"{config.host} is signed in to, but no account is named",
            hint=HINT,
            exit_code=ExitCode.CONFIG,
        )
    return _administrator(config)


HINT = (
    "name an administrator of the account: DATABRICKS_HOST (such as"
    " https://accounts.cloud.databricks.com), DATABRICKS_ACCOUNT_ID, DATABRICKS_CLIENT_ID and"
    " DATABRICKS_CLIENT_SECRET, or a profile with them: --profile NAME\n"
    "the local cloud has one: DATABRICKS_CONFIG_FILE as `bricklane local up` prints it, and"
    " --profile account"
)


def _administrator(config: Config) -> Administrator:
    account_id, host = str(config.account_id), str(config.host)
    variables = {"DATABRICKS_ACCOUNT_ID": account_id, "DATABRICKS_HOST": host}
    if config.auth_type != M2M:
        # Signed in by another program, such as a cloud's own: the provider asks it too.
        return Administrator(account_id, host, variables, (), frozenset(), config)
    secret = str(config.client_secret)
    variables |= {
        "DATABRICKS_CLIENT_ID": str(config.client_id),
        "DATABRICKS_CLIENT_SECRET": secret,
        "DATABRICKS_AUTH_TYPE": M2M,
    }
    if config.rate_limit:
        variables["DATABRICKS_RATE_LIMIT"] = str(config.rate_limit)
    remove = CHOOSING - variables.keys()
    return Administrator(account_id, host, variables, (secret,), remove, config)


def await_access(host: str, client_id: str, secret: str, say: Callable[[str], None]) -> None:
    """Wait until a service principal can enter a workspace with a secret.

    Args:
        host: URL of the workspace.
        client_id: application id of the service principal.
        secret: its OAuth secret.
        say: called with what is waited for, once.

    Raises:
        BricklaneError: when it still cannot after :data:`PATIENCE_SECONDS`.
    """
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors.base import DatabricksError

    deadline = time.monotonic() + PATIENCE_SECONDS
    told = False
    while True:
        try:
            # A client of its own each time: one remembers that it was refused.
            client = WorkspaceClient(
                host=host, client_id=client_id, client_secret=secret, auth_type=M2M
            )
            client.current_user.me()
        except (DatabricksError, ValueError, OSError) as error:
            if time.monotonic() > deadline:
                raise BricklaneError(
                    f"service principal {client_id} still cannot enter {host} after "
                    f"{PATIENCE_SECONDS} s: {error}",
                    hint="run the command again later; `bricklane doctor` says what is missing",
                ) from None
        else:
            return
        if not told:
            say(f"waiting until {host} knows service principal {client_id}")
            told = True
        time.sleep(PAUSE_SECONDS)
