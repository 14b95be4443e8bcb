"""The config file that points Databricks clients at a cloud; ``~/.databrickscfg`` is never touched.

Source: https://docs.databricks.com/en/dev-tools/auth/config-profiles.html
"""

from __future__ import annotations

import configparser
import io
from typing import TYPE_CHECKING

from bricklane_local.errors import LocalError
from bricklane_local.files import write_atomically

if TYPE_CHECKING:
    from bricklane_local.cloud import Cloud

# The SDKs hold themselves to 15 requests a second for the sake of a shared service; this one is
# the user's own.
RATE_LIMIT = "1000"
ACCOUNT_PROFILE = "account"


def write_client_config(cloud: Cloud) -> None:
    """Write one profile for each workspace and one for the account.

    Tokens and the secret that clients already have are kept.

    Raises:
        LocalError: when the present file cannot be read as a config file.
    """
    path = cloud.paths.client_config
    present = configparser.ConfigParser(interpolation=None)
    try:
        present.read(path, encoding="utf-8")
    except configparser.Error as error:
        raise LocalError(
            f"{path} is not a Databricks config file: {error}", hint=f"delete {path}"
        ) from None
    profiles = configparser.ConfigParser(interpolation=None)
    for workspace in cloud.workspaces.values():
        token = present.get(workspace.name, "token", fallback="")
        if not token or not cloud.tokens.is_valid(token, workspace.name):
            token = cloud.tokens.issue_personal(
                workspace.name, cloud.administrator, "bricklane local"
            )
        profiles[workspace.name] = {
            "host": workspace.host,
            "token": token,
            "rate_limit": RATE_LIMIT,
        }
    profiles[ACCOUNT_PROFILE] = _account(cloud, present)
    text = io.StringIO()
    profiles.write(text)
    write_atomically(path, text.getvalue().encode())


def _account(cloud: Cloud, present: configparser.ConfigParser) -> dict[str, str]:
    machine = cloud.account_machine()
    secret = present.get(ACCOUNT_PROFILE, "client_secret", fallback="")
    if not secret or not cloud.oauth_secrets.proves(machine.user_name, secret):
        # The file is the only place that has the value of a secret: without it all are useless.
        for lost in cloud.oauth_secrets.list(machine.id):
            cloud.oauth_secrets.delete(machine.id, lost["id"])
        secret = cloud.oauth_secrets.create(machine.id, None)["secret"]
    return {
        "host": cloud.account.host,
        "account_id": cloud.account_id,
        "client_id": machine.user_name,
        "client_secret": secret,
        "rate_limit": RATE_LIMIT,
    }
