"""Row 9: whether a user of many nested groups may read a table, in a large account."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from benchmarks.localcloud import LocalCloud, local_cloud
from benchmarks.measurement import Comparison, Settings
from benchmarks.programs import ProgramError

if TYPE_CHECKING:
    from bricklane_local.catalog.callers import Caller
    from bricklane_local.cloud import Cloud
    from bricklane_local.identity.grouping import Group

USERS, GROUPS, DEPTH = 1000, 200, 20
SCHEMAS, TABLES = 50, 10  # of one catalog; tables of each schema
GRANTS = 5000
CHECKS = 1000  # of each round
USERS_ASKED = 100
WORKSPACE, CATALOG = "dev", "large"
TARGET_MS = 5.0
PAGE = 100
REQUEST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Account:
    """What was made.

    Args:
        tokens: one of each user that is asked for.
        tables: ids of the tables.
        grants: how many there are.
    """

    tokens: list[str]
    tables: list[str]
    grants: int


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure checks one by one in this process, then by the server that serves the same state.

    Raises:
        ProgramError: when a list is not complete, or somebody is let in who must not be.
    """
    from bricklane_local.cloud import Cloud
    from bricklane_local.compute.settings import ComputeSettings

    state = settings.folder / "large-account"
    cloud = Cloud(state, ComputeSettings())
    account = build(cloud)
    settings.say(
        f"{USERS} users, {GROUPS} groups {DEPTH} deep, {account.grants} grants, "
        f"{len(account.tables)} tables"
    )
    warm, changed = in_process(cloud, account, settings)
    cloud.close()
    yield _row("check", warm, TARGET_MS)
    yield _row("check right after a change of membership", changed, TARGET_MS)
    with local_cloud(state) as served:
        yield _row("whole request by HTTP", by_http(served, account, settings))
        pages = read_in_pages(served)
    settings.say(f"{pages} pages of {USERS} users")


def _row(what: str, samples: list[float], limit: float | None = None) -> Comparison:
    return Comparison(f"{what}, 99th percentile", "ms", samples, [], None, limit)


def percentile(times: list[float]) -> float:
    """Return the 99th percentile of seconds, in milliseconds."""
    return round(statistics.quantiles(times, n=100)[98] * 1000, 3)


