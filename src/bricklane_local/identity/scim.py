"""The SCIM 2.0 protocol: filters, paging, attributes, patches and the error shape.

Source: RFC 7644 (sections 3.4.2, 3.5.2 and 3.12), as far as the API takes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bricklane_local.app.errors import ApiError

LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"
# The API takes values in single quotes too; the Databricks CLI sends them so.
WORD = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\(|\)|[^\s()"']+)""")
# `groups[value eq "123"]`: one element of a list, in the path of a patch.
SELECTED = re.compile(r'(?P<name>\w+)\[\s*value\s+eq\s+"(?P<value>[^"]*)"\s*\]')
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda found, wanted: found == wanted,
    "ne": lambda found, wanted: found != wanted,
    "co": lambda found, wanted: wanted in found,
    "sw": lambda found, wanted: found.startswith(wanted),
    "ew": lambda found, wanted: found.endswith(wanted),
}
TRUTHS = {"true": True, "false": False}
# The Terraform provider never asks for applicationId and takes it from what comes back: what names
# a service principal is returned as its id is (RFC 7643, section 7: "returned": "always").
ALWAYS_SHOWN = ("schemas", "id", "applicationId")
MAXIMUM_COUNT = 10_000
Resource = dict[str, Any]
Test = Callable[[Resource], bool]


class ScimError(ApiError):
    """An error in SCIM's own shape.

    Args:
        status: HTTP status.
        detail: names the thing, the value and the way out.
        kind: ``scimType``, such as ``invalidFilter``; "" for none.
    """

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__("BAD_REQUEST", detail, status=status)
        self._kind = kind

    def body(self) -> dict[str, Any]:
        """Return the JSON body that clients parse."""
        body: dict[str, Any] = {"schemas": [ERROR_SCHEMA], "detail": self.message}
        if self._kind:
            body["scimType"] = self._kind
        return body | {"status": str(self.status)}


def parse_filter(text: str) -> Test:
    """Return the test that a filter expresses; ``and`` binds closer than ``or``.

    Raises:
        ScimError: 400 ``invalidFilter`` when it cannot be read.
    """
    words, position = [], 0
    while position < len(text.rstrip()):
        match = WORD.match(text, position)
        if match is None:
            raise _bad_filter(text)
        words.append(match[1])
        position = match.end()
    return _Filter(text, words).whole()


