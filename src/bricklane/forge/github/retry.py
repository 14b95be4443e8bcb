"""How long and how often GitHub is asked again.

https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api (rate limits)

It imports PyGithub, which takes longer than all of bricklane; it is itself imported late for that.
"""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Any

from github.GithubException import RateLimitExceededExceedsMaxWait
from github.GithubRetry import GithubRetry
from urllib3 import Retry
from urllib3.connectionpool import ConnectionPool
from urllib3.response import BaseHTTPResponse, HTTPResponse

from bricklane.forge.github.patience import Patience

LOG = logging.getLogger("bricklane.forge")
# PyGithub prints each refusal, also one that is expected; errors and waits are told by us.
logging.getLogger(GithubRetry.__module__).setLevel(logging.WARNING)

# Asking these twice leaves what asking once leaves; a POST is made safe by who sends it.
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
# With these the request was turned away before it had an effect, so that any verb may come again.
TURNED_AWAY = frozenset({403, 429})
UNAVAILABLE = frozenset({500, 502, 503, 504})
WORTH_A_WORD = 5.0


class PatientRetry(GithubRetry):
    """PyGithub's retries, of requests that do no harm twice, with a limit on each wait."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Return whether this answer to ``method`` is a reason to ask again."""
        if status_code in TURNED_AWAY:
            return bool(self.total)
        return super().is_retry(method, status_code, has_retry_after)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds that the forge asks to wait, from whichever header says so."""
        asked = super().get_retry_after(response)
        if asked is None and response.headers.get("X-RateLimit-Remaining") == "0":
            reset = response.headers.get("X-RateLimit-Reset", "")
            if response.status == 429 and reset.isdigit():
                asked = max(0.0, int(reset) - time.time()) + 1.0
        return asked

    def increment(  # type: ignore[override]  # as PyGithub has it
        self,
        method: str | None = None,
        url: str | None = None,
        response: HTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Retry:
        """Return the retries that are left.

        Raises:
            RateLimitExceededExceedsMaxWait: when the forge asks to wait longer than is allowed.
        """
        asked = self.get_retry_after(response) if response is not None else None
        if asked is not None and response is not None:
            longest = self.max_rate_limit_wait
            if longest is not None and asked > longest:
                headers: dict[str, Any] = dict(response.headers)
                response.drain_conn()
                response.release_conn()
                raise RateLimitExceededExceedsMaxWait(response.status, None, headers, wait=asked)
            if asked > WORTH_A_WORD:
                LOG.warning("the forge asks to wait %.0f s before %s %s", asked, method, url)
        return super().increment(method, url, response, error, _pool, _stacktrace)


def retries(patience: Patience) -> PatientRetry:
    """Return what urllib3 asks whether, and when, to repeat a request."""
    return PatientRetry(
        total=patience.attempts,
        other=patience.connections,
        secondary_rate_wait=min(60.0, patience.longest),
        max_rate_limit_wait=patience.longest,
        backoff_factor=patience.backoff,
        status_forcelist=sorted(UNAVAILABLE | TURNED_AWAY),
        allowed_methods=REPEATABLE,
        raise_on_status=False,
    )
