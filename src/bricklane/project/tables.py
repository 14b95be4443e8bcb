"""Tables of a TOML document, read strictly into the dataclasses that are their schema.

The types of a dataclass's fields say what its table may hold. Validation libraries do more, and
loading one takes longer than everything else that a command does which asks git a question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from types import MappingProxyType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from bricklane.project.suggestions import suggestion

Table = TypeVar("Table")

Location = tuple[str, ...]
Problem = tuple[Location, str]

EXPECTED: Mapping[Any, tuple[type, str]] = {
    bool: (bool, "expected true or false"),
    int: (int, "expected a whole number"),
    str: (str, "expected a string"),
    tuple: (list, "expected a list"),
    Mapping: (dict, "expected a table"),
}
"""Type of a field → the one that ``tomllib`` gives it, and what to say of any other."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one document.

    Args:
        problems: where and what, of everything that does not fit; what is read is of use only
            while there are none.
    """

    problems: list[Problem] = field(default_factory=list)

    def table(
        self,
        schema: type[Table],
        found: Mapping[str, Any],
        path: Location = (),
        given: Mapping[str, Any] = MappingProxyType({}),
    ) -> Table:
        """Return ``found`` as an instance of ``schema``, without what does not fit.

        Args:
            schema: a dataclass whose fields are of the types in :data:`EXPECTED`, or such
                dataclasses.
            found: the table.
            path: the keys that lead to it.
            given: values of the fields that the table cannot set.
        """
        types = get_type_hints(schema)
        known = [key.name for key in fields(schema) if key.name not in given]  # type: ignore[arg-type]
        values: dict[str, Any] = {}
        for key, value in found.items():
            if key in known:
                values[key] = self._value(types[key], value, (*path, key))
            else:
                said = f"no such key; {suggestion(key, sorted(known))}"
                self.problems.append(((*path, key), said))
        return schema(**given, **values)

    def _value(self, kind: Any, found: Any, path: Location) -> Any:
        parts, kind = get_args(kind), get_origin(kind) or kind
        wanted, said = EXPECTED[Mapping if is_dataclass(kind) else kind]
        fits = type(found) is wanted
        if not fits:
            self.problems.append((path, f"{said}, found {json.dumps(found, default=str)}"))
            return None
        if is_dataclass(kind):
            return self.table(cast("type[Any]", kind), found, path)
        if kind is tuple:
            return tuple(
                self._value(parts[0], item, (*path, str(place))) for place, item in enumerate(found)
            )
        if kind is Mapping:
            return {key: self._value(parts[1], item, (*path, key)) for key, item in found.items()}
        return found
