"""How the Databricks CLI gets into the workspace of a target.

Source: https://docs.databricks.com/dev-tools/auth/unified-auth
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from bricklane.project.bundlefile import BundleTarget

PROFILE = "DATABRICKS_CONFIG_PROFILE"
CONFIG_FILE = "DATABRICKS_CONFIG_FILE"
HOST = "DATABRICKS_HOST"

AUTH_TYPE = "DATABRICKS_AUTH_TYPE"

# Ways to authenticate that need a value of SECRET_VARIABLES; others get a token by themselves.
TYPES_WITH_SECRET = frozenset({"pat", "basic", "oauth-m2m", "azure-client-secret"})

# Values of these are hidden wherever output is shown; the CLI reads them itself.
SECRET_VARIABLES = (
    "DATABRICKS_TOKEN",
    "DATABRICKS_CLIENT_SECRET",
    "DATABRICKS_PASSWORD",
    "ARM_CLIENT_SECRET",
    "GOOGLE_CREDENTIALS",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)


def access_environment(
    target: BundleTarget, environment: Mapping[str, str], profile: str = ""
) -> Mapping[str, str]:
    """Return what to add to the environment so that the CLI reaches the target's workspace.

    What the user says wins: ``profile``, then ``DATABRICKS_HOST`` or ``DATABRICKS_CONFIG_PROFILE``,
    then a host or profile in ``databricks.yml``. When nobody says anything and the config file has
    a profile of the target's name, that is taken.

    Args:
        target: as ``databricks.yml`` declares it.
        environment: of this process.
        profile: that the user asked for.
    """
    if profile:
        return {PROFILE: profile}
    if environment.get(HOST) or environment.get(PROFILE) or target.host or target.profile:
        return {}
    return {PROFILE: target.name} if target.name in profiles(environment) else {}


def has_credentials(
    target: BundleTarget, environment: Mapping[str, str], profile: str = ""
) -> bool:
    """Return whether there is anything to authenticate with; it is not tried."""
    without_secret = environment.get(AUTH_TYPE, "") not in {"", *TYPES_WITH_SECRET}
    if without_secret or any(environment.get(name) for name in SECRET_VARIABLES):
        return bool(environment.get(HOST) or target.host)
    chosen = profile or environment.get(PROFILE) or target.profile
    if not chosen:
        chosen = access_environment(target, environment).get(PROFILE, "")
    return chosen in profiles(environment)


def profiles(environment: Mapping[str, str]) -> list[str]:
    """Return the names of the profiles in the config file; none when it cannot be read."""
    path = Path(environment.get(CONFIG_FILE) or "~/.databrickscfg").expanduser()
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return []  # The CLI reads the file itself and says what is wrong with it.
    return config.sections()


def secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in ``environment`` that no output may show."""
    return tuple(filter(None, (environment.get(name) for name in SECRET_VARIABLES)))