def build(cloud: Cloud) -> Account:
    """Fill an account: users, chains of groups in each other, a catalog, and grants on it."""
    with cloud.database.transaction():
        users, chains = _people(cloud)
        tables = _catalog(cloud)
        grants = _grants(cloud, users, [chain[0].name for chain in chains], tables)
        tokens = [
            cloud.tokens.issue_personal(WORKSPACE, cloud.directory.named(WORKSPACE, name), "")
            for name in users[:: USERS // USERS_ASKED]
        ]
    return Account(tokens, list(tables.values()), grants)


def _people(cloud: Cloud) -> tuple[list[str], list[list[Group]]]:
    from bricklane_local.identity.principals import PrincipalKind
    from bricklane_local.identity.scope import ACCOUNT

    directory = cloud.directory
    chains = []
    for number in range(GROUPS // DEPTH):
        chain = [
            directory.tree.add(ACCOUNT, directory.next_id(), f"group-{number}-{level}")
            for level in range(DEPTH)
        ]
        chains.append(chain)
        for holder, held in itertools.pairwise(chain):
            directory.tree.join(ACCOUNT, holder, held.id)
    names = [f"user{number}@example.com" for number in range(USERS)]
    for number, name in enumerate(names):
        record = directory.add(PrincipalKind.USER, name, name)
        directory.assign(WORKSPACE, PrincipalKind.USER, record)
        for place in (number, number + 3):
            directory.join(ACCOUNT, chains[place % len(chains)][-1], record["id"])
    return names, chains


def _catalog(cloud: Cloud) -> dict[str, str]:
    from bricklane_local.catalog import catalogs, schemas, tables

    caller, found = _administrator(cloud), {}
    catalogs.create(cloud.metastore, {"name": CATALOG}, caller)
    for schema in range(SCHEMAS):
        place = {"catalog_name": CATALOG, "schema_name": f"s{schema}"}
        schemas.create(cloud.metastore, {**place, "name": f"s{schema}"}, caller)
        for table in range(TABLES):
            # A view: its check is that of a table, and it needs no data.
            fields = {"name": f"t{table}", "table_type": "VIEW", "view_definition": "SELECT 1"}
            made = tables.create(cloud.metastore, {**place, **fields}, caller)
            found[str(made["full_name"])] = str(made["table_id"])
    return found


def _administrator(cloud: Cloud) -> Caller:
    workspace = cloud.workspaces[WORKSPACE]
    principal = cloud.directory.named(WORKSPACE, cloud.administrator.user_name)
    return cloud.metastore.principals.caller(principal, workspace.id)


def _grants(cloud: Cloud, users: list[str], tops: list[str], tables: dict[str, str]) -> int:
    from bricklane_local.catalog.kinds import CATALOG as CATALOG_KIND
    from bricklane_local.catalog.kinds import SCHEMA, TABLE

    metastore, people = cloud.metastore, itertools.cycle(users)
    every = [{"principal": top, "add": ["USE_CATALOG"]} for top in tops]
    metastore.grants.change(metastore.securable(CATALOG_KIND, CATALOG), every)
    for schema in range(SCHEMAS):
        every = [{"principal": top, "add": ["USE_SCHEMA"]} for top in tops]
        metastore.grants.change(metastore.securable(SCHEMA, f"{CATALOG}.s{schema}"), every)
    count = len(tops) * (1 + SCHEMAS)
    each = (GRANTS - count) // len(tables) + 1
    for number, name in enumerate(tables):
        holders = [tops[number % len(tops)], *itertools.islice(people, each - 1)]
        changes = [{"principal": holder, "add": ["SELECT"]} for holder in holders]
        metastore.grants.change(metastore.securable(TABLE, name), changes)
    return count + each * len(tables)


def in_process(
    cloud: Cloud, account: Account, settings: Settings
) -> tuple[list[float], list[float]]:
    """Return the 99th percentiles, round by round: of checks, and of the first after a change.

    Processor time, so that what else the machine does stays out.
    """
    from bricklane_local.identity.scope import ACCOUNT

    groups = cloud.directory.tree.groups(ACCOUNT)
    someone = cloud.directory.named(WORKSPACE, "user1@example.com")
    switch = itertools.cycle((cloud.directory.join, lambda _, *rest: cloud.directory.leave(*rest)))

    def change() -> None:
        next(switch)(ACCOUNT, groups[-1], someone.id)

    warm, changed = [], []
    for _ in range(settings.rounds):
        warm.append(percentile(_checks(cloud, account, lambda: None)))
        changed.append(percentile(_checks(cloud, account, change)))
        settings.say(f"check: {warm[-1]} ms; after a change: {changed[-1]} ms")
    return warm, changed


def _checks(cloud: Cloud, account: Account, before: Callable[[], None]) -> list[float]:
    times = []
    for number in range(CHECKS):
        before()
        began = time.thread_time()
        may_read(cloud, *_asked(account, number))
        times.append(time.thread_time() - began)
    return times


def _asked(account: Account, number: int) -> tuple[str, str]:
    tokens, tables = account.tokens, account.tables
    return tokens[number % len(tokens)], tables[(number * 7) % len(tables)]


def may_read(cloud: Cloud, token: str, table: str) -> bool:
    """Say whether whom a token stands for may read a table; the way of a request."""
    from bricklane_local.app.errors import ApiError
    from bricklane_local.catalog import credentials
    from bricklane_local.catalog.kinds import TABLE

    principal = cloud.tokens.authenticate(token, WORKSPACE)
    caller = cloud.metastore.principals.caller(principal, cloud.workspaces[WORKSPACE].id)
    try:
        credentials.issue(cloud.metastore, TABLE, table, "READ", caller)
    except ApiError as error:
        if error.code != "PERMISSION_DENIED":
            raise
        return False
    return True


def by_http(served: LocalCloud, account: Account, settings: Settings) -> list[float]:
    """Return the 99th percentiles of whole requests for what Spark asks before it reads.

    Raises:
        ProgramError: when the server answers neither yes nor no.
    """
    url = f"{served.host}/api/2.0/unity-catalog/temporary-table-credentials"
    found = []
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(settings.rounds):
            times = []
            for number in range(CHECKS):
                token, table = _asked(account, number)
                began = time.perf_counter()
                answer = session.post(
                    url,
                    json={"table_id": table, "operation": "READ"},
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=REQUEST_SECONDS,
                )
                times.append(time.perf_counter() - began)
                if answer.status_code not in (200, 403):
                    raise ProgramError(f"POST {url}: {answer.text}")
            found.append(percentile(times))
            settings.say(f"request: {found[-1]} ms")
    return found


def read_in_pages(served: LocalCloud) -> int:
    """Read the workspace's users page by page; return how many pages there were.

    Raises:
        ProgramError: when a user is missing or shown twice.
    """
    seen: list[str] = []
    pages = 0
    while True:
        answer = requests.get(
            f"{served.host}/api/2.0/preview/scim/v2/Users",
            params={"startIndex": str(len(seen) + 1), "count": str(PAGE)},
            headers={"Authorization": f"Bearer {served.token}"},
            timeout=REQUEST_SECONDS,
        ).json()
        found = [one["userName"] for one in answer.get("Resources", ())]
        if not found:
            break
        seen += found
        pages += 1
    if len(seen) != len(set(seen)) or len(seen) != USERS + 1:
        raise ProgramError(f"{pages} pages show {len(set(seen))} users of {USERS + 1}")
    return pages
