"""Kinds of the account that are only kept: budget policies, network configurations, IP lists.

Source: https://docs.databricks.com/api/account/budgetpolicy,
https://docs.databricks.com/api/account/networkconnectivity and
https://docs.databricks.com/api/account/ipaccesslists.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bricklane_local.account.routes import ACCOUNT, guarded
from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.catalog.pages import page

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of records.

    Args:
        noun: for messages.
        path: its collection.
        key: field of its id.
        listed: field of lists.
        wrapped: field that holds a record in requests to make one and, if ``answered``, in answers.
        answered: whether answers hold a record in that field too.
        required: fields that must be sent.
        check: refuses what the types cannot.
        changes: method by which one is changed; "" when it cannot be.
        replaced: the fields that must be sent to replace one whole; empty when none can be.
        limit: the field of lists' page size.
    """

    noun: str
    path: str
    key: str
    listed: str
    required: tuple[str, ...]
    wrapped: str = ""
    answered: bool = False
    check: Callable[[Body], None] = lambda _body: None
    changes: str = "PATCH"
    replaced: tuple[str, ...] = ()
    limit: str = "page_size"


def _check_addresses(body: Body) -> None:
    if body.get("list_type") not in ("ALLOW", "BLOCK"):
        raise invalid(f"list_type must be ALLOW or BLOCK, got {body.get('list_type')!r}")
    for address in body.get("ip_addresses") or []:
        try:
            ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise invalid(f"ip_addresses: {address!r} is no IP address or CIDR range") from None


KINDS = (
    Kind(
        "budget policy",
        "/api/2.1/accounts/{account}/budget-policies",
        "policy_id",
        "policies",
        ("policy_name",),
        wrapped="policy",
    ),
    Kind(
        "network connectivity configuration",
        f"{ACCOUNT}/network-connectivity-configs",
        "network_connectivity_config_id",
        "items",
        ("name", "region"),
        changes="",
    ),
    Kind(
        "IP access list",
        f"{ACCOUNT}/ip-access-lists",
        "list_id",
        "ip_access_lists",
        ("label", "list_type"),
        wrapped="ip_access_list",
        answered=True,
        check=_check_addresses,
        replaced=("label", "list_type", "enabled"),
    ),
)
SPACE = "account"


def _answer(kind: Kind, body: Body) -> Body:
    return {kind.wrapped: body} if kind.answered else body


def _sent(kind: Kind, call: Call) -> Body:
    body = call.body.get(kind.wrapped) if kind.wrapped and not kind.answered else None
    found = dict(body if isinstance(body, dict) else call.body)
    found.pop("request_id", None)
    return found


def _checked(kind: Kind, body: Body) -> Body:
    for name in kind.required:
        if not body.get(name):
            raise invalid(f"Missing required field: {name}")
    kind.check(body)
    return body


def create(kind: Kind, call: Call) -> Body:
    """Keep a new record."""
    body = _checked(kind, _sent(kind, call))
    now = call.cloud.clock.now()
    body |= {kind.key: str(uuid.uuid4()), "account_id": call.cloud.account_id}
    body |= {"creation_time": now, "updated_time": now}
    call.cloud.database.space(SPACE).insert(kind.noun, body[kind.key], body, position=now)
    return _answer(kind, body)


def _stored(kind: Kind, call: Call) -> Body:
    found = call.cloud.database.space(SPACE).get(kind.noun, call.path["id"])
    if found is None:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"There is no {kind.noun} {call.path['id']}")
    return found


def get(kind: Kind, call: Call) -> Body:
    """Return a record."""
    return _answer(kind, _stored(kind, call))


def list_all(kind: Kind, call: Call) -> Body:
    """List records, oldest first."""
    found = [document.body for document in call.cloud.database.space(SPACE).select(kind.noun)]
    return page(call, kind.listed, found, kind.limit)


def change(kind: Kind, call: Call) -> Body:
    """Change the fields of a record that are sent."""
    before = _stored(kind, call)
    fixed = {kind.key: before[kind.key], "updated_time": call.cloud.clock.now()}
    body = _checked(kind, before | _sent(kind, call) | fixed)
    call.cloud.database.space(SPACE).update(kind.noun, call.path["id"], body)
    return _answer(kind, body)


def replace(kind: Kind, call: Call) -> Body:
    """Replace a record: what is not sent is gone."""
    before, sent = _stored(kind, call), _sent(kind, call)
    if missing := [name for name in kind.replaced if name not in sent]:
        raise invalid(f"Missing required field: {missing[0]}")
    kept = {name: before[name] for name in (kind.key, "account_id", "creation_time")}
    body = _checked(kind, sent | kept | {"updated_time": call.cloud.clock.now()})
    call.cloud.database.space(SPACE).update(kind.noun, call.path["id"], body)
    return _answer(kind, body)


def delete(kind: Kind, call: Call) -> None:
    """Forget a record."""
    _stored(kind, call)
    call.cloud.database.space(SPACE).delete(kind.noun, call.path["id"])


def _routes(kind: Kind) -> list[Route]:
    one = f"{kind.path}/{{id}}"
    rows = [
        ("POST", kind.path, create),
        ("GET", kind.path, list_all),
        ("GET", one, get),
        ("DELETE", one, delete),
        *([(kind.changes, one, change)] if kind.changes else []),
        *([("PUT", one, replace)] if kind.replaced else []),
    ]
    return [
        guarded(
            Route(
                method,
                path,
                partial(handler, kind),
                fidelity=Fidelity.STATE_ONLY,
                proved_by="databricks-sdk",
            )
        )
        for method, path, handler in rows
    ]


ROUTES = [route for kind in KINDS for route in _routes(kind)]
