"""Configuration of a workspace by keys.

Source: https://docs.databricks.com/api/workspace/workspaceconf. The two keys about personal access
tokens are obeyed; the others are kept without effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import orjson

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Fidelity, Route

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

DOCUMENT = "workspace_conf"
TOKENS_ENABLED, TOKEN_DAYS = "enableTokensConfig", "maxTokenLifetimeDays"


def _truth(value: str) -> bool:
    return value in ("true", "false")


def _number(value: str) -> bool:
    return value == "" or value.isdigit()


def _text(_value: str) -> bool:
    return True


KEYS: dict[str, Callable[[str], bool]] = {
    TOKEN_DAYS: _number,
    **dict.fromkeys(
        (
            "customerApprovedWSLoginExpirationTime",
            "projectsAllowList",
            "projectsAllowListPermissions",
            "rStudioUserDefaultHomeBase",
        ),
        _text,
    ),
    **dict.fromkeys(
        (
            TOKENS_ENABLED,
            "enableDbfsFileBrowser",
            "enableDcs",
            "enableDeprecatedClusterNamedInitScripts",
            "enableDeprecatedGlobalInitScripts",
            "enableEnforceImdsV2",
            "enableExportNotebook",
            "enableFileStoreEndpoint",
            "enableGp3",
            "enableHlsRuntime",
            "enableIpAccessLists",
            "enableJobViewAcls",
            "enableJobsEmailsV2",
            "enableLibraryAndInitScriptOnSharedCluster",
            "enableNotebookGitVersioning",
            "enableNotebookTableClipboard",
            "enableProjectTypeInWorkspace",
            "enableProjectsAllowList",
            "enableResultsDownloading",
            "enableUploadDataUis",
            "enableVerboseAuditLogs",
            "enableWebTerminal",
            "enableWorkspaceFilesystem",
            "enforceClusterViewAcls",
            "enforceUserIsolation",
            "enforceWorkspaceViewAcls",
            "intercomAdminConsent",
            "jobsListBackendPaginationEnabled",
            "mlflowModelRegistryEmailNotificationsEnabled",
            "mlflowModelServingEndpointCreationEnabled",
            "mlflowRunArtifactDownloadEnabled",
            "storeInteractiveNotebookResultsInCustomerAccount",
        ),
        _truth,
    ),
}


def stored(workspace: Workspace) -> dict[str, str]:
    """Return the keys that were set, with their values."""
    return workspace.space.get(DOCUMENT, DOCUMENT) or {}


def _check_keys(keys: Iterable[str]) -> None:
    unknown = sorted(set(keys) - set(KEYS))
    if unknown:
        # Terraform's provider reads the list that follows these words.
        raise invalid(f"Invalid keys: {orjson.dumps(unknown).decode()}")


def get(call: Call) -> dict[str, str | None]:
    """Return the values of keys; null for one that was never set."""
    keys = [key for key in call.text("keys").split(",") if key]
    _check_keys(keys)
    values = stored(call.workspace)
    return {key: values.get(key) for key in keys}


def set_values(call: Call) -> None:
    """Set the values of keys."""
    call.workspace.access.require_administrator(call.caller, "configure the workspace")
    wanted = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in call.body.items()
    }
    _check_keys(wanted)
    refused = {key: value for key, value in wanted.items() if not KEYS[key](value)}
    if refused:
        raise invalid(f"Some values are not allowed: {orjson.dumps(refused).decode()}")
    call.workspace.space.put(DOCUMENT, DOCUMENT, {**stored(call.workspace), **wanted})


PROOF = "terraform databricks_workspace_conf"
API, NOTE = "/api/2.0/workspace-conf", f"{TOKENS_ENABLED} and {TOKEN_DAYS} are obeyed"
ROUTES = [
    Route(method, API, handler, fidelity=Fidelity.STATE_ONLY, proved_by=PROOF, note=NOTE)
    for method, handler in (("GET", get), ("PATCH", set_values))
]
