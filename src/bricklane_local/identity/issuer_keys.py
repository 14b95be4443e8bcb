"""The public keys of token issuers: read from a policy, or asked for and kept for a while.

Source: OpenID Connect Discovery 1.0, section 4, and RFC 7517.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bricklane_local.store.clock import Clock

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

DISCOVERY = "/.well-known/openid-configuration"
# How long keys are believed, and how soon an unknown one makes them be asked for again.
KEPT_MILLISECONDS, PATIENCE_MILLISECONDS = 300_000, 5_000
ANSWER_SECONDS, WHOLE_SECONDS = 5, 15
ANSWER_LIMIT = 256 * 1024  # bytes


class IssuerError(Exception):
    """The keys of an issuer cannot be had; the text says why."""


@dataclass(frozen=True, slots=True)
class _Known:
    keys: KeySet
    at: int


def is_loopback(url: str) -> bool:
    """Say whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_trustworthy(url: str) -> bool:
    """Say whether what answers at a URL is who it says: by HTTPS, or because it is this machine."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0 and not parts.username
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    except ValueError:
        return False
    return named and secure and not parts.fragment


def key_set(text: str) -> KeySet:
    """Return the keys of a JSON Web Key Set.

    Raises:
        ValueError: when it is none, or holds a key that should be secret; the text completes a
            sentence that begins with what it was.
    """
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        keys = KeySet.import_key_set(json.loads(text))
        secret = any(key.is_private for key in keys)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError('is no JSON Web Key Set: {"keys": […]}, with a public key') from None
    if secret:
        raise ValueError("holds a private or symmetric key; only public ones may be in it")
    return keys


class IssuerKeys:
    """What issuers have answered.

    Args:
        clock: decides whether an answer is too old.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], _Known] = {}
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def find(self, issuer: str, uri: str, key_id: str | None) -> KeySet:
        """Return the keys of an issuer.

        Args:
            issuer: its URL.
            uri: where its keys are; empty for what its discovery document says.
            key_id: of the key that is looked for: when it is not among those that are known, they
                are asked for again, unless that has just been done.

        Raises:
            IssuerError: when they cannot be had.
        """
        where = (issuer, uri)
        async with self._locks[where]:
            known, now = self._known.get(where), self._clock.now()
            if known is not None:
                age = abs(now - known.at)
                there = key_id is None or any(key.kid == key_id for key in known.keys)
                if age < (KEPT_MILLISECONDS if there else PATIENCE_MILLISECONDS):
                    return known.keys
            try:
                async with asyncio.timeout(WHOLE_SECONDS):
                    keys = await _ask(issuer, uri)
            except TimeoutError:
                raise IssuerError(f"{issuer} did not answer in {WHOLE_SECONDS} s") from None
            self._known[where] = _Known(keys, now)
            return keys


async def _ask(issuer: str, uri: str) -> KeySet:
    if not uri:
        address = issuer.rstrip("/") + DISCOVERY
        document = _object(await asyncio.to_thread(_get, address), address)
        if document.get("issuer") != issuer:
            raise IssuerError(f"{address} is about another issuer than {issuer}")
        uri = str(document.get("jwks_uri") or "")
        if not is_trustworthy(uri):
            raise IssuerError(f"{address} has no jwks_uri that can be trusted")
    text = await asyncio.to_thread(_get, uri)
    try:
        return key_set(text)
    except ValueError as error:
        raise IssuerError(f"{uri} {error}") from None


def _object(text: str, address: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise IssuerError(f"{address} did not answer a JSON object")
    return document


def _get(url: str) -> str:
    import requests

    with requests.Session() as session:
        # No proxy stands between this machine and itself.
        session.trust_env = not is_loopback(url)
        try:
            with session.get(
                url, timeout=ANSWER_SECONDS, allow_redirects=False, stream=True
            ) as answer:
                if answer.status_code != 200:
                    raise IssuerError(f"{url} answered {answer.status_code}")
                content = answer.raw.read(ANSWER_LIMIT + 1, decode_content=True)
        except (requests.RequestException, OSError) as error:
            raise IssuerError(f"{url} cannot be reached: {type(error).__name__}") from None
    if len(content) > ANSWER_LIMIT:
        raise IssuerError(f"{url} answered more than {ANSWER_LIMIT} bytes")
    return bytes(content).decode("utf-8", "replace")
