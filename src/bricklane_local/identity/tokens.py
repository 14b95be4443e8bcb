"""Tokens that stand for principals: personal ones, those of runs, and OAuth access tokens.

Only digests are stored. Each token is good in one workspace; an access token of the account is good
in the account and in every workspace that its principal may enter.
Source: https://docs.databricks.com/api/workspace/tokens and
https://docs.databricks.com/en/dev-tools/auth/oauth-m2m.html (an access token lives for an hour).
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.principals import Principal, digest
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database

# Marker by which secret scanners know these tokens.
PERSONAL_PREFIX = "dapi"
# Dots in a token that has the form of a JWT, which only access tokens have.
JWT_DOTS = 2
ACCESS_SECONDS = 3600
PERSONAL, ACCESS = "token", "access_token"


def _jwt(claims: dict[str, str | int]) -> str:
    """Return a new token in the form of a JWT, in which clients look until when it is good.

    Its signature is random and for nobody to check: what a token is good for is looked up.
    """
    header = {"alg": "HS256", "typ": "at+jwt"}
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), secrets.token_bytes(32))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


class RunToken(NamedTuple):
    """What is known of a token.

    Args:
        workspace: where it is good.
        user_name: of whom it stands for.
        task_run_id: of the task run that it was made for, 0 for none.
        pipeline_id: of the pipeline whose update it was made for, "" for none.
    """

    workspace: str
    user_name: str
    task_run_id: int = 0
    pipeline_id: str = ""


class Tokens:
    """The tokens of one cloud.

    Args:
        database: where they are kept.
        clock: decides whether one has expired.
        directory: says whom they stand for.
    """

    def __init__(self, database: Database, clock: Clock, directory: Directory) -> None:
        self._space = database.space("identity")
        self._clock = clock
        self._directory = directory
        # Tokens of runs live only as long as this process, as their runs do.
        self._run_tokens: dict[str, RunToken] = {}
        self._ends: dict[str, list[Callable[[], None]]] = {}
        directory.on_removal(lambda record, scope: self._forget(record["user_name"], scope))

    def issue_personal(
        self, workspace: str, principal: Principal, comment: str, expiry_time: int = -1
    ) -> str:
        """Make a personal access token; its value can never be read again.

        Args:
            workspace: in which it is good.
            principal: whom it stands for.
            comment: what it is for.
            expiry_time: milliseconds since the epoch, or -1 for never.
        """
        token = PERSONAL_PREFIX + secrets.token_hex(16)
        body = {
            "workspace": workspace,
            "user_name": principal.user_name,
            "comment": comment,
            "creation_time": self._clock.now(),
            "expiry_time": expiry_time,
        }
        self._space.insert(PERSONAL, digest(token), body, parent=principal.user_name)
        return token

    def issue_access(
        self, workspace: str, principal: Principal, seconds: int = ACCESS_SECONDS
    ) -> str:
        """Make an OAuth access token.

        Args:
            workspace: in which it is good; :data:`ACCOUNT` for the account and all workspaces.
            principal: whom it stands for.
            seconds: how long it lives.
        """
        now = self._clock.now()
        with self._space.database.transaction():
            for document in self._space.select(ACCESS, limit=100):
                if document.position > now:
                    break
                self._space.delete(ACCESS, document.key)
            expiry = now + seconds * 1000
            token = _jwt({"sub": principal.user_name, "iat": now // 1000, "exp": expiry // 1000})
            body = {
                "workspace": workspace,
                "user_name": principal.user_name,
                "expiry_time": expiry,
            }
            self._space.insert(
                ACCESS, digest(token), body, parent=principal.user_name, position=expiry
            )
        return token

    def issue_run(
        self, workspace: str, principal: Principal, task_run_id: int, pipeline_id: str = ""
    ) -> str:
        """Make a token for one task run, valid until revoked or until the server ends.

        Args:
            workspace: of the run.
            principal: whom the run acts as.
            task_run_id: of the task run, 0 for none.
            pipeline_id: of the pipeline that is updated, "" for none.
        """
        token = PERSONAL_PREFIX + secrets.token_hex(16)
        known = RunToken(workspace, principal.user_name, task_run_id, pipeline_id)
        self._run_tokens[digest(token)] = known
        return token

    def key_of_run(self, token: str) -> str:
        """Return what a token of a run is known by, "" for a token of another kind."""
        key = digest(token)
        return key if key in self._run_tokens else ""

    @contextlib.contextmanager
    def followed(self, key: str, on_end: Callable[[], None]) -> Iterator[None]:
        """Call something once a run's token is revoked, as its process has ended then.

        Args:
            key: what the token is known by; "" for none.
            on_end: what is called, at once when the token is no more, while this context lasts.
        """
        ends = self._ends.setdefault(key, [])
        ends.append(on_end)
        try:
            if key and key not in self._run_tokens:
                on_end()
            yield
        finally:
            ends.remove(on_end)
            if not ends:
                self._ends.pop(key, None)

    def revoke_run(self, token: str) -> None:
        """Make a run's token useless."""
        key = digest(token)
        if self._run_tokens.pop(key, None) is not None:
            for on_end in list(self._ends.get(key, ())):
                on_end()

    def _forget(self, user_name: str, scope: str) -> None:
        for kind in (PERSONAL, ACCESS):
            for document in self._space.select(kind, parent=user_name):
                if scope in (ACCOUNT, document.body.get("workspace")):
                    self._space.delete(kind, document.key)

    def forget_workspace(self, workspace: str) -> None:
        """Delete the tokens of a workspace that is gone."""
        for kind in (PERSONAL, ACCESS):
            for document in self._space.select(kind):
                if document.body.get("workspace") == workspace:
                    self._space.delete(kind, document.key)

    def is_valid(self, token: str, workspace: str) -> bool:
        """Say whether ``token`` would be accepted by a workspace now."""
        try:
            self.authenticate(token, workspace)
        except ApiError:
            return False
        return True

    def authenticate(self, token: str, workspace: str) -> Principal:
        """Return whom ``token`` stands for.

        Args:
            token: as the client sent it.
            workspace: which received it.

        Raises:
            ApiError: UNAUTHENTICATED when it is unknown, of another workspace or expired, or when
                its principal is gone; PERMISSION_DENIED when the principal is inactive.
        """
        found = self._lookup(token)
        home, user_name = found.workspace, found.user_name
        if home not in (workspace, ACCOUNT):
            raise ApiError("UNAUTHENTICATED", "Invalid access token: it is not known here")
        principal = self._directory.find(workspace, user_name)
        if principal is None:
            raise ApiError(
                "UNAUTHENTICATED", f"The principal {user_name} of this token is not here any more"
            )
        if not principal.active:
            raise ApiError("PERMISSION_DENIED", f"The principal {user_name} is inactive")
        if not (found.task_run_id or found.pipeline_id):
            return principal
        return replace(principal, task_run_id=found.task_run_id, pipeline_id=found.pipeline_id)

    def _lookup(self, token: str) -> RunToken:
        key = digest(token)
        if key in self._run_tokens:
            return self._run_tokens[key]
        body = self._space.get(ACCESS if token.count(".") == JWT_DOTS else PERSONAL, key)
        if body is None:
            raise ApiError("UNAUTHENTICATED", "Invalid access token: it is not known here")
        if 0 <= body["expiry_time"] <= self._clock.now():
            raise ApiError("UNAUTHENTICATED", "The access token has expired")
        return RunToken(body.get("workspace", ""), body["user_name"])
