"""Definitions of cluster policies: what a definition may say, and what it does to a cluster.

Source: https://docs.databricks.com/en/admin/clusters/policy-definition.html. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from bricklane_local.app.errors import invalid

Rule = dict[str, Any]
Rules = dict[str, Rule]
# Attributes whose value is a map from names that may contain dots.
MAPS = ("spark_conf", "spark_env_vars", "custom_tags")
# Attributes that are computed from a cluster's price or purpose, which a local one does not have.
VIRTUAL = ("dbus_per_hour", "cluster_type")
# An element of a list stands in a rule's path as a number, or as "*" for all.
ANY_ELEMENT = "*"


def _missing(name: str) -> Callable[[Rule], bool]:
    return lambda rule: name not in rule


# Type of a rule → what it must have, and what says that it lacks it.
REQUIRED: dict[str, dict[str, Callable[[Rule], bool]]] = {
    "fixed": {"value": _missing("value")},
    "forbidden": {},
    "allowlist": {"values": lambda rule: not isinstance(rule.get("values"), list)},
    "blocklist": {"values": lambda rule: not isinstance(rule.get("values"), list)},
    "regex": {"pattern": lambda rule: not isinstance(rule.get("pattern"), str)},
    "range": {
        "minValue or maxValue": lambda rule: "minValue" not in rule and "maxValue" not in rule
    },
    "unlimited": {},
}


def parse(text: str) -> Rules:
    """Return the rules of a definition.

    Args:
        text: the JSON document.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE that names the attribute whose rule cannot be.
    """
    try:
        rules = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise invalid(f"The definition of the policy is not JSON: {error}") from None
    if not isinstance(rules, dict):
        raise invalid("The definition of the policy must be a JSON object of attributes")
    for attribute, rule in rules.items():
        _check(attribute, rule)
    return rules


def _check(attribute: str, rule: Any) -> None:
    where = f"The rule of {attribute} in the definition of the policy"
    if not isinstance(rule, dict):
        raise invalid(f"{where} must be an object with a type")
    kind = rule.get("type")
    if kind not in REQUIRED:
        raise invalid(f"{where} must have a type of {', '.join(REQUIRED)}; got {kind!r}")
    for name, lacks in REQUIRED[kind].items():
        if lacks(rule):
            raise invalid(f"{where} has the type {kind}, which needs {name}")
    if kind == "regex":
        try:
            re.compile(rule["pattern"])
        except re.error as error:
            raise invalid(f"{where} has a pattern that is no regular expression: {error}") from None


def merged(family: Rules, overrides: Rules) -> Rules:
    """Return the definition of a policy made from a family: its rules, and those of the policy."""
    return {**family, **overrides}


def apply(rules: Rules, wanted: dict[str, Any], *, defaults: bool) -> dict[str, Any]:
    """Return a cluster as a policy makes it of what a client wants.

    Args:
        rules: of the policy.
        wanted: attributes of the cluster.
        defaults: give attributes that are not set the default values of limiting rules.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE that names every attribute that does not fit.
    """
    cluster: dict[str, Any] = orjson.loads(orjson.dumps(wanted))
    problems: list[str] = []
    for attribute, rule in rules.items():
        path = _path(attribute)
        if attribute in VIRTUAL:
            continue
        values = list(_values(cluster, path))
        if not values:
            default = _default(rule, defaults=defaults)
            if default is not None and ANY_ELEMENT not in path:
                _set(cluster, path, default)
            elif _is_wanted(rule, path):
                problems.append(f"{attribute} must be set")
            continue
        problems += [
            f"{attribute} {complaint}"
            for value in values
            if (complaint := _complaint(rule, value)) is not None
        ]
    if problems:
        raise invalid(f"The cluster does not fit its policy: {'; '.join(problems)}")
    return cluster


def _path(attribute: str) -> list[str]:
    first, _, rest = attribute.partition(".")
    return [first, rest] if first in MAPS and rest else attribute.split(".")


def _default(rule: Rule, *, defaults: bool) -> Any:
    if rule["type"] == "fixed":
        return None if rule.get("isOptional") else rule["value"]
    return rule.get("defaultValue") if defaults else None


def _is_wanted(rule: Rule, path: list[str]) -> bool:
    limits = rule["type"] in ("allowlist", "blocklist", "regex", "range", "unlimited")
    return limits and not rule.get("isOptional") and ANY_ELEMENT not in path


def _values(node: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield node
        return
    name, *rest = path
    if isinstance(node, list):
        wanted = range(len(node)) if name == ANY_ELEMENT else [int(name)] if name.isdigit() else []
        for index in wanted:
            if index < len(node):
                yield from _values(node[index], rest)
    elif isinstance(node, dict) and node.get(name) is not None:
        yield from _values(node[name], rest)


def _set(cluster: dict[str, Any], path: list[str], value: Any) -> None:
    node = cluster
    for name in path[:-1]:
        inner = node.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        node = inner
    node[path[-1]] = value


def _same(value: Any, other: Any) -> bool:
    return value == other or _text(value) == _text(other)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _complaint(rule: Rule, value: Any) -> str | None:
    return COMPLAINTS[rule["type"]](rule, value)


def _fixed(rule: Rule, value: Any) -> str | None:
    return None if _same(value, rule["value"]) else f"must be {rule['value']}, got {value}"


def _forbidden(_rule: Rule, value: Any) -> str | None:
    return f"must not be set, got {value}"


def _allowlist(rule: Rule, value: Any) -> str | None:
    allowed = rule["values"]
    if any(_same(value, item) for item in allowed):
        return None
    return f"must be one of {', '.join(_text(item) for item in allowed)}; got {value}"


def _blocklist(rule: Rule, value: Any) -> str | None:
    blocked = rule["values"]
    if not any(_same(value, item) for item in blocked):
        return None
    return f"must be none of {', '.join(_text(item) for item in blocked)}; got {value}"


def _regex(rule: Rule, value: Any) -> str | None:
    if re.fullmatch(rule["pattern"], _text(value)):
        return None
    return f"must match {rule['pattern']}, got {value}"


def _range(rule: Rule, value: Any) -> str | None:
    low, high = rule.get("minValue"), rule.get("maxValue")
    try:
        number = float(value)
    except (TypeError, ValueError):
        return f"must be a number, got {value}"
    if (low is not None and number < float(low)) or (high is not None and number > float(high)):
        return (
            f"must be in {'' if low is None else low}..{'' if high is None else high}; got {value}"
        )
    return None


COMPLAINTS: dict[str, Callable[[Rule, Any], str | None]] = {
    "fixed": _fixed,
    "forbidden": _forbidden,
    "allowlist": _allowlist,
    "blocklist": _blocklist,
    "regex": _regex,
    "range": _range,
    "unlimited": lambda _rule, _value: None,
}
