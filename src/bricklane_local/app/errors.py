"""The one error shape of the API, and the table of its codes.

Source: https://docs.databricks.com/api/workspace/introduction (error codes and statuses).
"""

from __future__ import annotations

from typing import Any

# Error code → HTTP status that the API sends with it.
STATUS = {
    "ALREADY_EXISTS": 409,
    "BAD_REQUEST": 400,
    "CATALOG_ALREADY_EXISTS": 409,
    "CATALOG_DOES_NOT_EXIST": 404,
    "COLUMN_DOES_NOT_EXIST": 404,
    "CONNECTION_ALREADY_EXISTS": 409,
    "CONNECTION_DOES_NOT_EXIST": 404,
    "CONSTRAINT_ALREADY_EXISTS": 400,
    "CONSTRAINT_DOES_NOT_EXIST": 404,
    "CREDENTIAL_ALREADY_EXISTS": 409,
    "CREDENTIAL_DOES_NOT_EXIST": 404,
    "DIRECTORY_NOT_EMPTY": 400,
    "DIRECTORY_PROTECTED": 403,
    "EXTERNAL_LOCATION_ALREADY_EXISTS": 409,
    "EXTERNAL_LOCATION_DOES_NOT_EXIST": 404,
    "FUNCTION_ALREADY_EXISTS": 409,
    "FUNCTION_DOES_NOT_EXIST": 404,
    "INTERNAL_ERROR": 500,
    "INVALID_PARAMETER_VALUE": 400,
    "INVALID_STATE": 400,
    "IO_ERROR": 500,
    "MALFORMED_REQUEST": 400,
    "MAX_BLOCK_SIZE_EXCEEDED": 400,
    "MAX_NOTEBOOK_SIZE_EXCEEDED": 400,
    "MAX_READ_SIZE_EXCEEDED": 400,
    "METASTORE_DOES_NOT_EXIST": 404,
    "MODEL_VERSION_DOES_NOT_EXIST": 404,
    "NOT_FOUND": 404,
    "NOT_IMPLEMENTED": 501,
    "PERMISSION_DENIED": 403,
    "PRINCIPAL_DOES_NOT_EXIST": 404,
    "QUOTA_EXCEEDED": 400,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "RESOURCE_ALREADY_EXISTS": 400,
    "RESOURCE_CONFLICT": 409,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "RESOURCE_LIMIT_EXCEEDED": 400,
    "SCHEMA_ALREADY_EXISTS": 409,
    "SCHEMA_DOES_NOT_EXIST": 404,
    "STORAGE_CREDENTIAL_ALREADY_EXISTS": 409,
    "STORAGE_CREDENTIAL_DOES_NOT_EXIST": 404,
    "TABLE_ALREADY_EXISTS": 409,
    "TABLE_DOES_NOT_EXIST": 404,
    "TEMPORARILY_UNAVAILABLE": 503,
    "UNAUTHENTICATED": 401,
    "VOLUME_ALREADY_EXISTS": 409,
    "VOLUME_DOES_NOT_EXIST": 404,
}


class ApiError(Exception):
    """An error that the API answers in its own shape.

    Args:
        code: a key of :data:`STATUS`.
        message: names the thing, the value and, where there is one, the way out.
        status: overrides the code's status, for the endpoints that are documented to differ.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = STATUS[code] if status is None else status

    def body(self) -> dict[str, Any]:
        """Return the JSON body that clients parse."""
        return {"error_code": self.code, "message": self.message, "details": []}


def missing(parameter: str) -> ApiError:
    """Return the error for a required request parameter that is absent or empty."""
    return ApiError("INVALID_PARAMETER_VALUE", f"Missing required field: {parameter}")


def invalid(message: str) -> ApiError:
    """Return the error for a request value that cannot be accepted, described by ``message``."""
    return ApiError("INVALID_PARAMETER_VALUE", message)
