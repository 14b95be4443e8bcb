"""Every way to write a remote names the same repository."""

from __future__ import annotations

import pytest

from bricklane.forge.errors import ForgeError
from bricklane.forge.remotes import is_loopback, parse, past_proxies, without_credentials


@pytest.mark.parametrize(
    ("url", "scheme", "host", "over_http"),
    [
        ("https://github.com/acme/flights.git", "https", "github.com", True),
        ("https://github.com/acme/flights", "https", "github.com", True),
        ("https://github.com/acme/flights/", "https", "github.com", True),
        ("https://someone:secret@GitHub.com/acme/flights.git", "https", "github.com", True),
        ("http://127.0.0.1:8700/acme/flights.git", "http", "127.0.0.1:8700", True),
        ("git@github.com:acme/flights.git", "https", "github.com", False),
        ("github.com:acme/flights", "https", "github.com", False),
        ("ssh://git@github.com/acme/flights.git", "https", "github.com", False),
        ("ssh://git@ssh.github.com:443/acme/flights.git", "https", "github.com", False),
        ("ssh://git@git.acme.example:2222/acme/flights", "https", "git.acme.example", False),
        ("https://git.acme.example:8443/acme/flights", "https", "git.acme.example:8443", True),
    ],
)
def test_remote_is_read(url: str, scheme: str, host: str, over_http: bool) -> None:
    remote = parse(url)
    assert (remote.scheme, remote.host, remote.over_http) == (scheme, host, over_http)
    assert remote.repository == "acme/flights"
    assert remote.origin == f"{scheme}://{host}/"


@pytest.mark.parametrize(
    "url", ["/srv/git/flights.git", "../flights", "file:///srv/flights", "https://github.com/x", ""]
)
def test_what_is_no_forge_is_refused(url: str) -> None:
    with pytest.raises(ForgeError, match="names no repository on a forge") as caught:
        parse(url)
    assert "git remote set-url" in str(caught.value.hint)


def test_credentials_are_never_shown() -> None:
    assert without_credentials("https://me:s3cret@host/x") == "https://host/x"
    with pytest.raises(ForgeError) as caught:
        parse("https://me:s3cret@host/x")
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1:8700", True),
        ("localhost", True),
        ("[::1]:80", True),
        ("github.com", False),
        ("127.0.0.1.example.com", False),
    ],
)
def test_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_a_forge_on_this_machine_is_not_asked_by_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert past_proxies("127.0.0.1:8700") == {}
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "intra.example")
    assert past_proxies("127.0.0.1:8700")["NO_PROXY"] == "intra.example,127.0.0.1"
    assert past_proxies("github.com") == {}
