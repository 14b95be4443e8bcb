"""Whose commits these are when a workflow writes them: of the person it works for.

Source of the addresses:
https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Person = tuple[str, str]

BOT: Person = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
"""Who a workflow's own token is; name and address, by which GitHub shows it."""

_ADDRESS = re.compile(r"(?:\d+\+)?(?P<login>[^@+\s]+)@users\.noreply(?:\.[\w-]+)+")


def person_of_run(environment: Mapping[str, str]) -> Person:
    """Return name and address of who caused a workflow's run; the bot when no person is known.

    Args:
        environment: of the run's job.
    """
    login, number = environment.get("GITHUB_ACTOR", ""), environment.get("GITHUB_ACTOR_ID", "")
    if not number or login in {"", BOT[0]}:
        return BOT
    return login, f"{number}+{login}@users.noreply.github.com"


def login_in(address: str) -> str:
    """Return the login that an address of the forge names; empty for other addresses."""
    found = _ADDRESS.fullmatch(address)
    return found["login"] if found else ""
