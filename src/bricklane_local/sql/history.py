"""The query history: every statement of the last 30 days, as those see it who may.

Source: https://docs.databricks.com/api/workspace/queryhistory. Who is no administrator sees the
statements that they sent, and those on warehouses that they may monitor
(https://docs.databricks.com/en/sql/user/queries/query-history.html).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Route
from bricklane_local.permissions.levels import MONITOR
from bricklane_local.resources.records import Records
from bricklane_local.sql.model import FINAL, Statement, StatementState
from bricklane_local.sql.records import HISTORY
from bricklane_local.sql.warehouses import WAREHOUSE

DEFAULT_RESULTS, MOST_RESULTS = 100, 1000
CHUNK = 200
STATUSES = {
    StatementState.PENDING: "QUEUED",
    StatementState.RUNNING: "RUNNING",
    StatementState.SUCCEEDED: "FINISHED",
    StatementState.CLOSED: "FINISHED",
    StatementState.FAILED: "FAILED",
    StatementState.CANCELED: "CANCELED",
}
TYPES = (
    *("ALTER", "ANALYZE", "COPY", "CREATE", "DELETE", "DESCRIBE", "DROP", "EXPLAIN", "GRANT"),
    *("INSERT", "MERGE", "OPTIMIZE", "REFRESH", "REPLACE", "REVOKE", "SELECT", "SET", "SHOW"),
    *("TRUNCATE", "UPDATE", "USE"),
)
# First words whose statements are of a type that is called otherwise.
SAME = {**dict.fromkeys(("WITH", "VALUES", "FROM", "TABLE"), "SELECT"), "DESC": "DESCRIBE"}


def statement_type(text: str) -> str:
    """Return the type of a statement, told by its first word that is no comment."""
    rest = text.strip().lstrip("(").lstrip()
    while rest.startswith(("--", "/*")):
        rest = rest.partition("\n" if rest.startswith("--") else "*/")[2].lstrip(" \t\r\n(")
    word = rest.partition(" ")[0].split("\n")[0].split("(")[0].rstrip(";").upper()
    word = SAME.get(word, word)
    return word if word in TYPES else "OTHER"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which statements are asked for; what is empty does not limit.

    Args:
        statement_ids: their ids.
        user_ids: ids of who sent them.
        warehouse_ids: where they ran.
        statuses: as the history names them.
        begin: earliest start, in milliseconds since the epoch.
        end: latest start.
    """

    statement_ids: frozenset[str]
    user_ids: frozenset[str]
    warehouse_ids: frozenset[str]
    statuses: frozenset[str]
    begin: int
    end: int | None

    def fits(self, found: Statement, user_id: str) -> bool:
        """Tell whether a statement is asked for."""
        pairs = (
            (self.statement_ids, found.id),
            (self.user_ids, user_id),
            (self.warehouse_ids, found.request.warehouse_id),
            (self.statuses, STATUSES[found.state]),
        )
        in_time = self.begin <= found.started and (self.end is None or found.started <= self.end)
        return in_time and all(not wanted or value in wanted for wanted, value in pairs)


def _filter(call: Call) -> Filter:
    sent = call.body.get("filter_by") or {}
    query = call.request.query_params

    def values(name: str) -> frozenset[str]:
        found = query.getlist(f"filter_by.{name}") or sent.get(name) or []
        return frozenset(str(value) for value in found)

    def moment(name: str) -> int | None:
        path = f"filter_by.query_start_time_range.{name}"
        given = query.get(path) or (sent.get("query_start_time_range") or {}).get(name)
        if given is None:
            return None
        if not str(given).isdecimal():
            raise invalid(f"{path} must be milliseconds since the epoch, got {given!r}")
        return int(given)

    statuses = values("statuses")
    if unknown := statuses - set(STATUSES.values()):
        known = ", ".join(sorted(set(STATUSES.values())))
        raise invalid(f"filter_by.statuses must be of {known}; got {', '.join(sorted(unknown))}")
    oldest = call.cloud.clock.now() - HISTORY
    return Filter(
        values("statement_ids"),
        values("user_ids"),
        values("warehouse_ids"),
        statuses,
        max(oldest, moment("start_time_ms") or 0),
        moment("end_time_ms"),
    )


