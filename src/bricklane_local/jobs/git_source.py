"""Where the code of a job's tasks lies in a git repository.

Source: https://docs.databricks.com/en/jobs/git.html and ``git_source`` of
https://docs.databricks.com/api/workspace/jobs/create.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.resources.repos.checkout import check_url
from bricklane_local.resources.settings.git_credentials import provider

Body = dict[str, Any]
REFERENCES = ("git_branch", "git_tag", "git_commit")
GIT = "GIT"


@dataclass(frozen=True, slots=True)
class GitPath:
    """Where a type of task names a path that may lie in the repository.

    Args:
        field: keys that lead to the path in a definition; ``source`` stands beside the last.
        implied: whether a definition without ``source`` means git when the job has a repository.
        root: whether a definition without a path means the root of the repository.
    """

    field: tuple[str, ...]
    implied: bool = True
    root: bool = False

    def means_git(self, body: Body, settings: Body) -> bool:
        """Say whether a definition's path lies in the job's repository."""
        source = self._holder(body).get("source")
        if not source:
            named = self.root or bool(self.path(body))
            return self.implied and bool(settings.get("git_source")) and named
        return bool(source == GIT)

    def path(self, body: Body) -> str | None:
        """Return the path as it is written."""
        return self._holder(body).get(self.field[-1])

    def below(self, body: Body, folder: str) -> Body:
        """Return a definition whose path lies in ``folder`` instead of the repository."""
        return self._below(body, self.field, folder)

    def _below(self, body: Body, keys: tuple[str, ...], folder: str) -> Body:
        first, *rest = keys
        if rest:
            return body | {first: self._below(body[first], tuple(rest), folder)}
        written = str(body.get(first) or "").strip("/")
        return body | {first: f"{folder}/{written}" if written else folder, "source": "WORKSPACE"}

    def _holder(self, body: Body) -> Body:
        for key in self.field[:-1]:
            body = body.get(key) or {}
        return body


def check_git_source(settings: Body) -> None:
    """Check the repository of a job.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the field.
    """
    source = settings.get("git_source")
    if source is None:
        return
    check_url(str(source.get("git_url") or ""), "git_source.git_url")
    provider(str(source.get("git_provider") or ""))
    given = [name for name in REFERENCES if source.get(name)]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise invalid(
            f"git_source must have exactly one of {', '.join(REFERENCES)}; it has {found}"
        )


def check_git_path(key: str, name: str, git: GitPath | None, body: Body, settings: Body) -> None:
    """Check the path of a task whose code lies in the job's repository.

    Args:
        key: of the task.
        name: of its type.
        git: where the type names its path, None when its code is in no repository.
        body: its definition.
        settings: of the job.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the task and field.
    """
    if git is None or not git.means_git(body, settings):
        return
    if not settings.get("git_source"):
        raise invalid(f"Task {key}: source is {GIT}, and the job has no git_source")
    path = str(git.path(body) or "")
    if path.startswith("/"):
        field = f"{name}.{'.'.join(git.field)}"
        raise invalid(
            f"Task {key}: {field} must be relative to the root of the repository, got {path!r}"
        )
