"""Checks JSON bodies against the request types of the official Python SDK.

The types come from ``types.json``, generated from ``databricks.sdk.service`` by
``scripts/generate_types.py`` for the SDK methods that routes name; so the server moves with the SDK
without having to load it. Unknown fields pass, as the API ignores them; a known field of a wrong
type is refused with its path.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from bricklane_local.app.errors import ApiError, invalid

Type = str | dict[str, Any]

# JSON types accepted for each primitive; the API's JSON mapping takes 64-bit numbers and truth
# values as text too (https://protobuf.dev/programming-guides/json/).
PRIMITIVES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
}


@cache
def _catalog() -> dict[str, dict[str, dict[str, Type]]]:
    text = files("bricklane_local.app").joinpath("types.json").read_bytes()
    catalog: dict[str, dict[str, dict[str, Type]]] = orjson.loads(text)
    return catalog


def check_body(method: str, body: dict[str, Any]) -> None:
    """Check that ``body`` fits the parameters of an SDK method.

    Args:
        method: ``module.Class.method`` as in :class:`~bricklane_local.app.routing.Route`.
        body: the parsed JSON object.

    Raises:
        ApiError: MALFORMED_REQUEST or INVALID_PARAMETER_VALUE naming the field and its value.
    """
    _check_fields(_catalog()["methods"][method], body, "")


def check_object(kind: str, body: dict[str, Any]) -> None:
    """Check a body that is one object of the SDK, not the parameters of its method.

    Args:
        kind: ``module.Class`` of the SDK, which a method that a route names refers to.
        body: the parsed JSON object.

    Raises:
        ApiError: as :func:`check_body`.
    """
    _check_fields(_catalog()["types"][kind], body, "")


def _check_fields(fields: dict[str, Type], body: dict[str, Any], prefix: str) -> None:
    for name, value in body.items():
        if name in fields and value is not None:
            _check(fields[name], value, prefix + name)


def _check(kind: Type, value: Any, path: str) -> None:
    if isinstance(kind, str):
        if kind != "any" and not _is_primitive(kind, value):
            raise ApiError("MALFORMED_REQUEST", f"{path} must be {kind}, got {_shown(value)}")
        return
    (shape, inner), *_ = kind.items()
    if shape == "enum":
        if value not in inner:
            raise invalid(f"{path} must be one of {', '.join(inner)}; got {_shown(value)}")
    elif shape == "list":
        _require(list, value, path)
        for index, item in enumerate(value):
            _check(inner, item, f"{path}[{index}]")
    elif shape == "map":
        _require(dict, value, path)
        for key, item in value.items():
            _check(inner, item, f"{path}.{key}")
    else:
        _require(dict, value, path)
        _check_fields(_catalog()["types"][inner], value, path + ".")


def _is_primitive(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    if isinstance(value, str) and kind in ("int", "float"):
        return value.lstrip("-").isdigit() or kind == "float"
    if isinstance(value, str) and kind == "bool":
        return value in ("true", "false")
    return isinstance(value, PRIMITIVES[kind])


def _require(wanted: type, value: Any, path: str) -> None:
    if not isinstance(value, wanted):
        name = "a list" if wanted is list else "an object"
        raise ApiError("MALFORMED_REQUEST", f"{path} must be {name}, got {_shown(value)}")


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else text[:77] + "..."
