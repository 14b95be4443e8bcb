"""Results of commands as the API answers them.

Source: https://docs.databricks.com/api/workspace/commandexecution/commandstatus. A command has one
result: the last table that it showed, else its images, else all text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def results(answer: Body) -> Body:
    """Return the result of a command.

    Args:
        answer: of its process: the record of a cell, and what ``dbutils.notebook.exit`` was given.
    """
    outputs = answer["record"]["outputs"]
    for form, make in FORMS.items():
        chosen = [output for output in outputs if output["type"] == form]
        if chosen and (form == "error" or answer["exit_value"] is None):
            return make(chosen)
    text = answer["exit_value"]
    return _text("".join(map(_plain, outputs)) if text is None else text)


def failed(message: str) -> Body:
    """Return the result of a command whose process could not run it."""
    return {"resultType": "error", "summary": message, "cause": message}


def _plain(output: Body) -> str:
    return str(output.get("text") or output.get("html") or "")


def _text(text: str) -> Body:
    return {"resultType": "text", "data": text.removesuffix("\n")}


def _error(chosen: list[Body]) -> Body:
    found = chosen[-1]
    return {
        "resultType": "error",
        "summary": f"{found['name']}: {found['message']}",
        "cause": found["traceback"],
    }


def _table(chosen: list[Body]) -> Body:
    found = chosen[-1]
    schema = [
        {"name": item["name"], "type": json.dumps(item["type"]), "metadata": "{}"}
        for item in found["columns"]
    ]
    return {
        "resultType": "table",
        "data": found["rows"],
        "schema": schema,
        "truncated": found["truncated"],
        "isJsonSchema": True,
    }


def _images(chosen: list[Body]) -> Body:
    names = [_address(output) for output in chosen]
    if len(names) == 1:
        return {"resultType": "image", "fileName": names[0]}
    return {"resultType": "images", "fileNames": names}


def _address(output: Body) -> str:
    if output["mime"] == "image/svg+xml":
        from urllib.parse import quote

        return f"data:image/svg+xml,{quote(output['data'])}"
    return f"data:{output['mime']};base64,{''.join(output['data'].split())}"


# Type of an output → what makes a result of all outputs of that type, by precedence.
FORMS: dict[str, Callable[[list[Body]], Body]] = {
    "error": _error,
    "table": _table,
    "image": _images,
}