def list_queries(call: Call) -> dict[str, Any]:
    """List statements, the latest first."""
    limit = call.integer("max_results", DEFAULT_RESULTS, low=1, high=MOST_RESULTS)
    wanted, sees, users = _filter(call), _sight(call), _users(call)
    after = _after(call.query.get("page_token", ""))
    fitting = (
        found
        for found in _statements(call, after, wanted.begin)
        if sees(found) and wanted.fits(found, users(found.caller))
    )
    page = list(islice(fitting, limit + 1))
    more = len(page) > limit
    metrics = call.flag("include_metrics")
    body: dict[str, Any] = {
        "res": [_shown(found, users(found.caller), metrics=metrics) for found in page[:limit]],
        "has_next_page": more,
    }
    if more:
        token = str(page[limit - 1].number).encode()
        body["next_page_token"] = base64.urlsafe_b64encode(token).decode()
    return body


def _statements(call: Call, after: int | None, begin: int) -> Iterator[Statement]:
    while True:
        page = call.workspace.statements.records.page(after, CHUNK)
        for found in page:
            if found.started < begin:
                return
            yield found
        if len(page) < CHUNK:
            return
        after = page[-1].number


def _sight(call: Call) -> Callable[[Statement], bool]:
    """Return what tells whether the caller may see a statement."""
    records = Records(call.workspace, WAREHOUSE)
    monitored: dict[str, bool] = {}

    def sees(found: Statement) -> bool:
        if found.caller == call.caller.user_name:
            return True
        name = found.request.warehouse_id
        if name not in monitored:
            body = records.find(name)
            if body is None:
                monitored[name] = call.caller.is_admin
            else:
                monitored[name] = records.allows(body, call.caller, MONITOR)
        return monitored[name]

    return sees


def _users(call: Call) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def user_id(name: str) -> str:
        if name not in known:
            found = call.cloud.directory.find(call.workspace.name, name)
            known[name] = "0" if found is None else str(found.id)
        return known[name]

    return user_id


def _shown(found: Statement, user_id: str, *, metrics: bool) -> dict[str, Any]:
    final = found.state in FINAL
    duration = max(0, found.ended - found.started) if found.ended else 0
    body: dict[str, Any] = {
        "query_id": found.id,
        "lookup_key": found.id,
        "status": STATUSES[found.state],
        "is_final": final,
        "query_text": found.request.statement,
        "statement_type": statement_type(found.request.statement),
        "query_start_time_ms": found.started,
        "duration": duration,
        "user_id": int(user_id),
        "user_name": found.caller,
        "executed_as_user_id": int(user_id),
        "executed_as_user_name": found.caller,
        "warehouse_id": found.request.warehouse_id,
        "endpoint_id": found.request.warehouse_id,
        "rows_produced": found.rows,
        "client_application": found.request.client,
        "plans_state": "EMPTY",
    }
    if found.ended:
        body |= {"execution_end_time_ms": found.ended, "query_end_time_ms": found.ended}
    if found.error:
        body["error_message"] = found.error["message"]
    if found.request.source:
        body["query_source"] = found.request.source
    if metrics:
        running = found.running_since or found.ended
        body["metrics"] = {
            "total_time_ms": duration,
            "execution_time_ms": max(0, found.ended - running) if found.ended else 0,
            "rows_produced_count": found.rows,
            "result_from_cache": False,
        }
    return body


def _after(token: str) -> int | None:
    if not token:
        return None
    try:
        return int(base64.urlsafe_b64decode(token.encode()).decode())
    except (binascii.Error, ValueError):
        raise invalid(f"page_token {token!r} is not one that this API gave") from None


ROUTES = [
    Route(
        "GET",
        "/api/2.0/sql/history/queries",
        list_queries,
        proved_by="databricks-sdk",
        note="statements of the API, of connectors and of tasks; metrics are times and rows",
    )
]
