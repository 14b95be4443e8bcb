from __future__ import annotations

import pytest

from bricklane.gitflow.people import BOT, login_in, person_of_run


@pytest.mark.parametrize(
    ("login", "number", "person"),
    [
        ("dana", "7", ("dana", "7+dana@users.noreply.github.com")),
        ("", "", BOT),
        ("dana", "", BOT),
        (BOT[0], "41898282", BOT),
    ],
)
def test_a_run_is_a_persons_or_the_bots(login: str, number: str, person: tuple[str, str]) -> None:
    assert person_of_run({"GITHUB_ACTOR": login, "GITHUB_ACTOR_ID": number}) == person


@pytest.mark.parametrize(
    ("address", "login"),
    [
        ("7+dana@users.noreply.github.com", "dana"),
        ("dana@users.noreply.github.com", "dana"),
        ("7+dana@users.noreply.forge.example.com", "dana"),
        (BOT[1], BOT[0]),
        ("dana@example.com", ""),
        ("7+dana@users.noreply.github.com.", ""),
        ("a+b+dana@users.noreply.github.com", ""),
        ("", ""),
    ],
)
def test_only_the_forges_addresses_name_a_login(address: str, login: str) -> None:
    assert login_in(address) == login
