"""From settings, the environment and the git remote to a forge, a token and git's environment."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bricklane.forge.errors import ForgeError, ForgeUnauthenticated
from bricklane.forge.github.adapter import GitHub
from bricklane.forge.opening import git_environment, git_secrets, locate, open_forge
from bricklane.project.settings import ForgeSettings, Settings

SECRET = "ghp_thisisnotatoken"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository; no credential of the machine is in reach."""
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "GH_", "GIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def remote(root: Path, url: str) -> None:
    subprocess.run(["git", "-C", root, "remote", "add", "origin", url], check=True)


def settings(root: Path, **forge: str) -> Settings:
    return Settings(root=root, bundle="flights", forge=ForgeSettings(**forge))


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("git@github.com:acme/flights.git", "https://api.github.com"),
        ("https://acme.ghe.com/acme/flights", "https://api.acme.ghe.com"),
        ("https://git.acme.example/acme/flights", "https://git.acme.example/api/v3"),
        ("http://127.0.0.1:8700/acme/flights.git", "http://127.0.0.1:8700/api/v3"),
    ],
)
def test_the_remote_tells_the_api(root: Path, url: str, api: str) -> None:
    remote(root, url)
    address = locate(settings(root))
    assert (address.repository, address.api) == ("acme/flights", api)


def test_settings_come_before_ci_and_ci_before_the_remote(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote(root, "https://github.com/someone/fork.git")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/flights")
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9/api/v3")
    address = locate(settings(root))
    assert (address.repository, address.api) == ("acme/flights", "http://127.0.0.1:9/api/v3")
    address = locate(settings(root, repository="a/b", api="https://c.example/api/v3/"))
    assert (address.repository, address.api) == ("a/b", "https://c.example/api/v3")
    assert address.origin == "https://github.com/"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "gitolite"}, "no adapter for the forge 'gitolite'"),
        ({"repository": "a b/c", "api": "https://x.example"}, "'a b/c' is not the name"),
        ({}, "has no git remote 'origin'"),
        ({"repository": "a/b", "api": "http://x.example"}, "in clear text"),
        ({"repository": "a/b", "api": "x.example/api"}, "'x.example/api' is not the URL"),
    ],
)
def test_what_cannot_be_opened(root: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(ForgeError, match=message) as caught:
        open_forge(settings(root, **given))
    assert caught.value.hint


def test_without_a_token_the_error_says_what_it_has_to_be_allowed(root: Path) -> None:
    remote(root, "https://github.com/acme/flights.git")
    with pytest.raises(ForgeUnauthenticated, match="no token for acme/flights") as caught:
        open_forge(settings(root, token_variable="ACME_TOKEN"))
    hint = str(caught.value.hint)
    assert "set the environment variable ACME_TOKEN" in hint
    assert "pull requests" in hint


def test_the_token_comes_from_the_variable_that_settings_name(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote(root, "https://github.com/acme/flights.git")
    monkeypatch.setenv("ACME_TOKEN", SECRET)
    forge = open_forge(settings(root, token_variable="ACME_TOKEN"))
    assert isinstance(forge, GitHub)
    assert forge.api.token_from == "the environment variable ACME_TOKEN"


@pytest.mark.parametrize("value", ["ghp one", "ghp_…", "ghp_one\nghp_two"])
def test_what_cannot_be_a_token_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    remote(root, "https://github.com/acme/flights.git")
    monkeypatch.setenv("GITHUB_TOKEN", value)
    with pytest.raises(ForgeUnauthenticated, match="GITHUB_TOKEN has is no token") as caught:
        open_forge(settings(root))
    assert value not in caught.value.message


def test_the_token_comes_from_where_git_is_signed_in(root: Path, tmp_path: Path) -> None:
    remote(root, "https://github.com/acme/flights.git")
    (tmp_path / "gitconfig").write_text(
        '[credential]\n helper = "!f() { test $1 = get && echo username=me &&'
        f' echo password={SECRET}; }}; f"\n',
        "utf-8",
    )
    forge = open_forge(settings(root))
    assert isinstance(forge, GitHub)
    assert forge.api.token_from == "git's credential helper for https://github.com/"


def test_git_gets_the_token_by_its_environment_only(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote(root, "http://127.0.0.1:8700/acme/flights.git")
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.http://127.0.0.1:8700/.extraHeader")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Authorization: Basic older")
    environment = git_environment(settings(root))
    told = subprocess.run(
        ["git", "config", "--get-all", "http.http://127.0.0.1:8700/.extraHeader"],
        cwd=root,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    basic = base64.b64encode(f"x-access-token:{SECRET}".encode()).decode()
    # The empty one takes the older one out of force.
    assert told == ["Authorization: Basic older", "", f"Authorization: Basic {basic}"]
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    assert set(git_secrets(environment)) == {basic, SECRET}


@pytest.mark.parametrize("url", ["git@github.com:acme/flights.git", "/srv/git/flights.git"])
def test_other_transports_get_no_token(
    root: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    remote(root, url)
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    assert git_environment(settings(root)) == {"GIT_TERMINAL_PROMPT": "0"}


def test_a_given_token_wins(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remote(root, "https://github.com/acme/flights.git")
    monkeypatch.setenv("GITHUB_TOKEN", "another")
    assert SECRET in git_secrets(git_environment(settings(root), SECRET))


def test_the_client_library_is_loaded_with_the_first_request() -> None:
    code = (
        "import sys; from bricklane.forge.github.adapter import connect;"
        "connect('http://127.0.0.1:9/api/v3', 'a/b', 'token', 'nowhere');"
        "assert not {'github', 'requests', 'nacl'} & set(sys.modules), 'too early'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
