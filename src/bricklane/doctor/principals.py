"""The service principal that CI signs in as, wherever one may look for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bricklane.doctor.model import NotChecked

if TYPE_CHECKING:
    from databricks.sdk import AccountClient

    from bricklane.doctor.target import Target

ACCOUNT, WORKSPACE = "the account", "the workspace"
# Everybody is in it, and it stands in no list of groups.
EVERYBODY = "account users"


@dataclass(frozen=True, slots=True)
class Principal:
    """A service principal.

    Args:
        id: its number, as SCIM has it.
        application_id: by which it signs in.
        name: for people.
        active: whether it may sign in.
        groups: id → name of the groups that it is in, through others as well where the account
            could be asked.
        place: where it was found.
    """

    id: str
    application_id: str
    name: str
    active: bool
    groups: dict[str, str]
    place: str

    @property
    def names(self) -> frozenset[str]:
        """The names by which something can be granted to it."""
        return frozenset({self.application_id, EVERYBODY, *self.groups.values()})


def find(target: Target) -> Principal | None:
    """Return the service principal with the target's client id; None when there is none.

    Raises:
        NotChecked: when nobody is signed in who could look.
    """
    wanted = target.client_id
    try:
        account = target.world.account
    except NotChecked:
        return look_in(WORKSPACE, target.workspace.service_principals, wanted)
    found = look_in(ACCOUNT, account.service_principals, wanted)
    if found is not None and found.groups:
        found.groups.update(_above(account, found.groups))
    return found


def look_in(place: str, principals: Any, wanted: str) -> Principal | None:
    """Return the service principal with an application id; None when there is none.

    Args:
        place: :data:`ACCOUNT` or :data:`WORKSPACE`.
        principals: the SDK's API of service principals there.
        wanted: the application id.
    """
    listed = principals.list(filter=f'applicationId eq "{wanted}"')
    for row in listed:
        shown = principals.get(str(row.id))
        groups = {str(one.value): str(one.display) for one in shown.groups or ()}
        # What is not said of it is as it is for everybody.
        active = shown.active is not False
        return Principal(str(shown.id), wanted, str(shown.display_name), active, groups, place)
    return None


def _above(account: AccountClient, groups: Iterable[str]) -> dict[str, str]:
    """Return the groups that some groups are in, id → name, through others as well."""
    above: dict[str, dict[str, str]] = {}
    for group in account.groups.list(attributes="id,displayName,members"):
        for member in group.members or ():
            above.setdefault(str(member.value), {})[str(group.id)] = str(group.display_name)
    found: dict[str, str] = {}
    waiting = list(groups)
    while waiting:
        for number, name in above.get(waiting.pop(), {}).items():
            if number not in found:
                found[number] = name
                waiting.append(number)
    return found
