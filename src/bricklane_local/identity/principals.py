"""Principals: who may call the API of a workspace."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

ADMINISTRATOR = "developer@bricklane.local"
ADMINS, USERS = "admins", "users"


class PrincipalKind(StrEnum):
    """Kinds of principals; the value is the field by which an access list names one."""

    USER = "user_name"
    SERVICE_PRINCIPAL = "service_principal_name"


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity in one workspace.

    Args:
        id: numeric SCIM id, as text.
        user_name: e-mail address of a user, application id of a service principal.
        display_name: name for people.
        groups: names of the workspace's groups it belongs to.
        task_run_id: the task run that calls on its behalf, 0 for none.
        kind: user or service principal.
        active: an inactive one may not call.
        pipeline_id: the pipeline whose update calls on its behalf, "" for none.
    """

    id: str
    user_name: str
    display_name: str
    groups: tuple[str, ...] = (ADMINS, USERS)
    task_run_id: int = 0
    kind: PrincipalKind = PrincipalKind.USER
    active: bool = True
    pipeline_id: str = ""
    home: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", f"/Users/{self.user_name}")

    @property
    def is_admin(self) -> bool:
        """Whether it administers the workspace."""
        return ADMINS in self.groups


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256, of no use to whoever reads the state."""
    return hashlib.sha256(token.encode()).hexdigest()
