"""Long arrays of a job or run, which version 2.2 of the API gives out a hundred elements at a time.

Source: https://docs.databricks.com/en/reference/jobs-api-2-2-updates.html. Earlier versions answer
whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid

SIZE = 100
OF_JOB = ("tasks", "job_clusters", "environments", "parameters")
OF_RUN = ("tasks", "iterations", "job_clusters", "job_parameters", "repair_history")
TOKEN = "array-"  # noqa: S105 (what page tokens begin with)


def pages_arrays(call: Call) -> bool:
    """Say whether a request is of a version of the API that has pages of arrays."""
    return call.request.url.path.startswith("/api/2.2/")


def cut(body: dict[str, Any], names: Iterable[str], number: int = 0) -> tuple[dict[str, Any], bool]:
    """Return an object with one page of each of its arrays, and whether there are more.

    Args:
        body: a job's settings, or a run.
        names: of the arrays.
        number: of the page, 0 for the first.
    """
    begin, end = number * SIZE, (number + 1) * SIZE
    present = [name for name in names if name in body]
    # A for-each task's run shows its one task on each page.
    kept = {name for name in present if len(body[name]) == 1}
    pages = {name: body[name] if name in kept else body[name][begin:end] for name in present}
    return body | pages, any(len(body[name]) > end for name in present)


def wanted_page(call: Call) -> int:
    """Return the number of the page of arrays that a request asks for.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a token that was not given out.
    """
    token = call.query.get("page_token", "")
    number = token.removeprefix(TOKEN)
    if token and (number == token or not number.isdigit()):
        raise invalid(f"page_token {token!r} was not given by this server")
    return int(number or 0)


def neighbours(number: int, *, more: bool) -> dict[str, str]:
    """Return the tokens of the pages before and after one."""
    tokens = {"next_page_token": f"{TOKEN}{number + 1}"} if more else {}
    return tokens | ({"prev_page_token": f"{TOKEN}{number - 1}"} if number else {})
