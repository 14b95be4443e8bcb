"""Static validation: all rules over files, without running them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.bundlefile import Bundle
from bricklane.project.settings import LintSettings
from bricklane.testing.notebooks import files
from bricklane.testing.validation.constants import check_constants
from bricklane.testing.validation.pythoncode import check_names, check_syntax, makes_names
from bricklane.testing.validation.references import (
    check_references,
    check_widgets,
    code_in_order,
)
from bricklane.testing.validation.rules import RULES, covers, unknown
from bricklane.testing.validation.sources import (
    SUFFIXES,
    Finding,
    Findings,
    Source,
    check_readable,
)
from bricklane.testing.validation.sqlcode import check_sql, sql_calls
from bricklane.testing.validation.workspace import Workspace, workspace_of


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Args:
        findings: by file and line.
        files: how many files were looked at.
    """

    findings: tuple[Finding, ...]
    files: int


def lint(
    paths: Iterable[Path], root: Path, settings: LintSettings, bundle: Bundle | None = None
) -> Report:
    """Look for everything that is wrong in notebooks, scripts and SQL files.

    Args:
        paths: files, or folders with such files.
        root: of the project.
        settings: which rules are off where.
        bundle: of the project.

    Raises:
        BricklaneError: the settings name a rule that does not exist.
    """
    _require_rules(
        [*settings.ignore, *(word for each in settings.per_file.values() for word in each)]
    )
    workspace = workspace_of(root, bundle)
    found = Findings()
    count = 0
    for file in _chosen(paths, root, settings):
        count += 1
        check(workspace, workspace.source(file), found)
    kept = [finding for finding in found.found if not _is_off(finding, settings)]
    kept.sort(key=lambda each: (each.file, each.line, each.cell, each.cell_line, each.rule.code))
    return Report(tuple(kept), count)


def check(workspace: Workspace, source: Source, findings: Findings) -> None:
    """Apply all rules to a file."""
    check_readable(source, findings)
    for part in source.of_kind("python"):
        check_syntax(source, part, workspace.read(source, part), findings)
    for part in source.of_kind("sql"):
        check_sql(source, part, part.body, 1, findings)
    for code in workspace.code(source):
        for line, statement in sql_calls(code):
            check_sql(source, code.part, statement, line, findings)
    chunks = code_in_order(workspace, source)
    if chunks and not makes_names(chunks):
        check_names(chunks, source, findings)
    if source.notebook:
        check_references(workspace, source, findings)
        check_widgets(workspace, source, findings)
    check_constants(workspace, source, findings)


def _chosen(paths: Iterable[Path], root: Path, settings: LintSettings) -> Iterator[Path]:
    seen = set()
    for path in paths:
        at = path.resolve()
        below = files.files_below(at, SUFFIXES) if at.is_dir() else [at]
        for file in below:
            name = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
            left_out = any(fnmatch(name, pattern) for pattern in settings.exclude)
            if file not in seen and not left_out and file.suffix in SUFFIXES:
                seen.add(file)
                yield file


def _is_off(finding: Finding, settings: LintSettings) -> bool:
    words = list(settings.ignore)
    for pattern, rules in settings.per_file.items():
        words += rules if fnmatch(finding.file, pattern) else ()
    return covers(words, finding.rule)


def _require_rules(words: list[str]) -> None:
    if wrong := unknown(word for word in words if word != "all"):
        known = ", ".join(f"{rule.code} ({rule.name})" for rule in RULES.values())
        raise BricklaneError(
            f"bricklane.toml: lint: there is no rule {', '.join(wrong)}",
            hint=f"rules: {known}",
            exit_code=ExitCode.CONFIG,
        )
