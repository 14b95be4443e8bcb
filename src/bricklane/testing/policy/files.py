"""A bundle's files: what they say for a target without the Databricks CLI, and on which line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bricklane.project.bundlefile import LOADER, sources_of
from bricklane.project.textfile import read_text
from bricklane.testing.policy.model import KEYS, REFERENCE, Steps, step_of

VARIABLE = re.compile(r"\$\{(var\.[A-Za-z0-9_-]+|bundle\.name|bundle\.target)\}")
# A variable may name another; more levels than this are a circle.
DEPTH = 8
# What of a target adds to, or replaces, what the bundle says for all.
OVERRIDDEN = ("resources", "permissions", "run_as", "workspace", "presets", "variables")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a bundle, read.

    Args:
        root: the folder of the bundle's file.
        documents: what each holds.
        lines: file and line of each key, by the keys that lead to it.
    """

    root: Path
    documents: tuple[Mapping[str, Any], ...]
    lines: Mapping[Steps, tuple[Path, int]] = field(repr=False)

    def place(self, target: str, path: Steps) -> tuple[Path, int] | None:
        """Return where something is written, or what is nearest above it.

        Args:
            target: for which it holds; what is written for it alone comes first.
            path: the keys that lead to it in the bundle.
        """
        for length in range(len(path), 0, -1):
            for start in (("targets", target), ()):
                found = self.lines.get((*start, *path[:length]))
                if found is not None:
                    return found
        return self.lines.get(("targets", target))

    def document(self, target: str) -> Mapping[str, Any]:
        """Return the bundle as its files have it for a target.

        Variables are replaced where the files give them a value; other references stay.
        """
        merged: dict[str, Any] = {}
        for document in self.documents:
            merged = merge(merged, document)
        chosen = _table(_table(merged.get("targets")).get(target))
        merged.pop("targets", None)
        merged = merge(merged, {key: chosen[key] for key in OVERRIDDEN if key in chosen})
        merged["bundle"] = {
            **_table(merged.get("bundle")),
            "target": target,
            "mode": str(chosen.get("mode") or ""),
        }
        found = _resolved(merged, _values(merged, target), DEPTH)
        return found if isinstance(found, dict) else merged


def read_files(file: Path) -> Files:
    """Read a bundle's files.

    Args:
        file: the bundle's own.

    Raises:
        BricklaneError: when one cannot be read.
    """
    documents: list[Mapping[str, Any]] = []
    lines: dict[Steps, tuple[Path, int]] = {}
    for source in sources_of(file):
        text = read_text(source)
        documents.append(_table(yaml.load(text, LOADER)))  # noqa: S506  (a safe one)
        node = yaml.compose(text, LOADER)
        if node is not None:
            name = source.relative_to(file.parent)
            for path, line in _lines(node, ()):
                lines.setdefault(path, (name, line))
    return Files(file.parent, tuple(documents), lines)


def merge(one: Any, other: Any) -> Any:
    """Return what two parts of a bundle come to, as the Databricks CLI merges them.

    Tables key by key, tasks and clusters by their own keys, other lists one after the other.
    Source: https://docs.databricks.com/dev-tools/bundles/settings (targets, overrides).
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        both = {key: merge(one[key], other[key]) for key in other if key in one}
        return {**one, **other, **both}
    if isinstance(one, list) and isinstance(other, list):
        return _merged_items(one, other)
    return other


def _merged_items(one: list[Any], other: list[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for place, item in enumerate([*one, *other]):
        keyed = isinstance(item, Mapping) and any(key in item for key in KEYS)
        step = step_of(item, place) if keyed else str(place)
        found[step] = merge(found[step], item) if step in found else item
    return list(found.values())


def _values(merged: Mapping[str, Any], target: str) -> dict[str, Any]:
    values: dict[str, Any] = {"bundle.target": target}
    name = _table(merged.get("bundle")).get("name")
    if isinstance(name, str):
        values["bundle.name"] = name
    for key, given in _table(merged.get("variables")).items():
        value = given.get("default") if isinstance(given, Mapping) else given
        if value is not None:
            values[f"var.{key}"] = value
    return values


def _resolved(value: Any, values: Mapping[str, Any], depth: int) -> Any:
    if isinstance(value, Mapping):
        return {key: _resolved(item, values, depth) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, values, depth) for item in value]
    if isinstance(value, str) and REFERENCE in value and depth:
        whole = VARIABLE.fullmatch(value)
        found = (
            values.get(whole[1], value) if whole else VARIABLE.sub(partial(_text, values), value)
        )
        return found if found == value else _resolved(found, values, depth - 1)
    return value


def _text(values: Mapping[str, Any], match: re.Match[str]) -> str:
    value = values.get(match[1], match[0])
    return match[0] if isinstance(value, (Mapping, list)) else str(value)


def _lines(node: yaml.Node, path: Steps) -> Iterator[tuple[Steps, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            yield inner, key.start_mark.line + 1
            yield from _lines(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            inner = (*path, _step(item, place))
            yield inner, item.start_mark.line + 1
            yield from _lines(item, inner)


def _step(node: yaml.Node, place: int) -> str:
    if not isinstance(node, yaml.MappingNode):
        return str(place)
    return step_of({key.value: value.value for key, value in node.value}, place)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
