"""Keeps issues and their comments.

Source: https://docs.github.com/en/rest/issues/issues and /en/rest/issues/comments
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.errors import ForgeApiError, invalid
from bricklane_local.forge.issues.labels import Labels
from bricklane_local.forge.issues.model import (
    Comment,
    Issue,
    checked_body,
    checked_title,
    gone,
)
from bricklane_local.forge.issues.wire import comment_wire, issue_wire
from bricklane_local.forge.records import Records

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

ASSIGNEES_LIMIT = 10
REASONS = ("completed", "not_planned", "reopened", "duplicate")


class Issues:
    """The issues of all repositories, pull requests among them.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_issue", Issue)
        self.comments = Comments(forge, self)
        self.labels = Labels(forge)

    def next_number(self, repository: Repository) -> int:
        """Return the number of the next issue or pull request."""
        return self._forge.database.next_number(f"forge_issue/{repository.id}")

    def store(self, repository: Repository, issue: Issue) -> Issue:
        """Store an issue, new or changed, and return it."""
        key = _key(repository, issue.number)
        return self._records.put(key, issue, parent=repository.parent, position=issue.number)

    def find(self, repository: Repository, number: int) -> Issue | None:
        """Return an issue or pull request, or None."""
        return self._records.find(_key(repository, number))

    def get(self, repository: Repository, number: int) -> Issue:
        """Return an issue or pull request.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(_key(repository, number))

    def all(self, repository: Repository) -> list[Issue]:
        """Return issues and pull requests, newest first."""
        return self._records.under(repository.parent, descending=True)

    def create(
        self, repository: Repository, caller: Caller, title: str, body: str | None, **lists: Any
    ) -> Issue:
        """Open an issue.

        Args:
            repository: where.
            caller: its author.
            title: one line.
            body: Markdown.
            lists: ``labels`` and ``assignees``, if any.

        Raises:
            ForgeApiError: 410 when the repository has no issues, 422 for bad values.
        """
        if not repository.has_issues:
            raise gone("Issues")
        now = self._forge.clock.now()
        issue = Issue(
            self._forge.next_id(),
            0,
            checked_title("Issue", title),
            checked_body("Issue", body),
            caller.user.login,
            created_at=now,
            updated_at=now,
        )
        assignees = self._checked_assignees(repository, lists.get("assignees") or [])
        with self._forge.transaction():
            labels = self.labels.named(repository, lists.get("labels") or [])
            number = self.next_number(repository)
            issue = replace(issue, number=number, labels=labels, assignees=assignees)
            self.store(repository, issue)
            self.publish(repository, caller, issue, "opened")
        return issue

    def update(
        self, repository: Repository, caller: Caller, issue: Issue, changes: dict[str, Any]
    ) -> Issue:
        """Change an issue or the issue part of a pull request.

        Args:
            repository: where.
            caller: who.
            issue: as it is.
            changes: of ``title``, ``body``, ``state``, ``state_reason``, ``labels`` and
                ``assignees``, those that are to change.
        """
        resource = "Issue" if issue.pull is None else "PullRequest"
        values = dict(changes)
        if "title" in values:
            checked_title(resource, values["title"])
        if "body" in values:
            values["body"] = checked_body(resource, values["body"])
        if "assignees" in values:
            values["assignees"] = self._checked_assignees(repository, values["assignees"])
        now = self._forge.clock.now()
        state = values.get("state", issue.state)
        values = self._state_change(issue, state, caller.user.login, now) | values
        with self._forge.transaction():
            if "labels" in values:
                values["labels"] = self.labels.named(repository, values["labels"])
            changed = replace(issue, **(values | {"updated_at": now}))
            self.store(repository, changed)
            if issue.pull is None:
                self._publish_update(repository, caller, issue, changed)
        return changed

    def _state_change(self, issue: Issue, state: str, login: str, now: int) -> dict[str, Any]:
        if state == issue.state:
            return {}
        if state == "closed":
            reason = {} if issue.pull is not None else {"state_reason": "completed"}
            return {"closed_at": now, "closed_by": login} | reason
        return {"closed_at": 0, "closed_by": "", "state_reason": "reopened"}

    def _publish_update(
        self, repository: Repository, caller: Caller, before: Issue, after: Issue
    ) -> None:
        if before.state != after.state:
            action = "closed" if after.state == "closed" else "reopened"
            self.publish(repository, caller, after, action)
        if (before.title, before.body) != (after.title, after.body):
            self.publish(repository, caller, after, "edited")

    def publish(self, repository: Repository, caller: Caller, issue: Issue, action: str) -> None:
        """Tell what happened to an issue."""
        payload = {"action": action, "issue": issue_wire(self._forge, repository, issue)}
        self._forge.publish("issues", repository, caller, payload)

    def _checked_assignees(self, repository: Repository, logins: list[str]) -> list[str]:
        found = []
        for login in logins[:ASSIGNEES_LIMIT]:
            user = self._forge.users.find(login)
            if user is None:
                raise invalid("Issue", "assignees")
            if self._forge.repositories.at_least(repository, user, "read"):
                found.append(user.login)
        return list(dict.fromkeys(found))

    def assign(
        self, repository: Repository, caller: Caller, issue: Issue, logins: list[str]
    ) -> Issue:
        """Add assignees; those who do not see the repository are passed over."""
        return self.update(repository, caller, issue, {"assignees": [*issue.assignees, *logins]})

    def unassign(
        self, repository: Repository, caller: Caller, issue: Issue, logins: list[str]
    ) -> Issue:
        """Remove assignees."""
        gone_logins = {login.lower() for login in logins}
        kept = [login for login in issue.assignees if login.lower() not in gone_logins]
        return self.update(repository, caller, issue, {"assignees": kept})


class Comments:
    """The comments on issues and pull requests.

    Args:
        forge: the state.
        issues: what they are on.
    """

    def __init__(self, forge: Forge, issues: Issues) -> None:
        self._forge = forge
        self._issues = issues
        self._records = Records(forge.space, "forge_comment", Comment)

    def under(self, repository: Repository, number: int) -> list[Comment]:
        """Return the comments on one issue, oldest first."""
        return self._records.under(_key(repository, number))

    def count(self, repository: Repository, number: int) -> int:
        """Return how many comments an issue has."""
        return self._records.count(_key(repository, number))

    def get(self, repository: Repository, comment: int) -> Comment:
        """Return one comment.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(_key(repository, comment))

    def all(self, repository: Repository) -> list[Comment]:
        """Return the comments of a whole repository, oldest first."""
        found = []
        for issue in reversed(self._issues.all(repository)):
            found += self.under(repository, issue.number)
        return sorted(found, key=lambda comment: comment.id)

    def create(self, repository: Repository, caller: Caller, number: int, body: str) -> Comment:
        """Comment on an issue or pull request."""
        issue = self._issues.get(repository, number)
        now = self._forge.clock.now()
        comment = Comment(
            self._forge.next_id(), number, caller.user.login, self._checked(body), now, now
        )
        with self._forge.transaction():
            self._store(repository, comment)
            self._issues.store(repository, replace(issue, updated_at=now))
            self._publish(repository, caller, comment, "created")
        return comment

    def update(
        self, repository: Repository, caller: Caller, comment: Comment, body: str
    ) -> Comment:
        """Replace a comment's text; its author and who may write to the repository can."""
        self._check_author(repository, caller, comment)
        changed = replace(comment, body=self._checked(body), updated_at=self._forge.clock.now())
        with self._forge.transaction():
            self._store(repository, changed)
            self._publish(repository, caller, changed, "edited")
        return changed

    def delete(self, repository: Repository, caller: Caller, comment: Comment) -> None:
        """Remove a comment; its author and who may write to the repository can."""
        self._check_author(repository, caller, comment)
        with self._forge.transaction():
            self._publish(repository, caller, comment, "deleted")
            self._records.remove(_key(repository, comment.id))

    def _check_author(self, repository: Repository, caller: Caller, comment: Comment) -> None:
        role = self._forge.repositories.role(repository, caller)
        if caller.user.login != comment.author and role not in ("write", "maintain", "admin"):
            raise ForgeApiError(403, "Must have write rights to Repository.")

    def _store(self, repository: Repository, comment: Comment) -> None:
        self._records.put(
            _key(repository, comment.id),
            comment,
            parent=_key(repository, comment.issue),
            position=comment.id,
        )

    def _checked(self, body: str) -> str:
        if not body.strip():
            raise invalid("IssueComment", "body", "missing_field")
        return checked_body("IssueComment", body)

    def _publish(
        self, repository: Repository, caller: Caller, comment: Comment, action: str
    ) -> None:
        issue = self._issues.get(repository, comment.issue)
        payload = {
            "action": action,
            "issue": issue_wire(self._forge, repository, issue),
            "comment": comment_wire(self._forge, repository, comment),
        }
        self._forge.publish("issue_comment", repository, caller, payload)


def _key(repository: Repository, number: int) -> str:
    return f"{repository.id}/{number}"
