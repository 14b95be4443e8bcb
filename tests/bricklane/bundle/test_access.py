from pathlib import Path

import pytest

from bricklane.bundle.access import access_environment, has_credentials, profiles, secrets
from bricklane.project.bundlefile import BundleTarget

STAGING = BundleTarget("staging")
PROFILE = "DATABRICKS_CONFIG_PROFILE"


@pytest.fixture
def config(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "config"
    path.write_text("[staging]\nhost = https://s.example\ntoken = a%b\n")
    return {"DATABRICKS_CONFIG_FILE": str(path)}


def test_a_profile_with_the_targets_name_is_taken(config: dict[str, str]) -> None:
    assert access_environment(STAGING, config) == {PROFILE: "staging"}
    assert access_environment(BundleTarget("prod"), config) == {}


@pytest.mark.parametrize(
    "said", [{"DATABRICKS_HOST": "https://ci.example"}, {PROFILE: "mine"}], ids=["host", "profile"]
)
def test_what_the_environment_says_wins(config: dict[str, str], said: dict[str, str]) -> None:
    assert access_environment(STAGING, config | said) == {}


@pytest.mark.parametrize("said", [{"host": "https://h.example"}, {"profile": "team"}])
def test_what_the_bundle_says_wins(config: dict[str, str], said: dict[str, str]) -> None:
    assert access_environment(BundleTarget("staging", **said), config) == {}


def test_an_option_wins_over_all(config: dict[str, str]) -> None:
    target = BundleTarget("staging", host="https://h.example")
    assert access_environment(target, config | {PROFILE: "x"}, "mine") == {PROFILE: "mine"}


def test_a_config_file_that_cannot_be_read_has_no_profiles(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("no section\n")
    assert profiles({"DATABRICKS_CONFIG_FILE": str(path)}) == []
    assert profiles({"DATABRICKS_CONFIG_FILE": str(tmp_path / "missing")}) == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"DATABRICKS_HOST": "https://x"}, False),
        ({"DATABRICKS_HOST": "https://x", "DATABRICKS_CLIENT_SECRET": "s"}, True),
        ({"DATABRICKS_HOST": "https://x", "DATABRICKS_TOKEN": ""}, False),
        ({"DATABRICKS_HOST": "https://x", "DATABRICKS_AUTH_TYPE": "github-oidc"}, True),
        ({"DATABRICKS_HOST": "https://x", "DATABRICKS_AUTH_TYPE": "oauth-m2m"}, False),
        ({"DATABRICKS_AUTH_TYPE": "github-oidc"}, False),
    ],
)
def test_credentials_are_there_or_not(environment: dict[str, str], expected: bool) -> None:
    none = {"DATABRICKS_CONFIG_FILE": "/nowhere"}
    assert has_credentials(STAGING, none | environment) is expected


def test_a_profile_is_a_credential(config: dict[str, str]) -> None:
    assert has_credentials(STAGING, config)
    assert not has_credentials(BundleTarget("prod"), config)


def test_secrets_are_the_values_that_nobody_may_see() -> None:
    environment = {"DATABRICKS_TOKEN": "t", "DATABRICKS_HOST": "h", "ARM_CLIENT_SECRET": ""}
    assert secrets(environment) == ("t",)
