"""What a new workspace has of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.resources.clusters import policies
from bricklane_local.resources.kind import Body, Kind
from bricklane_local.resources.records import Records
from bricklane_local.resources.repos import repos
from bricklane_local.resources.sql import alerts, dashboards
from bricklane_local.sql import warehouses

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

FOUNDED = "founded"
FOUNDINGS = (
    (policies.POLICY, policies.founding),
    (warehouses.WAREHOUSE, warehouses.founding),
)


class Resources:
    """The resources of one workspace that are rows.

    Args:
        workspace: whose. One that is new, or was made before there was a kind, is given what a new
            workspace has of it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        alerts.follow_tree(workspace)
        dashboards.follow_tree(workspace)
        repos.follow_tree(workspace)
        for kind, founding in FOUNDINGS:
            if workspace.space.get(FOUNDED, kind.document) is None:
                self._found(kind, founding(workspace))

    def _found(self, kind: Kind, resources: list[tuple[Body, list[dict[str, str]]]]) -> None:
        space = self._workspace.space
        with space.database.transaction():
            for body, entries in resources:
                Records(self._workspace, kind).found(body, entries)
            space.insert(FOUNDED, kind.document, {})
