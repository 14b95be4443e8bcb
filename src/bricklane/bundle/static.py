"""Checks of a bundle's files that need no workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.bundlefile import find_bundle, read_bundle, sources_of
from bricklane.project.textfile import read_text

# Keys whose value names a file of the bundle, relative to the file that says it
# (https://docs.databricks.com/dev-tools/bundles/job-task-types).
FILE_KEYS = frozenset({"notebook_path", "python_file"})
# Keys of a mapping below which ``path`` does so.
FILE_TABLES = frozenset({"file", "notebook"})
# A notebook may be named without the end of its file's name.
NOTEBOOK_SUFFIXES = ("", ".py", ".sql", ".ipynb", ".scala", ".r", ".R")


def check_files(root: Path) -> int:
    """Check that the bundle's files are YAML and that the files they name are there.

    Args:
        root: the folder of ``databricks.yml``.

    Returns:
        How many files of the bundle were read.

    Raises:
        BricklaneError: with every problem, each with file and line.
    """
    file = find_bundle(root)
    read_bundle(file)
    sources = sources_of(file)
    problems = [problem for source in sources for problem in _missing_files(source, file.parent)]
    if problems:
        raise BricklaneError("\n".join(problems), exit_code=ExitCode.CONFIG)
    return len(sources)


def _missing_files(source: Path, root: Path) -> Iterator[str]:
    node = yaml.compose(read_text(source), Loader=yaml.SafeLoader)
    if node is None:
        return
    for scalar in _named_files(node):
        name = str(scalar.value)
        if "${" in name or name.startswith("/") or not _is_local(name):
            continue
        if not any((source.parent / f"{name}{suffix}").is_file() for suffix in NOTEBOOK_SUFFIXES):
            place = f"{source.relative_to(root)}:{scalar.start_mark.line + 1}"
            yield f"{place}: there is no file {name} beside it"


def _is_local(name: str) -> bool:
    return "://" not in name and not name.startswith("dbfs:")


def _named_files(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield the values below ``node`` that name a file of the bundle."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _named_files(item)
    if not isinstance(node, yaml.MappingNode):
        return
    values: Mapping[Any, yaml.Node] = {key.value: value for key, value in node.value}
    if values.get("source") is not None and values["source"].value == "GIT":
        return
    for key, value in values.items():
        if key in FILE_KEYS and isinstance(value, yaml.ScalarNode):
            yield value
        elif key in FILE_TABLES and isinstance(value, yaml.MappingNode):
            inner = {k.value: v for k, v in value.value}
            path = inner.get("path")
            if isinstance(path, yaml.ScalarNode):
                yield path
        else:
            yield from _named_files(value)
