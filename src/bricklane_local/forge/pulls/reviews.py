"""Keeps what people say of pull requests.

Source: https://docs.github.com/en/rest/pulls/reviews
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bricklane_local.forge.errors import ForgeApiError, custom
from bricklane_local.forge.issues.model import checked_body
from bricklane_local.forge.pulls.model import (
    APPROVED,
    CHANGES_REQUESTED,
    COMMENTED,
    DISMISSED,
    PENDING,
    PullRequest,
    Review,
)
from bricklane_local.forge.pulls.wire import review_wire
from bricklane_local.forge.records import Records

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

# What a reviewer asks for → the state of the review.
EVENTS = {"APPROVE": APPROVED, "REQUEST_CHANGES": CHANGES_REQUESTED, "COMMENT": COMMENTED}
VERDICTS = (APPROVED, CHANGES_REQUESTED)


def check_actions(repository: Repository, caller: Caller) -> None:
    """Refuse a job's token where the repository lets these open and approve no pull requests.

    Raises:
        ForgeApiError: 403.
    """
    if caller.by_job_token and not repository.actions_open_pulls:
        raise ForgeApiError(
            403, "GitHub Actions is not permitted to create or approve pull requests."
        )


class Reviews:
    """The reviews of all pull requests.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_review", Review)

    def under(self, repository: Repository, number: int) -> list[Review]:
        """Return the reviews of a pull request, oldest first."""
        return self._records.under(f"{repository.id}/{number}")

    def get(self, repository: Repository, number: int, review: int) -> Review:
        """Return one review.

        Raises:
            ForgeApiError: 404.
        """
        found = self._records.get(f"{repository.id}/{review}")
        if found.pull != number:
            raise ForgeApiError(404, "Not Found")
        return found

    def create(
        self,
        repository: Repository,
        caller: Caller,
        request: PullRequest,
        event: str | None,
        body: str | None,
        commit: str | None = None,
    ) -> Review:
        """Review a pull request.

        Args:
            repository: of the base.
            caller: the reviewer.
            request: what is reviewed.
            event: a key of ``EVENTS``; None leaves the review pending.
            body: Markdown.
            commit: the head that was read; by default the present one.

        Raises:
            ForgeApiError: 422 for one's own pull request, or when the words are missing.
        """
        state = PENDING if event is None else EVENTS[event]
        text = checked_body("PullRequestReview", body)
        self._check(repository, caller, request, state, text)
        review = Review(
            self._forge.next_id(),
            request.number,
            caller.user.login,
            state,
            text,
            commit or request.pull.head_sha,
            0 if event is None else self._forge.clock.now(),
        )
        with self._forge.transaction():
            self._store(repository, review)
            if event is not None:
                self._submitted(repository, caller, request, review)
        return review

    def submit(
        self,
        repository: Repository,
        caller: Caller,
        request: PullRequest,
        review: Review,
        event: str,
        body: str | None,
    ) -> Review:
        """Submit a pending review.

        Raises:
            ForgeApiError: 422 when it is not pending, 404 when it is another's.
        """
        if review.author != caller.user.login:
            raise ForgeApiError(404, "Not Found")
        if review.state != PENDING:
            raise ForgeApiError(422, "Can not submit a review that is not pending")
        text = review.body if body is None else checked_body("PullRequestReview", body)
        self._check(repository, caller, request, EVENTS[event], text)
        changed = replace(
            review, state=EVENTS[event], body=text, submitted_at=self._forge.clock.now()
        )
        with self._forge.transaction():
            self._store(repository, changed)
            self._submitted(repository, caller, request, changed)
        return changed

    def _check(
        self,
        repository: Repository,
        caller: Caller,
        request: PullRequest,
        state: str,
        text: str,
    ) -> None:
        if state == APPROVED:
            check_actions(repository, caller)
        if not request.is_open and state in VERDICTS:
            raise ForgeApiError(
                422, "Unprocessable Entity", ["Can not review a closed pull request"]
            )
        if caller.user.login == request.issue.author and state in VERDICTS:
            what = "approve" if state == APPROVED else "request changes on"
            message = f"Review Can not {what} your own pull request"
            raise ForgeApiError(422, "Unprocessable Entity", [message])
        if state in (CHANGES_REQUESTED, COMMENTED) and not text.strip():
            raise custom("PullRequestReview", "Review body can't be blank")

    def _submitted(
        self, repository: Repository, caller: Caller, request: PullRequest, review: Review
    ) -> None:
        pulls = self._forge.pulls
        if caller.user.login in request.pull.requested_reviewers:
            request = pulls.unrequest_reviewers(repository, request, [caller.user.login])
        self._publish(repository, caller, request, review, "submitted")

    def _publish(
        self,
        repository: Repository,
        caller: Caller,
        request: PullRequest,
        review: Review,
        action: str,
    ) -> None:
        self._forge.pulls.publish(
            repository,
            caller,
            request,
            action,
            kind="pull_request_review",
            review=review_wire(self._forge, repository, review),
        )

    def dismiss(
        self,
        repository: Repository,
        caller: Caller,
        request: PullRequest,
        review: Review,
        message: str,
    ) -> Review:
        """Make a verdict count no more.

        Raises:
            ForgeApiError: 422 when the review is no verdict.
        """
        if review.state not in VERDICTS:
            raise ForgeApiError(422, "Can not dismiss a review that is not a verdict")
        changed = replace(review, state=DISMISSED)
        with self._forge.transaction():
            self._store(repository, changed)
            self._publish(repository, caller, request, changed, "dismissed")
            note = f"Dismissed {review.author}'s review: {message}"
            self._forge.issues.comments.create(repository, caller, request.number, note)
        return changed

    def edit(self, repository: Repository, caller: Caller, review: Review, body: str) -> Review:
        """Change the words of one's own review.

        Raises:
            ForgeApiError: 403 when it is another's.
        """
        if review.author != caller.user.login:
            raise ForgeApiError(403, "Only the author of a review can change it")
        changed = replace(review, body=checked_body("PullRequestReview", body))
        self._store(repository, changed)
        return changed

    def delete_pending(self, repository: Repository, caller: Caller, review: Review) -> None:
        """Drop one's own pending review.

        Raises:
            ForgeApiError: 422 when it was submitted, 404 when it is another's.
        """
        if review.author != caller.user.login:
            raise ForgeApiError(404, "Not Found")
        if review.state != PENDING:
            raise ForgeApiError(422, "Can not delete a non-pending pull request review")
        self._records.remove(f"{repository.id}/{review.id}")

    def head_moved(self, repository: Repository, request: PullRequest) -> None:
        """Dismiss approvals of an older head where rules say so; inside a transaction."""
        if not self._forge.rules.dismisses_stale_reviews(repository, request.pull.base_ref):
            return
        for review in self.under(repository, request.number):
            if review.state == APPROVED and review.commit != request.pull.head_sha:
                self._store(repository, replace(review, state=DISMISSED))

    def verdicts(self, repository: Repository, number: int) -> dict[str, Review]:
        """Return the last verdict of each reviewer, by login; one dismissed is none."""
        latest: dict[str, Review] = {}
        for review in self.under(repository, number):
            if review.state in (*VERDICTS, DISMISSED):
                latest[review.author] = review
        return {login: found for login, found in latest.items() if found.state in VERDICTS}

    def _store(self, repository: Repository, review: Review) -> None:
        self._records.put(
            f"{repository.id}/{review.id}",
            review,
            parent=f"{repository.id}/{review.pull}",
            position=review.id,
        )
