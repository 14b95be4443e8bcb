from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import permissions
from bricklane_local.catalog.kinds import TABLE
from bricklane_local.cloud import Cloud
from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.identity.scope import ACCOUNT

TABLE_NAME = "large.s0.t0"


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    sizes = {"USERS": 100, "GROUPS": 20, "DEPTH": 5, "SCHEMAS": 2, "TABLES": 3, "GRANTS": 60}
    for name, value in sizes.items():
        monkeypatch.setattr(permissions, name, value)
    monkeypatch.setattr(permissions, "USERS_ASKED", 100)
    made = Cloud(tmp_path / "state", ComputeSettings())
    yield made
    made.close()


def test_a_change_of_membership_or_grant_counts_at_once(cloud: Cloud) -> None:
    account = permissions.build(cloud)
    token, table = account.tokens[0], account.tables[0]

    def allowed() -> bool:
        return permissions.may_read(cloud, token, table)

    directory, metastore = cloud.directory, cloud.metastore
    user = "user0@example.com"
    securable = metastore.securable(TABLE, TABLE_NAME)
    # The user's own grant, so that only the groups decide.
    metastore.grants.change(securable, [{"principal": user, "remove": ["SELECT"]}])
    assert allowed()
    top, middle = (directory.tree.named(ACCOUNT, f"group-0-{level}") for level in (0, 1))
    assert top is not None
    assert middle is not None
    directory.leave(top, middle.id)
    assert not allowed(), "the chain of groups is broken at its top"

    def take_back() -> None:
        with cloud.database.transaction():
            directory.join(ACCOUNT, top, middle.id)
            assert allowed()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        take_back()
    assert not allowed(), "the change was taken back"
    directory.join(ACCOUNT, top, middle.id)
    assert allowed()
    metastore.grants.change(securable, [{"principal": top.name, "remove": ["SELECT"]}])
    assert not allowed(), "the grant is gone"
    metastore.grants.change(securable, [{"principal": user, "add": ["SELECT"]}])
    assert allowed()
    for chain in (0, 3):
        group = directory.tree.named(ACCOUNT, f"group-{chain}-0")
        assert group is not None
        directory.remove_group(ACCOUNT, group)
    assert not allowed(), "nothing leads to the schema any more"


def test_there_are_as_many_grants_as_it_says(cloud: Cloud) -> None:
    account = permissions.build(cloud)
    stored = cloud.database.space("metastore").select("grants")
    ours = [document for document in stored if "group-0-0" in str(document.body)]
    assert ours
    assert account.grants >= permissions.GRANTS
    assert len(account.tables) == permissions.SCHEMAS * permissions.TABLES
