"""IP access lists.

Source: https://docs.databricks.com/api/workspace/ipaccesslists. Everybody reaches a local workspace
from the loopback address, so the lists are kept and block nobody.
"""

from __future__ import annotations

import ipaddress

from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Fidelity
from bricklane_local.resources.kind import ADMINISTRATORS, Act, Body, Kind, uuid_key
from bricklane_local.resources.operations import (
    Change,
    Create,
    Delete,
    Get,
    List,
    Replace,
    routes,
)

LIMIT = 1000


def _check(_act: Act, body: Body, _old: Body | None) -> None:
    addresses = body.get("ip_addresses") or []
    if not addresses or len(addresses) > LIMIT:
        raise invalid(f"ip_addresses must have 1 to {LIMIT} entries, got {len(addresses)}")
    for address in addresses:
        try:
            ipaddress.IPv4Network(address, strict=False)
        except ValueError:
            raise invalid(f"ip_addresses has {address!r}, no IPv4 address or CIDR range") from None


def _made(act: Act, _body: Body) -> Body:
    return {"created_at": act.time, "created_by": int(act.caller.id)}


def _changed(act: Act, body: Body) -> Body:
    return {
        "updated_at": act.time,
        "updated_by": int(act.caller.id),
        "address_count": len(body.get("ip_addresses") or []),
    }


API, SDK = "/api/2.0/ip-access-lists", "settings.IpAccessListsAPI"
STATE = Fidelity.STATE_ONLY
NOTE = "kept; nobody is blocked, for everybody comes from the loopback address"
IP_ACCESS_LIST = Kind(
    name="IP access list",
    document="ip_access_list",
    key="list_id",
    new_key=uuid_key,
    guard=ADMINISTRATORS,
    required=("label", "list_type"),
    defaults={"enabled": True},
    outputs=("address_count", "created_at", "created_by", "updated_at", "updated_by"),
    made=_made,
    changed=_changed,
    check=_check,
    shown_in="ip_access_list",
    operations=(
        Create(f"POST {API}", f"{SDK}.create", fidelity=STATE, note=NOTE),
        List(f"GET {API}", items="ip_access_lists", fidelity=STATE),
        Get(f"GET {API}/{{id}}", fidelity=STATE),
        Replace(f"PUT {API}/{{id}}", f"{SDK}.replace", fidelity=STATE),
        Change(f"PATCH {API}/{{id}}", f"{SDK}.update", fidelity=STATE),
        Delete(f"DELETE {API}/{{id}}", fidelity=STATE),
    ),
    proved_by="terraform databricks_ip_access_list",
)
ROUTES = routes([IP_ACCESS_LIST])
