"""Workspaces that an apply made and that no state names, because it was ended before it knew them.

To make a workspace takes minutes, in which the provider has written nothing down. One of the name
that is about to be made is taken into the state by an ``import`` block instead
(https://developer.hashicorp.com/terraform/language/import), which is shown like any other change.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane.provision.infrastructure import save

if TYPE_CHECKING:
    from bricklane.provision.credentials import Administrator
    from bricklane.provision.results import Plan

KIND, NAME = "databricks_mws_workspaces", "workspace_name"
FILE = "imports.tf"


def orphans(plan: Plan, administrator: Administrator) -> dict[str, str]:
    """Return what is about to be made and is there already: address → id to import it by.

    Args:
        plan: of the account layer.
        administrator: of the account.
    """
    wanted = {
        str(attribute.after): change.address
        for change in plan.effective
        if change.kind == KIND and change.verb == "create"
        for attribute in change.attributes
        if attribute.path == NAME
    }
    if not wanted:
        return {}
    account_id = administrator.account_id
    return {
        wanted[str(workspace.workspace_name)]: f"{account_id}/{workspace.workspace_id}"
        for workspace in administrator.client().workspaces.list()
        if workspace.workspace_name in wanted
    }


def write_imports(directory: Path, found: Mapping[str, str]) -> None:
    """Write the blocks that import what was found, in a root module."""
    blocks = [
        f'import {{\n  to = {address}\n  id = "{number}"\n}}\n'
        for address, number in sorted(found.items())
    ]
    save(directory / FILE, "\n".join(blocks))


def importing(directory: Path) -> bool:
    """Say whether a root module still has something to import."""
    return (directory / FILE).exists()


def end_imports(directory: Path) -> None:
    """Remove the blocks, once what they name is in the state."""
    (directory / FILE).unlink(missing_ok=True)
