"""Requests to one repository of a GitHub, over PyGithub's requester.

PyGithub does the connection, authentication, retries and redirects. Its objects are not used: they
fetch what a list left out by requests of their own, one an attribute, which nobody sees. It takes
longer to import than all of bricklane, so that waits for the first request.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from bricklane import __version__
from bricklane.errors import ExitCode, innermost
from bricklane.forge.errors import ForgeError, ForgeUnavailable
from bricklane.forge.github.patience import Patience
from bricklane.forge.github.refusals import Missing, NotTaken, Refusal, explain
from bricklane.forge.remotes import past_proxies

if TYPE_CHECKING:
    import requests
    from github.Requester import Requester

Json = dict[str, Any]
T = TypeVar("T")

# https://docs.github.com/rest/about-the-rest-api/api-versions; servers that know none ignore it.
API_VERSION = "2022-11-28"
PAGE = 100


def segment(name: str) -> str:
    """Return ``name`` as one segment of a path, its slashes included."""
    return quote(name, safe="")


def ref(name: str) -> str:
    """Return a branch or tag as GitHub's paths take it: its slashes stay."""
    return quote(name, safe="/")


class Api:
    """One repository on one GitHub, as the holder of one token sees it.

    Paths are below ``/repos/owner/name/``; one that begins with ``/`` is below the API's root.
    Every method raises :class:`bricklane.forge.errors.ForgeError`.

    Args:
        url: the root of the REST API.
        repository: ``owner/name``.
        token: proves who asks; appears in no message.
        token_from: where the token came from, for messages.
        patience: how to behave when the forge does not answer as it should.
    """

    def __init__(
        self,
        url: str,
        repository: str,
        token: str,
        *,
        token_from: str = "GITHUB_TOKEN",  # noqa: S107  (a name, not a token)
        patience: Patience | None = None,
    ) -> None:
        self.repository = repository
        self.token_from = token_from
        self.patience = patience or Patience()
        self.host = urlsplit(url).netloc
        self._url = url
        self._token = token
        self._visible = False

    @cached_property
    def _requester(self) -> Requester:
        import github

        from bricklane.forge.github.retry import retries

        os.environ.update(past_proxies(self.host))  # Where requests reads it.
        return github.Github(
            base_url=self._url,
            auth=github.Auth.Token(self._token),
            timeout=self.patience.timeout,
            user_agent=f"bricklane/{__version__}",
            per_page=PAGE,
            retry=retries(self.patience),
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
            api_version=API_VERSION,
        ).requester

    @property
    def root(self) -> str:
        """URL of the REST API."""
        return self._url

    def close(self) -> None:
        """Close the connections to the forge."""
        self._requester.close()

    def get(self, path: str, **parameters: object) -> Any:
        """Return what is under ``path``."""
        return self._ask("GET", path, parameters=parameters)[1]

    def headers(self, path: str) -> Mapping[str, Any]:
        """Return the headers of what is under ``path``, names in lower case."""
        return self._ask("GET", path)[0]

    def find(self, path: str, **parameters: object) -> Any | None:
        """Return what is under ``path``; None when there is nothing.

        Raises:
            Missing: when the token does not even see the repository, where a 404 says nothing.
        """
        try:
            return self.get(path, **parameters)
        except Missing:
            if not path.startswith("/"):
                self._see_repository()
            return None

    def pages(self, path: str, key: str | None = None, **parameters: object) -> Iterator[Json]:
        """Yield the items of a list, page by page as they are wanted.

        Args:
            path: of the list.
            key: the member that holds the items, where the answer is an object.
            parameters: of the query; those that are None are left out.
        """
        url: str | None = path
        wanted: dict[str, object] = {"per_page": PAGE, **parameters}
        while url is not None:
            headers, body = self._ask("GET", url, parameters=wanted)
            yield from body[key] if key else body
            url, wanted = self._next(headers), {}

    def send(self, verb: str, path: str, body: Json | None = None) -> Any:
        """Ask for a change that may be asked for twice, and return the answer."""
        return self._ask(verb, path, body=body)[1]

    def drop(self, path: str) -> bool:
        """Delete what is under ``path`` and return whether it was there."""
        try:
            self.send("DELETE", path)
        except Missing:
            self._see_repository()
            return False
        return True

    def create(self, path: str, body: Json | None, look: Callable[[], Json | None]) -> Any:
        """Ask for something new, and see to it that there is one in the end.

        Args:
            path: to POST to.
            body: of the request.
            look: returns what the request makes, when it is there. Asked when an answer was lost
                or was 5xx, before the request is sent again. ``lambda: None`` where a second one
                does no harm.

        Returns:
            The forge's answer, or what ``look`` found.
        """
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return self._ask("POST", path, body=body)[1]
            except NotTaken:
                raise
            except ForgeUnavailable:
                if attempt == self.patience.attempts:
                    raise
                time.sleep(self.patience.pause(attempt))
                found = look()
                if found is not None:
                    return found
        raise AssertionError("unreachable: the last attempt returns or raises")

    def upload(self, url: str, name: str, path: Path) -> Json:
        """POST the bytes of a file to an absolute ``url`` of this forge, under ``name``."""
        with self._asking("POST", url):
            _, body = self._requester.requestBlobAndCheck(
                "POST",
                url,
                parameters={"name": name},
                headers={"Content-Type": "application/octet-stream"},
                input=str(path),
            )
        return body

    def download(self, path: str, target: Path) -> None:
        """Write what is under ``path`` to ``target``, whole or not at all.

        GitHub sends the client on to storage hosts of any name, which the requester refuses to
        follow; here the same library does, and leaves the token behind when the host changes.
        """
        target.parent.mkdir(parents=True, exist_ok=True)

        part = target.with_name(f".{target.name}.part")

        def save(answer: requests.Response) -> None:
            with part.open("wb") as file:
                for chunk in answer.iter_content(1 << 16):
                    file.write(chunk)
            part.replace(target)

        try:
            self._stream(path, save)
        finally:
            part.unlink(missing_ok=True)

    def text(self, path: str) -> str:
        """Return the text under ``path``, wherever the forge keeps it."""
        return self._stream(path, lambda answer: answer.content.decode("utf-8", errors="replace"))

    def _stream(self, path: str, take: Callable[[requests.Response], T]) -> T:
        """Return what ``take`` makes of the answer; again, when that breaks off in the middle."""
        from requests.exceptions import ChunkedEncodingError

        attempt = 1
        with self._asking("GET", path):
            while True:
                try:
                    with self._streaming(path) as answer:
                        return take(answer)
                except ChunkedEncodingError:
                    if attempt >= self.patience.attempts:
                        raise
                    time.sleep(self.patience.pause(attempt))
                    attempt += 1

    @contextmanager
    def _streaming(self, path: str) -> Iterator[requests.Response]:
        import requests
        from requests.adapters import HTTPAdapter

        from bricklane.forge.github.retry import retries

        headers = {"Accept": "application/octet-stream", "X-GitHub-Api-Version": API_VERSION}
        assert self._requester.auth is not None  # noqa: S101  (given in __init__)
        self._requester.auth.authentication(headers)
        adapter = HTTPAdapter(max_retries=retries(self.patience))
        with requests.Session() as session:
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            session.auth = _as_it_is
            url = f"{self._requester.base_url.rstrip('/')}{self._path(path)}"
            with session.get(
                url, headers=headers, timeout=self.patience.timeout, stream=True
            ) as answer:
                answer.raise_for_status()
                yield answer

    def _path(self, path: str) -> str:
        if path.startswith(("/", "http://", "https://")):
            return path
        return f"/repos/{self.repository}/{path}".rstrip("/")

    def _ask(
        self,
        verb: str,
        path: str,
        *,
        parameters: dict[str, object] | None = None,
        body: Json | None = None,
    ) -> tuple[dict[str, Any], Any]:
        given = {name: value for name, value in (parameters or {}).items() if value is not None}
        with self._asking(verb, path):
            headers, answer = self._requester.requestJsonAndCheck(
                verb, self._path(path), parameters=given, input=body
            )
        kind = str(headers.get("content-type", ""))
        if answer is not None and "json" not in kind:
            raise ForgeError(
                f"{self.host} answered {verb} {self._path(path)} with {kind or 'no content type'}"
                " instead of JSON",
                hint="check `api` under [forge] in bricklane.toml, or GITHUB_API_URL: it has to be"
                " the root of a GitHub REST API, such as https://github.example.com/api/v3",
            )
        return headers, answer

    def _next(self, headers: Mapping[str, Any]) -> str | None:
        from requests.utils import parse_header_links

        for link in parse_header_links(str(headers.get("link", ""))):
            if link.get("rel") == "next":
                # Whatever name the server has for itself, it is asked where it was found.
                where = urlsplit(link["url"])
                root = urlsplit(self._requester.base_url).path.rstrip("/")
                return f"{where.path.removeprefix(root)}?{where.query}"
        return None

    def viewer(self) -> str:
        """Return the login that GraphQL has for the token; the one way for tokens of apps."""
        with self._asking("POST", "/graphql"):
            _, answer = self._requester.graphql_query("query { viewer { login } }", {})
        return str(answer["data"]["viewer"]["login"])

    def _see_repository(self) -> None:
        if self._visible:
            return
        self.get("")
        self._visible = True

    @contextmanager
    def _asking(self, verb: str, path: str) -> Iterator[None]:
        import requests
        from github.GithubException import GithubException

        try:
            yield
        except GithubException as error:
            refused = self._refusal(verb, path, error.status, error.data, error.headers or {})
        except requests.HTTPError as error:
            answer = error.response
            refused = self._refusal(
                verb, path, answer.status_code, _decoded(answer.text), answer.headers
            )
        except requests.RequestException as error:
            raise self._unreachable(verb, path, error) from None
        else:
            return
        raise explain(refused) from None

    def _refusal(
        self, verb: str, path: str, status: int, body: Any, headers: Mapping[str, Any]
    ) -> Refusal:
        lower = {name.lower(): str(value) for name, value in headers.items()}
        return Refusal(verb, path, self.repository, self.host, status, body, lower, self.token_from)

    def _unreachable(
        self, verb: str, path: str, error: requests.RequestException
    ) -> ForgeUnavailable:
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        reason = innermost(error)
        nothing_sent = isinstance(reason, ConnectTimeoutError | NewConnectionError)
        kind = NotTaken if nothing_sent else ForgeUnavailable
        words = str(reason).rpartition(">: ")[2] or type(reason).__name__
        return kind(
            f"{self.host} could not be asked {verb} {self._path(path)}: {words}",
            hint="check that the forge is up and can be reached from here, then run the same"
            " command: it goes on where it stopped",
            exit_code=ExitCode.NETWORK,
        )


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request  # Without an auth of its own, requests would look into ~/.netrc.


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"message": text[:200]} if text else None
