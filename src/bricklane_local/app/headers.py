"""Headers that every answer of a workspace has."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

WORKSPACE_ID = b"x-databricks-org-id"


def naming_workspace(workspace_id: int, app: ASGIApp) -> ASGIApp:
    """Return ``app`` with the workspace's id in the header of each answer.

    Clients learn the id from there; Terraform's provider does before it makes some resources.

    Args:
        workspace_id: the numeric id.
        app: answers the requests.
    """
    header = (WORKSPACE_ID, str(workspace_id).encode())

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        await app(scope, receive, sending)

    return named
