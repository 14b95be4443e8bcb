"""Global init scripts, which would run on every cluster as it starts.

Source: https://docs.databricks.com/api/workspace/globalinitscripts.
"""

from __future__ import annotations

import base64
import binascii

from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Fidelity
from bricklane_local.resources.kind import ADMINISTRATORS, Act, Body, Kind, hexadecimal
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, routes

# What a script may have, in bytes, as documented.
LIMIT = 64 * 1024


def _check(_act: Act, body: Body, _old: Body | None) -> None:
    try:
        size = len(base64.b64decode(body["script"], validate=True))
    except binascii.Error as error:
        raise invalid(f"script is not Base64: {error}") from None
    if size > LIMIT:
        raise invalid(f"The script is {size} bytes; at most {LIMIT} are allowed")


def _made(act: Act, _body: Body) -> Body:
    return {"created_by": act.caller.user_name, "created_at": act.time}


def _changed(act: Act, _body: Body) -> Body:
    return {"updated_by": act.caller.user_name, "updated_at": act.time}


API, SDK = "/api/2.0/global-init-scripts", "compute.GlobalInitScriptsAPI"
STATE = Fidelity.STATE_ONLY
SCRIPT = Kind(
    name="global init script",
    document="global_init_script",
    key="script_id",
    new_key=hexadecimal(16),
    guard=ADMINISTRATORS,
    required=("name", "script"),
    defaults={"enabled": False, "position": 0},
    outputs=("created_by", "created_at", "updated_by", "updated_at"),
    made=_made,
    changed=_changed,
    check=_check,
    brief=("script",),
    operations=(
        Create(f"POST {API}", f"{SDK}.create", fidelity=STATE, key_only=True),
        List(f"GET {API}", items="scripts", fidelity=STATE),
        Get(f"GET {API}/{{id}}", fidelity=STATE),
        Change(f"PATCH {API}/{{id}}", f"{SDK}.update", fidelity=STATE, silent=True),
        Delete(f"DELETE {API}/{{id}}", fidelity=STATE),
    ),
    proved_by="terraform databricks_global_init_script",
)
ROUTES = routes([SCRIPT])
