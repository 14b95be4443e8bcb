"""What provisioning writes into the bundle's own file: hosts, and who its jobs run as.

The file is changed in place: comments, order and quoting stay, because people wrote it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.bundlefile import PRODUCTION
from bricklane.provision.infrastructure import save

VARIABLE = re.compile(r"\$\{var\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What a target of the bundle has to know of its workspace.

    Args:
        host: URL of the workspace.
        service_principal: application id of whom CI deploys as, and jobs of production run as.
    """

    host: str
    service_principal: str


@dataclass(frozen=True, slots=True)
class Line:
    """A value of the file that is not as it should be.

    Args:
        key: slash path in the file.
        before: the present value; "" for none.
        after: what it shall be.
    """

    key: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.key}: {self.before or '(not set)'} → {self.after}"


def differences(file: Path, facts: Mapping[str, TargetFacts]) -> list[Line]:
    """Return what would change in a bundle's file.

    Args:
        file: such as ``databricks.yml``.
        facts: target → what it has to know.

    Raises:
        BricklaneError: when the file cannot be read, or lacks a target.
    """
    return _changed(file, facts)[1]


def write(file: Path, facts: Mapping[str, TargetFacts]) -> list[Line]:
    """Change a bundle's file, replaced atomically, and return what changed."""
    text, lines = _changed(file, facts)
    if lines:
        save(file, text)
    return lines


def _changed(file: Path, facts: Mapping[str, TargetFacts]) -> tuple[str, list[Line]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    parser = YAML()
    parser.preserve_quotes = True
    parser.width = 4096
    parser.indent(mapping=2, sequence=4, offset=2)
    try:
        document = parser.load(file.read_text("utf-8"))
    except YAMLError as error:
        raise BricklaneError(
            f"{file}: cannot be read as YAML: {error}", exit_code=ExitCode.CONFIG
        ) from None
    lines: list[Line] = []
    for name, wanted in facts.items():
        target = (document.get("targets") or {}).get(name)
        if target is None:
            raise BricklaneError(
                f"{file}: targets/{name}: the target is not in this file",
                hint=f"add the target {name} to the file, or provision others with --target",
                exit_code=ExitCode.CONFIG,
            )
        lines += _set(target, f"targets/{name}", ("workspace", "host"), wanted.host)
        lines += _set_principal(target, name, wanted.service_principal)
    written = io.StringIO()
    parser.dump(document, written)
    return written.getvalue(), lines


def _set_principal(target: Any, name: str, principal: str) -> list[Line]:
    """Set whom production's jobs run as: through the variable that the file uses, if it does."""
    if target.get("mode") != PRODUCTION:
        return []
    run_as = str((target.get("run_as") or {}).get("service_principal_name") or "")
    variable = VARIABLE.fullmatch(run_as)
    keys = ("variables", variable[1]) if variable else ("run_as", "service_principal_name")
    return _set(target, f"targets/{name}", keys, principal)


def _set(target: Any, place: str, keys: tuple[str, str], value: str) -> list[Line]:
    outer, inner = keys
    if target.get(outer) is None:
        # Before the first table: after the last one, a blank line would be torn from what follows.
        keys_there = list(target)
        tables = [keys_there.index(key) for key in keys_there if isinstance(target[key], dict)]
        target.insert(tables[0] if tables else len(keys_there), outer, {})
    table = target[outer]
    before = "" if table.get(inner) is None else str(table[inner])
    if before == value:
        return []
    table[inner] = value
    return [Line(f"{place}/{outer}/{inner}", before, value)]
