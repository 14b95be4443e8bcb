"""Release notes: conventional commits and merged pull requests, set by git-cliff.

git-cliff (https://git-cliff.org) reads commits from a repository. It is given a small one of ours,
made for the purpose, whose commits are the entries: so what it prints depends on the entries alone
and not on a clone's depth, its tags, or a ``cliff.toml`` that lies about.
"""

from __future__ import annotations

import re
import shutil
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.git import INHERITED, Git
from bricklane.gitflow.versions import Version
from bricklane.process import Command, run

CONFIG = Path(__file__).with_name("cliff.toml")
# GitHub takes 65,536 characters in a pull request; there is more text around the notes.
LONGEST = 60_000
NOTHING = "Nothing that users notice."
VERSION_COMMIT = "chore(release): "
"""How the subject of the commit that raises a version begins; no notes mention it."""

# Subjects by which forges tell the pull request of a commit; group 1 is its number.
_MERGES = (
    re.compile(r"^Merge pull request #(\d+) from \S"),  # GitHub
    re.compile(r"^Merged PR (\d+): "),  # Azure DevOps
)
_MERGE_REQUEST = re.compile(r"^See merge request \S*!(\d+)$", re.MULTILINE)  # GitLab
_SQUASHED = re.compile(r" \(#(\d+)\)$")
# https://www.conventionalcommits.org/en/v1.0.0/
_CONVENTIONAL = re.compile(r"^[a-z]+(\([^()\n]+\))?!?: \S", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """One commit of a range.

    Args:
        sha: its name.
        parents: the SHAs of its parents.
        time: when it was committed, in seconds since 1970.
        message: whole.
    """

    sha: str
    parents: tuple[str, ...]
    time: int
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the notes.

    Args:
        message: subject and body of a commit, or the title of a pull request.
        time: in seconds since 1970.
    """

    message: str
    time: int


def log(git: Git, head: str, *excluded: str) -> list[LoggedCommit]:
    """Return the commits of ``head`` that are in none of ``excluded``, oldest first."""
    printed = git.run(
        "log", "-z", "--no-show-signature", "--encoding=UTF-8", "--topo-order", "--reverse",
        "--format=%H%x1f%P%x1f%ct%x1f%B", head,
        *(f"^{commit}" for commit in excluded), "--",
    ).output  # fmt: skip
    return [_commit(record) for record in printed.split("\0") if record]


def _commit(record: str) -> LoggedCommit:
    sha, parents, time, message = record.split("\x1f", 3)
    return LoggedCommit(sha, tuple(parents.split()), int(time), message.strip())


def entries(commits: Sequence[LoggedCommit]) -> list[Entry]:
    """Return the lines that ``commits`` are worth, oldest first.

    A commit that is conventional speaks for itself, and names the pull request that brought it. A
    pull request none of whose commits is conventional speaks by its title, one commit or many.
    Commits that raised versions, and merges that brought nothing else, say nothing.

    Args:
        commits: oldest first, as :func:`log` returns them; the last one's line of first parents is
            the branch that pull requests were merged into.
    """
    owners = _owners(commits)
    speaking = {
        owners[commit.sha].sha
        for commit in commits
        if commit.sha in owners and _is_conventional(commit) and not _is_of_flow(commit)
    }
    bringing = {
        owners[commit.sha].sha
        for commit in commits
        if commit.sha in owners and not _is_of_flow(commit)
    }
    silent = bringing - speaking
    lines = []
    for commit in commits:
        owner = owners.get(commit.sha)
        number = None if owner is None else pull_request_of(owner)
        if commit.sha in silent:
            lines.append(_title(commit))
        elif _is_of_flow(commit):
            continue
        elif number is None or _is_conventional(commit):
            lines.append(Entry(_with_number(commit.message, number), commit.time))
    return [line for line in lines if line is not None]


def _is_of_flow(commit: LoggedCommit) -> bool:
    return len(commit.parents) > 1 or commit.subject.startswith(VERSION_COMMIT)


def _owners(commits: Sequence[LoggedCommit]) -> dict[str, LoggedCommit]:
    """Return for each commit that a merge brought, that merge, on the line of first parents."""
    known = {commit.sha: commit for commit in commits}
    line: list[LoggedCommit] = []
    current = commits[-1] if commits else None
    while current is not None:
        line.append(current)
        current = known.get(current.parents[0]) if current.parents else None
    owners: dict[str, LoggedCommit] = {}
    seen = {commit.sha for commit in line}
    for merge in reversed(line):
        waiting = list(merge.parents[1:])
        while waiting:
            commit = known.get(waiting.pop())
            if commit is not None and commit.sha not in seen:
                seen.add(commit.sha)
                owners[commit.sha] = merge
                waiting.extend(commit.parents)
    return owners


def _title(merge: LoggedCommit) -> Entry | None:
    number = pull_request_of(merge)
    if number is None:
        return None
    body = [line for line in merge.message.split("\n")[1:] if line.strip()]
    azure = _MERGES[1].match(merge.subject)
    title = merge.subject[azure.end() :] if azure else (body[0] if body else "")
    return Entry(_with_number(title, number), merge.time) if title else None


def pull_request_of(commit: LoggedCommit) -> int | None:
    """Return the number of the pull request whose merge this is, as its message says."""
    for pattern in _MERGES:
        if found := pattern.match(commit.subject):
            return int(found[1])
    found = _MERGE_REQUEST.search(commit.message)
    return int(found[1]) if found else None


def _is_conventional(commit: LoggedCommit) -> bool:
    return _CONVENTIONAL.match(commit.subject) is not None


def _with_number(message: str, number: int | None) -> str:
    subject, newline, body = message.partition("\n")
    if number is not None and not _SQUASHED.search(subject):
        subject = f"{subject} (#{number})"
    return subject + newline + body


def section(version: Version, lines: Sequence[Entry], when: datetime) -> str:
    """Return the section of a changelog, with its heading.

    Args:
        version: of the release.
        lines: of the notes, oldest first.
        when: the day in the heading, by UTC.
    """
    day = when.astimezone(UTC).date().isoformat()
    return f"## {version} ({day})\n\n{body(lines)}"


def body(lines: Sequence[Entry]) -> str:
    """Return release notes in Markdown, without a heading.

    Raises:
        BricklaneError: when git-cliff is not installed or fails.
    """
    if not lines:
        return f"{NOTHING}\n"
    with tempfile.TemporaryDirectory(prefix="bricklane-notes-") as folder:
        git = Git(Path(folder))
        git.run("init", "--quiet", "--bare", "--template=", "--initial-branch=main")
        git.run("fast-import", "--quiet", input=_stream(lines))
        command = Command(
            (
                git_cliff(), "--config", str(CONFIG), "--repository", folder, "--offline",
                "--no-exec", "--unreleased",
            ),
            Path(folder),
            remove=INHERITED | {"GITHUB_TOKEN", "GITHUB_REPO", "GIT_CLIFF_CONFIG"},
        )  # fmt: skip
        written = run(command).output.strip("\n")
    return f"{written or NOTHING}\n"


def shortened(text: str) -> str:
    """Return notes that a forge takes as the text of a pull request or release."""
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST].rpartition("\n")[0]
    return f"{kept}\n\nThe rest is in the changelog.\n"


def _stream(lines: Iterable[Entry]) -> str:
    """Return the entries as input of git fast-import; its counts are of bytes."""
    parts = []
    for line in lines:
        message = _quoted(line.message)
        parts.append(
            "commit refs/heads/main\n"
            f"committer bricklane <bricklane@localhost> {line.time} +0000\n"
            f"data {len(message.encode())}\n{message}\n"
        )
    return "reset refs/heads/main\n\n" + "".join(parts)


def _quoted(message: str) -> str:
    """Return a message whose subject cannot hide or open anything in Markdown, nor call people."""
    subject, newline, rest = message.partition("\n")
    subject = subject.replace("<", "&lt;").replace("@", "@\N{ZERO WIDTH NON-JOINER}")
    return subject + newline + rest


@cache
def git_cliff() -> str:
    """Return where git-cliff is: beside this Python, as its wheel puts it, or on PATH.

    Raises:
        BricklaneError: when it is in neither place.
    """
    beside = shutil.which("git-cliff", path=sysconfig.get_path("scripts"))
    found = beside or shutil.which("git-cliff")
    if found is None:
        raise BricklaneError(
            "git-cliff is not installed, though bricklane depends on it",
            hint="install bricklane again, or: pip install git-cliff",
            exit_code=ExitCode.TOOL,
        )
    return found
