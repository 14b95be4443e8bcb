"""Files as static validation sees them: parts with a language, and the lines they are on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bricklane.errors import BricklaneError
from bricklane.testing.notebooks import files
from bricklane.testing.validation.rules import UNREADABLE, Rule, covers

SUFFIXES = files.SUFFIXES
IGNORE = re.compile(r"(?:#|--|//)\s*bricklane:\s*ignore(?:\[(?P<rules>[^\]]*)\])?")


@dataclass(frozen=True, slots=True)
class Part:
    """A cell, or a whole file that is no notebook.

    Args:
        kind: ``python``, ``sql``, ``md``, ``sh``, ``fs``, ``run``, ``scala`` or ``r``.
        source: its text, magic included.
        body: its text without the magic, with as many lines.
        line: the line of the file that it begins on; 0 when it is not known.
        number: of the cell, from 1; 0 for a file.
    """

    kind: str
    source: str
    body: str
    line: int
    number: int

    def ignores(self, rule: Rule, line: int) -> bool:
        """Tell whether a comment switches a rule off: anywhere in a cell, on the line in a file.

        Args:
            rule: the rule.
            line: of the part, from 1.
        """
        lines = self.source.split("\n")
        text = self.source if self.number else lines[line - 1] if line <= len(lines) else ""
        return any(
            covers([word.strip() for word in (match["rules"] or "all").split(",")], rule)
            for match in IGNORE.finditer(text)
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where.

    Args:
        file: relative to the root.
        line: of the file, from 1; 0 when it is not known.
        cell: number of the cell, from 1; 0 for a file that is no notebook.
        cell_line: the line in the cell, from 1.
        rule: what was looked for.
        message: what was found.
        hint: how to mend it.
    """

    file: str
    line: int
    cell: int
    cell_line: int
    rule: Rule
    message: str
    hint: str


def one_line(finding: Finding) -> str:
    """Return a finding on one line, without how to mend it."""
    line = f":{finding.line}" if finding.line else ""
    cell = f" (cell {finding.cell}, line {finding.cell_line})" if finding.cell else ""
    return f"{finding.file}{line}: {finding.rule.code} {finding.message}{cell}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file.

    Args:
        file: its path.
        name: its path relative to the root.
        notebook: whether it is a notebook.
        parts: of it.
        text: all of it.
        problem: why it cannot be read, or "".
    """

    file: Path
    name: str
    notebook: bool
    parts: tuple[Part, ...] = ()
    text: str = ""
    problem: str = ""

    def of_kind(self, kind: str) -> Iterator[Part]:
        """Yield the parts of a language."""
        return (part for part in self.parts if part.kind == kind and part.body.strip())


@dataclass(slots=True)
class Findings:
    """Takes what the rules find, unless a comment says to ignore it."""

    found: list[Finding] = field(default_factory=list)

    def add(
        self, source: Source, part: Part, line: int, rule: Rule, message: str, hint: str
    ) -> None:
        """Take a finding.

        Args:
            source: where.
            part: where.
            line: of the part, from 1.
            rule: what was looked for.
            message: what was found.
            hint: how to mend it.
        """
        if part.ignores(rule, line):
            return
        at = part.line + line - 1 if part.line else 0
        finding = Finding(source.name, at, part.number, line, rule, message, hint)
        if finding not in self.found:
            self.found.append(finding)


def read(file: Path, root: Path) -> Source:
    """Read a file; one that cannot be read has a problem instead of parts."""
    from bricklane_runtime.notebook.source import NotebookFormatError, parse

    inside = file.is_relative_to(root)
    name = file.relative_to(root).as_posix() if inside else str(file)
    if not files.is_notebook(file):
        return _plain(file, name)
    try:
        notebook = files.read(file)
        if notebook.language not in ("PYTHON", "SQL"):
            return Source(file, name, True)  # there are no rules for Scala and R
        cells = parse(notebook.content, notebook.language, notebook.form)
    except (BricklaneError, NotebookFormatError) as error:
        return Source(file, name, True, problem=str(error).removeprefix(f"{file}: "))
    parts = tuple(
        Part(cell.kind, cell.source, cell.body, cell.line, number)
        for number, cell in enumerate(cells, 1)
    )
    text = notebook.content.decode("utf-8-sig")
    return Source(file, name, True, parts, text)


def _plain(file: Path, name: str) -> Source:
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        return Source(file, name, False, problem=f"is not UTF-8: {error.reason}")
    kind = "sql" if file.suffix == ".sql" else "python"
    return Source(file, name, False, (Part(kind, text, text, 1, 0),), text)


def check_readable(source: Source, findings: Findings) -> None:
    """Look for :data:`UNREADABLE`."""
    if source.problem:
        part = Part("", "", "", 0, 0)
        findings.add(source, part, 1, UNREADABLE, source.problem, "mend or remove the file")
