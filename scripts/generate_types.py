"""Write ``types.json``: the request types of the SDK methods that the local cloud's routes name.

Run ``make generate`` after a route names a new method or the SDK was upgraded; a test fails while
the file is stale.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import json
import typing
from pathlib import Path
from typing import Any

from bricklane_local.account.families import ROUTES as ACCOUNT_ROUTES
from bricklane_local.app.families import ALL_ROUTES

TARGET = Path(__file__).parents[1] / "src/bricklane_local/app/types.json"
PRIMITIVES = {str: "str", int: "int", float: "float", bool: "bool"}


class Collector:
    """Turns Python annotations into the small type language of ``types.json``."""

    def __init__(self) -> None:
        self.types: dict[str, dict[str, Any]] = {}

    def kind(self, annotation: Any) -> Any:
        """Return the description of one annotation, collecting the dataclasses it refers to."""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Union or type(None) in arguments:
            return self.kind(next(a for a in arguments if a is not type(None)))
        if annotation in PRIMITIVES:
            return PRIMITIVES[annotation]
        if origin is list:
            return {"list": self.kind(arguments[0])}
        if origin is dict:
            return {"map": self.kind(arguments[1])}
        if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
            return {"enum": [member.value for member in annotation]}
        if dataclasses.is_dataclass(annotation):
            return {"ref": self.collect(annotation)}
        return "any"

    def collect(self, cls: Any) -> str:
        """Describe a dataclass once and return the name it has in the file."""
        name = f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}"
        if name not in self.types:
            self.types[name] = {}  # first, because types may contain themselves
            hints = typing.get_type_hints(cls)
            self.types[name] = {f.name: self.kind(hints[f.name]) for f in dataclasses.fields(cls)}
        return name


def render() -> str:
    """Return the text that ``types.json`` should have."""
    collector = Collector()
    methods: dict[str, dict[str, Any]] = {}
    for name in sorted({route.sdk for route in (*ALL_ROUTES, *ACCOUNT_ROUTES) if route.sdk}):
        module_name, class_name, *method_name = name.split(".")
        module = importlib.import_module(f"databricks.sdk.service.{module_name}")
        if not method_name:
            # The body is the object itself, which the method takes as one parameter.
            methods[name] = collector.types[collector.collect(getattr(module, class_name))]
            continue
        method = getattr(getattr(module, class_name), method_name[0])
        hints = typing.get_type_hints(method)
        parameters = list(inspect.signature(method).parameters)[1:]
        fields = {p: collector.kind(hints[p]) for p in parameters}
        # A parameter that is the whole body (as in catalog.TablesAPI) spreads into it.
        methods[name] = fields
    return (
        json.dumps({"methods": methods, "types": collector.types}, indent=1, sort_keys=True) + "\n"
    )


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
