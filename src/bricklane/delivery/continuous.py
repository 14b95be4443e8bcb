"""What a run of continuous integration says of itself, read from the environment alone.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class CiRun:
    """One run of a workflow.

    Args:
        event: what started it, such as ``push``.
        ref: the full ref it runs on; may be a branch, a tag or a pull request's merge.
        commit: the SHA that belongs to the ref.
        head: the branch that a pull request comes from; empty for other events.
        base: the branch that it goes into; empty for other events.
        fork: whether a pull request comes from another repository.
        actor: login of who caused it.
        url: its page; empty when the environment does not say.
        summary: path of the file that takes the summary; empty when there is none.
        groups: whether the log can be folded by commands.
    """

    event: str = ""
    ref: str = ""
    commit: str = ""
    head: str = ""
    base: str = ""
    fork: bool = False
    actor: str = ""
    url: str = ""
    summary: str = ""
    groups: bool = False

    @property
    def branch(self) -> str:
        """The branch it runs on; empty on a tag or a pull request's merge."""
        return self.ref.removeprefix(_HEADS) if self.ref.startswith(_HEADS) else ""

    @property
    def pull_request(self) -> int | None:
        """The number in ``refs/pull/N/merge``; None on other refs."""
        parts = self.ref.split("/")
        if parts[:2] == ["refs", "pull"] and len(parts) > 2 and parts[2].isdecimal():
            return int(parts[2])
        return None


def ci_run(environment: Mapping[str, str]) -> CiRun | None:
    """Return the run that this process is a part of; None on a person's machine."""

    def value(name: str) -> str:
        return environment.get(name, "")

    on_github = value("GITHUB_ACTIONS") == "true"
    if not on_github and value("CI").lower() not in {"true", "1"}:
        return None
    server, repository, run = map(
        value, ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return CiRun(
        event=value("GITHUB_EVENT_NAME"),
        ref=value("GITHUB_REF"),
        commit=value("GITHUB_SHA"),
        head=value("GITHUB_HEAD_REF"),
        base=value("GITHUB_BASE_REF"),
        fork=_is_fork(value("GITHUB_EVENT_PATH"), repository),
        actor=value("GITHUB_ACTOR"),
        url=f"{server}/{repository}/actions/runs/{run}" if server and repository and run else "",
        summary=value("GITHUB_STEP_SUMMARY"),
        groups=on_github,
    )


def _is_fork(event: str, repository: str) -> bool:
    """Return whether the event is a pull request from another repository than ``repository``.

    Of all that the environment says, only the event's own file tells it.
    """
    try:
        head = json.loads(Path(event).read_text("utf-8"))["pull_request"]["head"]
        home = head.get("repo")  # None for a fork that was deleted.
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    return not isinstance(home, dict) or home.get("full_name") != repository