class _Filter:
    """Reads the words of a filter from the left."""

    def __init__(self, text: str, words: list[str]) -> None:
        self._text = text
        self._words = words

    def whole(self) -> Test:
        test = self._either()
        if self._words:
            raise _bad_filter(self._text)
        return test

    def _either(self) -> Test:
        tests = [self._all()]
        while self._take("or"):
            tests.append(self._all())
        return lambda resource: any(test(resource) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return lambda resource: all(test(resource) for test in tests)

    def _take(self, word: str) -> bool:
        found = bool(self._words) and self._words[0].lower() == word
        if found:
            self._words.pop(0)
        return found

    def _one(self) -> Test:
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise _bad_filter(self._text)
            return inner
        name = self._next()
        operator = self._next().lower()
        if operator == "pr":
            return lambda resource: bool(_texts(resource, name))
        if operator not in OPERATORS:
            raise _bad_filter(self._text)
        word = self._next()
        if word[0] in "\"'":
            word = re.sub(r"\\(.)", r"\1", word[1:-1])
        # Names, mail addresses and ids are compared as SCIM says, letter case aside.
        compare, wanted = OPERATORS[operator], word.lower()
        negative = operator == "ne"

        def test(resource: Resource) -> bool:
            outcomes = [compare(found.lower(), wanted) for found in _texts(resource, name)]
            return all(outcomes) if negative else any(outcomes)

        return test

    def _next(self) -> str:
        if not self._words:
            raise _bad_filter(self._text)
        return self._words.pop(0)


def _bad_filter(text: str) -> ScimError:
    known = ", ".join((*OPERATORS, "pr"))
    return ScimError(
        400,
        f"Given filter operator is not supported: {text!r}; write it as: attribute OPERATOR "
        f'"value", joined by and, or; operators are {known}',
        "invalidFilter",
    )


def _texts(resource: Resource, path: str) -> list[str]:
    """Return the values at a path such as ``userName``, ``name.givenName`` or ``groups``."""
    name, _, rest = path.partition(".")
    key = next((key for key in resource if key.lower() == name.lower()), None)
    value = None if key is None else resource[key]
    items = value if isinstance(value, list) else [] if value is None else [value]
    texts = []
    for item in items:
        if isinstance(item, Mapping):
            texts += _texts(dict(item), rest or "value")
        else:
            texts.append(str(item).lower() if isinstance(item, bool) else str(item))
    return texts


def page(resources: Iterable[Resource], query: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of resources as a ``ListResponse``.

    Args:
        resources: all of them.
        query: ``filter``, ``startIndex`` (from 1), ``count``, ``attributes``,
            ``excludedAttributes``, ``sortBy`` and ``sortOrder``.

    Raises:
        ScimError: 400 when one of these cannot be read.
    """
    found = list(resources)
    if query.get("filter"):
        test = parse_filter(query["filter"])
        found = [resource for resource in found if test(resource)]
    if query.get("sortBy"):
        name, last = query["sortBy"], query.get("sortOrder") == "descending"
        found.sort(key=lambda resource: _texts(resource, name), reverse=last)
    start = max(1, _number(query, "startIndex", 1))
    count = min(MAXIMUM_COUNT, max(0, _number(query, "count", MAXIMUM_COUNT)))
    shown = [chosen(resource, query) for resource in found[start - 1 : start - 1 + count]]
    body = {
        "schemas": [LIST_SCHEMA],
        "totalResults": len(found),
        "startIndex": start,
        "itemsPerPage": len(shown),
    }
    return body | ({"Resources": shown} if shown else {})


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.lstrip("-").isdigit():
        raise ScimError(400, f"{name} must be a whole number, got {text!r}", "invalidValue")
    return int(text)


def chosen(resource: Resource, query: Mapping[str, str]) -> Resource:
    """Return a resource with only the attributes that the query wants to see."""
    wanted, unwanted = _names(query, "attributes"), _names(query, "excludedAttributes")
    return {
        name: value
        for name, value in resource.items()
        if name in ALWAYS_SHOWN
        or ((not wanted or name.lower() in wanted) and name.lower() not in unwanted)
    }


def _names(query: Mapping[str, str], name: str) -> set[str]:
    words = (query.get(name) or "").split(",")
    return {word.strip().partition(".")[0].lower() for word in words if word.strip()}


def patched(resource: Resource, operations: list[dict[str, Any]], lists: Iterable[str]) -> Resource:
    """Return a resource after the operations of a ``PatchOp``.

    Args:
        resource: as shown.
        operations: each with ``op``, and ``path`` or an object as ``value``.
        lists: attributes that hold several values, each an object with ``value``.

    Raises:
        ScimError: 400 ``invalidPath`` or ``invalidSyntax`` when an operation cannot be read.
    """
    result = dict(resource)
    for operation in operations:
        op = str(operation.get("op") or "").lower()
        if op not in ("add", "remove", "replace"):
            raise ScimError(400, f"op must be add, remove or replace; got {op!r}", "invalidSyntax")
        path, value = operation.get("path"), operation.get("value")
        if path:
            _apply(result, op, str(path), value, lists)
        elif isinstance(value, Mapping):
            for name, part in value.items():
                _apply(result, op, name, part, lists)
        else:
            raise ScimError(400, f"{op} without a path needs an object as value", "noTarget")
    return result


def _apply(result: Resource, op: str, path: str, value: Any, lists: Iterable[str]) -> None:
    selected = SELECTED.fullmatch(path.strip())
    name = selected["name"] if selected else path.strip()
    if name not in result and name not in lists:
        raise ScimError(400, f"{path!r} is no attribute that can be changed", "invalidPath")
    if name not in lists:
        result[name] = None if op == "remove" else _single(value, result.get(name))
        return
    present = list(result.get(name) or [])
    given = [selected["value"]] if selected else _given(value)
    if op == "replace" and not selected:
        present = []
    if op == "remove":
        gone = set(given) if selected or value is not None else None
        result[name] = [] if gone is None else [i for i in present if i["value"] not in gone]
        return
    known = {item["value"] for item in present}
    result[name] = present + [{"value": item} for item in given if item not in known]


def _single(value: Any, present: Any) -> Any:
    """Return a single value, which Terraform's provider writes as ``[{"value": "false"}]``."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
        value = value[0].get("value")
    if isinstance(present, bool) and isinstance(value, str):
        value = TRUTHS.get(value.lower(), value)
    return value


def _given(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [str(item["value"] if isinstance(item, Mapping) else item) for item in items]


def values_of(resource: Resource, name: str) -> list[str]:
    """Return the values of an attribute that holds several, each once.

    Raises:
        ScimError: 400 when they are not objects with ``value``.
    """
    items = resource.get(name) or []
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and item.get("value") for item in items
    ):
        raise ScimError(400, f"{name} must be a list of objects with value", "invalidSyntax")
    return list(dict.fromkeys(str(item["value"]) for item in items))
