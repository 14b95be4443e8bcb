"""Calls the workspace's REST API with the run's own token."""

from __future__ import annotations

from typing import Any

import requests

CONNECT_SECONDS = 10
READ_SECONDS = 300


class RestError(Exception):
    """The workspace refused a call.

    Args:
        status: HTTP status.
        code: ``error_code`` of the answer.
        message: its message.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.status = status
        self.code = code
        self.message = message


class Rest:
    """A workspace's REST API.

    Args:
        host: URL of the workspace.
        token: bearer token.
    """

    def __init__(self, host: str, token: str) -> None:
        self.host = host.rstrip("/")
        self._token = token
        self._session: requests.Session | None = None

    def again(self) -> Rest:
        """Return another client of the same workspace, with connections of its own."""
        return Rest(self.host, self._token)

    def call(self, method: str, path: str, /, **query_or_body: Any) -> dict[str, Any]:
        """Call a JSON route; keyword arguments are the query for GET, else the body.

        Raises:
            RestError: the workspace answered with an error.
        """
        reading = method == "GET"
        answer = self.send(
            method,
            path,
            params=query_or_body if reading else None,
            json=None if reading else query_or_body,
        )
        document: dict[str, Any] = answer.json() if answer.content else {}
        return document

    def send(self, method: str, path: str, /, **options: Any) -> requests.Response:
        """Call any route; options are those of :meth:`requests.Session.request`.

        Raises:
            RestError: the workspace answered with an error.
        """
        answer = self._opened().request(
            method, self.host + path, timeout=(CONNECT_SECONDS, READ_SECONDS), **options
        )
        if answer.status_code >= 400:
            raise _error(answer)
        return answer

    def _opened(self) -> requests.Session:
        if self._session is None:
            self._session = requests.Session()
            # A proxy or a .netrc of the machine has no say in calls to the local workspace.
            self._session.trust_env = False
            self._session.headers["Authorization"] = f"Bearer {self._token}"
        return self._session


def _error(answer: requests.Response) -> RestError:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    message = str(body.get("message") or answer.reason or f"HTTP status {answer.status_code}")
    return RestError(answer.status_code, str(body.get("error_code") or ""), message)
