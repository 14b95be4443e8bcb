"""Routes of credentials, external locations and connections: kept and answered.

Source: https://docs.databricks.com/api/workspace (Unity Catalog).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.catalog import crud
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.storage.connections import CONNECTIONS
from bricklane_local.catalog.storage.credentials import SERVICE, STORAGE
from bricklane_local.catalog.storage.external_locations import EXTERNAL_LOCATIONS
from bricklane_local.catalog.toplevel import TopLevel


def _lister(service: TopLevel) -> Callable[[Call], dict[str, Any]]:
    def handle(call: Call) -> dict[str, Any]:
        return crud.page(call, service.kind, "", service.info)

    return handle


def _remover(service: TopLevel) -> Callable[[Call], None]:
    def handle(call: Call) -> None:
        force = call.flag("force")
        service.delete(call.cloud.metastore, call.path["name"], caller_of(call), force=force)

    return handle


def _routes(
    service: TopLevel, api: str, required: tuple[str, ...], suffix: str = ""
) -> list[Route]:
    kind, state = service.kind, Fidelity.STATE_ONLY
    path, proof, said = (
        f"{UNITY}/{kind.plural}",
        f"databricks {kind.plural}",
        suffix.replace("_", "-"),
    )
    listed = f"{proof} list{said}s" if said else f"{proof} list"
    return [
        *crud.routes(kind, service, api, required, state, suffix=suffix),
        Route("GET", path, _lister(service), fidelity=state, proved_by=listed),
        Route(
            "DELETE",
            f"{path}/{{name}}",
            _remover(service),
            fidelity=state,
            proved_by=f"{proof} delete{said}",
        ),
    ]


ROUTES = [
    *_routes(EXTERNAL_LOCATIONS, "ExternalLocationsAPI", ("name", "url", "credential_name")),
    *_routes(STORAGE, "StorageCredentialsAPI", ("name",)),
    *_routes(SERVICE, "CredentialsAPI", ("name",), "_credential"),
    *_routes(CONNECTIONS, "ConnectionsAPI", ("name", "connection_type")),
]
