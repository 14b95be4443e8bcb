"""Pull requests on GitHub."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from bricklane.forge.errors import ForgeConflict, ForgeError, ForgeForbidden
from bricklane.forge.github import shapes
from bricklane.forge.github.api import Api, Json
from bricklane.forge.model import Commit, MergeMethod, PullRequest, PullRequestState

# https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request
COMMITS_LISTED = 250
API_STATES = {
    None: "all",
    PullRequestState.OPEN: "open",
    PullRequestState.CLOSED: "closed",
    PullRequestState.MERGED: "closed",
}
# GitHub tries a merge in the background before it knows whether there is a conflict.
SECONDS_TO_KNOW = 20.0
# What it says when another merge into the same base came first; asking again is all it takes.
BASE_MOVED = "base branch was modified"


class PullRequests:
    """The part of the protocol that is about pull requests."""

    api: Api

    def pull_request(self, number: int) -> PullRequest | None:
        """Return the pull request."""
        data = self.api.find(f"pulls/{number}")
        return shapes.pull_request(data) if data else None

    def pull_requests(
        self,
        *,
        head: str | None = None,
        base: str | None = None,
        state: PullRequestState | None = None,
    ) -> Iterator[PullRequest]:
        """Yield pull requests of this repository's own branches, newest first."""
        owner = self.api.repository.partition("/")[0]
        rows = self.api.pages(
            "pulls",
            state=API_STATES[state],
            head=f"{owner}:{head}" if head else None,
            base=base,
            sort="created",
            direction="desc",
        )
        for row in rows:
            pull = shapes.pull_request(row)
            if _is_own(row) and head in {None, pull.head} and state in {None, pull.state}:
                yield pull

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        """Return the pull requests that brought ``commit`` in."""
        return [shapes.pull_request(row) for row in self.api.pages(f"commits/{commit}/pulls")]

    def commits_of(self, number: int) -> list[Commit]:
        """Return the commits of a pull request, oldest first."""
        rows = list(self.api.pages(f"pulls/{number}/commits"))
        if len(rows) >= COMMITS_LISTED:
            data = self.api.get(f"pulls/{number}")
            span = f"{data['base']['sha']}...{data['head']['sha']}"
            rows = list(self.api.pages(f"compare/{span}", "commits"))
        return [shapes.commit(row) for row in rows]

    def create_pull_request(
        self, *, head: str, base: str, title: str, body: str, draft: bool = False
    ) -> PullRequest:
        """Open a pull request; returns the one that is already open for ``head`` and ``base``."""

        def look() -> Json | None:
            owner = self.api.repository.partition("/")[0]
            rows = self.api.pages("pulls", state="open", head=f"{owner}:{head}", base=base)
            return next(filter(_is_own, rows), None)

        present = look()
        if present is None:
            wanted = {"head": head, "base": base, "title": title, "body": body, "draft": draft}
            try:
                present = self.api.create("pulls", wanted, look)
            except ForgeError:  # Somebody else may have opened it in between.
                present = look()
                if present is None:
                    raise
        return shapes.pull_request(present)

    def update_pull_request(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> None:
        """Change a pull request's words."""
        words = {"title": title, "body": body}
        given = {name: text for name, text in words.items() if text is not None}
        if given:
            self.api.send("PATCH", f"pulls/{number}", given)

    def close_pull_request(self, number: int) -> None:
        """Close a pull request without merging it; a closed one is no error."""
        if self.api.get(f"pulls/{number}")["state"] != "closed":
            self.api.send("PATCH", f"pulls/{number}", {"state": "closed"})

    def merge_pull_request(
        self, number: int, *, method: MergeMethod, head_commit: str, title: str = ""
    ) -> str:
        """Merge a pull request and return the SHA of the result.

        One that is merged already, with this head, is no error.

        Args:
            number: of the pull request.
            method: how.
            head_commit: what the caller has seen; another head is refused.
            title: the merge commit's first line; the forge's own by default.

        Raises:
            ForgeConflict: on a merge conflict, or when the head moved.
            ForgeForbidden: when a rule refuses; the message says which.
        """
        wanted = {"sha": head_commit, "merge_method": method.value}
        if title:
            wanted["commit_title"] = title
        for attempt in range(1, self.api.patience.attempts + 1):
            merged = _merged(self._known(number), head_commit)
            if merged:
                return merged
            try:
                return str(self.api.send("PUT", f"pulls/{number}/merge", wanted)["sha"])
            except ForgeError as error:
                data = self._known(number)
                merged = _merged(data, head_commit)  # By an answer that was lost, or somebody else.
                if merged:
                    return merged
                if BASE_MOVED not in error.message.lower():
                    raise _unmergeable(data, error) from None
                time.sleep(self.api.patience.pause(attempt))
        raise ForgeConflict(
            f"the base of pull request {number} moved again and again while it was merged",
            hint="wait for the others to finish, then run the same command",
        )

    def _known(self, number: int) -> Json:
        """Return the pull request once the forge knows whether it merges."""
        end = time.monotonic() + SECONDS_TO_KNOW
        attempt = 1
        while True:
            data: Json = self.api.get(f"pulls/{number}")
            unknown = data["state"] == "open" and data.get("mergeable") is None
            if not unknown or time.monotonic() > end:
                return data
            time.sleep(min(2.0, 0.1 + self.api.patience.pause(attempt)))
            attempt += 1

    def comment(self, number: int, body: str, *, marker: str = "") -> None:
        """Comment on a pull request.

        Args:
            number: of the pull request.
            body: Markdown.
            marker: makes the comment sticky: a comment made with the same marker is replaced.
        """
        path = f"issues/{number}/comments"
        if not marker:
            self.api.create(path, {"body": body}, lambda: self._comment_with(path, body))
            return
        hidden = f"<!-- {marker} -->"
        text = f"{hidden}\n{body}"
        present = self._comment_with(path, hidden)
        if present is None:
            self.api.create(path, {"body": text}, lambda: self._comment_with(path, hidden))
        elif present["body"] != text:
            self.api.send("PATCH", f"issues/comments/{present['id']}", {"body": text})

    def _comment_with(self, path: str, start: str) -> Json | None:
        for row in self.api.pages(path):
            if (row.get("body") or "").replace("\r\n", "\n").startswith(start):
                return row
        return None

    def request_reviewers(self, number: int, logins: Sequence[str]) -> None:
        """Ask people for a review.

        Args:
            number: of the pull request.
            logins: of people, or ``organization/team``; the author, who cannot be asked, is left
                out.
        """
        author = shapes.login_of(self.api.get(f"pulls/{number}").get("user"))
        people = [login for login in logins if "/" not in login and login != author]
        teams = [login.partition("/")[2] for login in logins if "/" in login]
        if people or teams:
            wanted = {"reviewers": people, "team_reviewers": teams}
            self.api.create(f"pulls/{number}/requested_reviewers", wanted, lambda: None)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Label a pull request."""
        if labels:
            wanted = {"labels": list(labels)}
            self.api.create(f"issues/{number}/labels", wanted, lambda: None)


def _is_own(row: Json) -> bool:
    """Return whether the head is no fork's; by id, for a repository can have an older name."""
    home = row["head"].get("repo")
    return bool(home) and home["id"] == row["base"]["repo"]["id"]


def _merged(data: Json, head_commit: str) -> str | None:
    number, head = data["number"], data["head"]["sha"]
    if data["state"] == "closed" and not data.get("merged_at"):
        raise ForgeConflict(
            f"pull request {number} was closed without being merged",
            hint=f"open it again on {data['html_url']}, or draft anew",
        )
    if head != head_commit:
        raise ForgeConflict(
            f"the head of pull request {number} moved from {head_commit[:12]} to {head[:12]}",
            hint=f"look at what was added on {data['html_url']}, then run the same command",
        )
    return data["merge_commit_sha"] if data.get("merged_at") else None


def _unmergeable(data: Json, error: ForgeError) -> ForgeError:
    head, base = data["head"]["ref"], data["base"]["ref"]
    if type(error) is not ForgeError:  # A 405 has no kind of its own: it is a rule or a conflict.
        return error
    if data.get("mergeable") is False or data.get("mergeable_state") == "dirty":
        return ForgeConflict(
            f"pull request {data['number']} does not merge: {head} and {base} changed the same"
            " lines",
            hint=f"merge {base} into {head}, resolve the conflict, push, and run the same command",
        )
    return ForgeForbidden(
        error.message, hint=f"see what is missing on {data['html_url']}, then run the same command"
    )
