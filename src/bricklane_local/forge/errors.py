"""The one error shape of the forge's API.

Source: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

from __future__ import annotations

from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class ForgeApiError(Exception):
    """An error that the forge answers in GitHub's shape.

    Args:
        status: of the HTTP answer.
        message: what is wrong, in the words that clients look for.
        errors: what is wrong field by field, if anything.
        headers: to send with the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the JSON body that clients parse."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        return body | {"documentation_url": DOCUMENTATION, "status": str(self.status)}


def not_found() -> ForgeApiError:
    """Return the answer for what is not there, or must not be known to be there."""
    return ForgeApiError(404, "Not Found")


def bad_request(message: str) -> ForgeApiError:
    """Return the answer for a body that cannot be read at all."""
    return ForgeApiError(400, message)


def malformed(field: str, value: Any, wanted: str) -> ForgeApiError:
    """Return the answer for a field of the wrong type: ``wanted`` completes "is not …"."""
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return ForgeApiError(422, f"Invalid request.\n\nFor 'properties/{field}', {shown} {wanted}.")


def missing(field: str) -> ForgeApiError:
    """Return the answer for a required field that was not sent."""
    return ForgeApiError(422, f'Invalid request.\n\n"{field}" wasn\'t supplied.')


def invalid(resource: str, field: str, code: str = "invalid", message: str = "") -> ForgeApiError:
    """Return the answer for a value that cannot be accepted.

    Args:
        resource: such as ``PullRequest``.
        field: of the resource.
        code: ``missing``, ``missing_field``, ``invalid``, ``already_exists``, ``unprocessable`` or
            ``custom``, the one that comes with a message.
        message: for people.
    """
    error = {"resource": resource, "field": field, "code": code}
    if message:
        error["message"] = message
    return ForgeApiError(422, "Validation Failed", [error])


def custom(resource: str, message: str) -> ForgeApiError:
    """Return the answer for a refusal that only its ``message`` explains."""
    return ForgeApiError(
        422, "Validation Failed", [{"resource": resource, "code": "custom", "message": message}]
    )
