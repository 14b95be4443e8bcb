"""Which credentials are at hand, and where they lead."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bricklane.bundle.access import CONFIG_FILE, HOST, PROFILE, secrets

if TYPE_CHECKING:
    from databricks.sdk.config import Config

# Seconds: a doctor that waits as long as a deployment would is not asked twice.
TIMEOUT, PATIENCE = 20, 20
SECRET_KEYS = ("token", "client_secret", "password", "azure_client_secret", "google_credentials")
ENVIRONMENT = "the environment (DATABRICKS_*)"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A way to sign in to Databricks.

    Args:
        source: where they come from, for messages.
        profile: of the config file; empty for the environment.
        config: as the SDK reads them; shows no secret.
    """

    source: str
    profile: str
    config: Config = field(repr=False)

    @property
    def host(self) -> str:
        """The host they are for."""
        return plain(str(self.config.host or ""))

    @property
    def of_account(self) -> bool:
        """Whether they are for an account, and not for a workspace."""
        return bool(self.config.account_id) and not self.config.workspace_id


@dataclass(frozen=True, slots=True)
class Refused:
    """Credentials that cannot be used.

    Args:
        source: where they come from.
        reason: what the SDK said.
    """

    source: str
    reason: str


def plain(host: str) -> str:
    """Return a host as it is compared: scheme and name only, in lower case."""
    parts = urlsplit(host if "://" in host or not host else f"https://{host}")
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def signed_in(profile: str) -> Credentials | Refused:
    """Return the credentials of a profile, or with an empty one those of the environment."""
    from databricks.sdk.config import Config

    source = f"profile {profile}" if profile else ENVIRONMENT
    try:
        config = Config(
            profile=profile or None,
            http_timeout_seconds=TIMEOUT,
            retry_timeout_seconds=PATIENCE,
        )
    except (ValueError, OSError) as error:
        return Refused(source, str(error).partition(". Config:")[0])
    return Credentials(source, profile, config)


def at_hand(environment: Mapping[str, str], profile: str) -> Iterator[Credentials | Refused]:
    """Yield the credentials that the user chose: by option first, then by the environment."""
    if profile:
        yield signed_in(profile)
    chosen = environment.get(PROFILE, "")
    if chosen:
        yield signed_in(chosen)
    elif environment.get(HOST):
        yield signed_in("")


def hosts_of_profiles(environment: Mapping[str, str]) -> dict[str, str]:
    """Return profile → host, as they are compared; none when the file cannot be read."""
    sections = _sections(environment)
    return {name: plain(sections[name].get("host", "")) for name in sections.sections()}


def hidden(environment: Mapping[str, str], token_variable: str) -> tuple[str, ...]:
    """Return every secret that is at hand, to be kept out of what is shown."""
    sections = _sections(environment)
    filed = (sections[name].get(key, "") for name in sections.sections() for key in SECRET_KEYS)
    token = environment.get(token_variable, "").strip()
    return tuple(filter(None, (*secrets(environment), token, *filed)))


def _sections(environment: Mapping[str, str]) -> configparser.ConfigParser:
    path = Path(environment.get(CONFIG_FILE) or "~/.databrickscfg").expanduser()
    # Without a default section: the profile DEFAULT is one like the others.
    sections = configparser.ConfigParser(interpolation=None, strict=False, default_section=" ")
    try:
        sections.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return configparser.ConfigParser()  # Who signs in by it says what is wrong with it.
    return sections
