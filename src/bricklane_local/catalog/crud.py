"""The routes that every kind of securable has: create, get, update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.catalog import listing
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.calls import UNITY, answer, browsed, caller_of, shown, wanted
from bricklane_local.catalog.kinds import Kind
from bricklane_local.catalog.metastore import Metastore

Handler = Callable[[Call], dict[str, Any]]
Describe = Callable[[Metastore, str, dict[str, Any]], dict[str, Any]]


class Service(Protocol):
    """What the routes of a kind call: a module or an object."""

    @property
    def info(self) -> Describe:
        """Describe a stored securable."""

    @property
    def create(self) -> Callable[[Metastore, dict[str, Any], Caller], dict[str, Any]]:
        """Make one of the fields of a request."""

    @property
    def update(self) -> Callable[[Metastore, str, dict[str, Any], Caller], dict[str, Any]]:
        """Change one by the fields of a request."""


def getter(kind: Kind, service: Service) -> Handler:
    """Return the handler that answers one securable."""

    def get(call: Call) -> dict[str, Any]:
        metastore = call.cloud.metastore
        standing = metastore.standing(caller_of(call), kind, call.path["name"])
        standing.require_seen(browse=call.flag("include_browse"))
        name = standing.securable.full_name
        info = service.info(metastore, name, metastore.body(kind, name))
        return info if standing.sees() else browsed(info)

    return get


def creator(service: Service, required: tuple[str, ...]) -> Handler:
    """Return the handler that makes a securable; ``required`` are texts that must be given."""

    def create(call: Call) -> dict[str, Any]:
        for field in required:
            call.text(field)
        return service.create(call.cloud.metastore, call.body, caller_of(call))

    return create


def updater(service: Service) -> Handler:
    """Return the handler that changes a securable."""

    def update(call: Call) -> dict[str, Any]:
        metastore = call.cloud.metastore
        return service.update(metastore, call.path["name"], call.body, caller_of(call))

    return update


def page(call: Call, kind: Kind, parent: str, describe: Describe) -> dict[str, Any]:
    """Return the page of a list that a request asks for.

    Securables are described only after the page is cut: describing a table reads its log.
    """
    metastore, asked = call.cloud.metastore, wanted(call)
    items = listing.visible(metastore, caller_of(call), kind, parent, asked)
    found, token = listing.cut(items, asked.size)
    described = [
        shown(item, describe(metastore, item.document.key, item.document.body)) for item in found
    ]
    return answer(kind, described, token)


def routes(
    kind: Kind,
    service: Service,
    api: str,
    required: tuple[str, ...],
    fidelity: Fidelity = Fidelity.REAL,
    command: str = "",
    suffix: str = "",
) -> list[Route]:
    """Return the routes by which a kind's securables are made, answered and changed.

    Args:
        kind: which.
        service: that does it.
        api: class of the SDK.
        required: texts that a request must give to make one.
        fidelity: how real it is.
        command: of the CLI, when it is not named like the path.
        suffix: behind ``create``, ``get`` and ``update`` in names of methods and commands.
    """
    path, sdk = f"{UNITY}/{kind.plural}", f"catalog.{api}"
    one, proof = f"{path}/{{name}}", f"databricks {command or kind.plural}"
    said = suffix.replace("_", "-")
    return [
        Route(
            "POST",
            path,
            creator(service, required),
            sdk=f"{sdk}.create{suffix}",
            fidelity=fidelity,
            proved_by=f"{proof} create{said}",
        ),
        Route("GET", one, getter(kind, service), fidelity=fidelity, proved_by=f"{proof} get{said}"),
        Route(
            "PATCH",
            one,
            updater(service),
            sdk=f"{sdk}.update{suffix}",
            fidelity=fidelity,
            proved_by=f"{proof} update{said}",
        ),
    ]
