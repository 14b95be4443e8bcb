"""Who may do what: decisions on a real metastore, with callers of different standing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk import errors
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service.catalog import PermissionsChange, Privilege

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import catalogs, schemas, tables, volumes
from bricklane_local.catalog.kinds import SCHEMA, VOLUME, Kind
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.identity.principals import Principal
from bricklane_local.paths import StatePaths
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

ADMINISTRATOR = Principal("1", "admin@example.com", "Admin")
OWNER = Principal("2", "owner@example.com", "Owner", groups=("users",))
READER = Principal("3", "reader@example.com", "Reader", groups=("users", "analysts"))


@pytest.fixture
def metastore(tmp_path: Path) -> Iterator[Metastore]:
    database = Database(tmp_path / "cloud.sqlite")
    found = Metastore(database, StatePaths(tmp_path), Clock())
    found.ensure_workspace_catalog("dev", ADMINISTRATOR)
    yield found
    database.close()


def grant(metastore: Metastore, kind: Kind, name: str, principal: str, *privileges: str) -> None:
    securable = metastore.securable(kind, name)
    metastore.grants.change(securable, [{"principal": principal, "add": list(privileges)}])


def make_view(metastore: Metastore, name: str, caller: Principal, schema: str = "default") -> None:
    fields: dict[str, Any] = {
        "name": name,
        "catalog_name": "dev",
        "schema_name": schema,
        "table_type": "VIEW",
        "view_definition": "SELECT 1",
    }
    tables.create(metastore, fields, caller)


def denial(error: pytest.ExceptionInfo[ApiError]) -> str:
    assert error.value.code == "PERMISSION_DENIED"
    assert error.value.status == 403
    return error.value.message


def test_every_user_may_make_tables_in_the_default_schema(metastore: Metastore) -> None:
    make_view(metastore, "mine", READER)
    assert tables.get(metastore, "dev.default.mine", READER)["owner"] == READER.user_name


def test_making_a_schema_needs_create_schema(metastore: Metastore) -> None:
    fields = {"name": "s", "catalog_name": "dev"}
    with pytest.raises(ApiError) as error:
        schemas.create(metastore, fields, READER)
    assert denial(error) == "User does not have CREATE SCHEMA on Catalog 'dev'."


def test_making_a_catalog_needs_create_catalog(metastore: Metastore) -> None:
    with pytest.raises(ApiError) as error:
        catalogs.create(metastore, {"name": "c"}, READER)
    assert "User does not have CREATE CATALOG on Metastore" in denial(error)


def test_reading_data_needs_select_for_administrators_too(metastore: Metastore) -> None:
    make_view(metastore, "private", OWNER)
    identifier = tables.get(metastore, "dev.default.private", OWNER)["table_id"]
    for caller in (READER, ADMINISTRATOR):
        with pytest.raises(ApiError) as error:
            tables.credentials(metastore, identifier, "READ", caller)
        assert denial(error) == "User does not have SELECT on Table 'dev.default.private'."
    assert tables.credentials(metastore, identifier, "READ_WRITE", OWNER)


@pytest.mark.parametrize("privilege", ["SELECT", "ALL_PRIVILEGES"])
@pytest.mark.parametrize("level", ["dev", "dev.default", "dev.default.shared"])
def test_select_is_inherited_from_what_holds_the_table(
    metastore: Metastore, level: str, privilege: str
) -> None:
    make_view(metastore, "shared", OWNER)
    identifier = tables.get(metastore, "dev.default.shared", OWNER)["table_id"]
    kinds = {kind.depth: kind for kind in _all_kinds()}
    grant(metastore, kinds[level.count(".") + 1], level, "analysts", privilege)
    assert tables.credentials(metastore, identifier, "READ", READER)


def _all_kinds() -> list[Kind]:
    from bricklane_local.catalog.kinds import CATALOG, TABLE

    return [CATALOG, SCHEMA, TABLE]


def test_writing_needs_modify_besides_select(metastore: Metastore) -> None:
    make_view(metastore, "t", OWNER)
    identifier = tables.get(metastore, "dev.default.t", OWNER)["table_id"]
    grant(metastore, SCHEMA, "dev.default", READER.user_name, "SELECT")
    with pytest.raises(ApiError) as error:
        tables.credentials(metastore, identifier, "READ_WRITE", READER)
    assert denial(error) == "User does not have MODIFY on Table 'dev.default.t'."


def test_a_schema_must_be_usable_to_reach_what_it_holds(metastore: Metastore) -> None:
    schemas.create(metastore, {"name": "closed", "catalog_name": "dev"}, ADMINISTRATOR)
    make_view(metastore, "t", ADMINISTRATOR, schema="closed")
    grant(metastore, _all_kinds()[2], "dev.closed.t", READER.user_name, "SELECT")
    with pytest.raises(ApiError) as error:
        tables.get(metastore, "dev.closed.t", READER)
    assert denial(error) == "User does not have USE SCHEMA on Schema 'dev.closed'."
    grant(metastore, SCHEMA, "dev.closed", READER.user_name, "USE_SCHEMA")
    assert tables.get(metastore, "dev.closed.t", READER)["name"] == "t"


def test_lists_hold_only_what_the_caller_may_see(metastore: Metastore) -> None:
    schemas.create(metastore, {"name": "closed", "catalog_name": "dev"}, ADMINISTRATOR)
    seen = [document.key for document in metastore.visible(READER, SCHEMA, "dev")]
    assert "dev.default" in seen
    everything = [document.key for document in metastore.visible(ADMINISTRATOR, SCHEMA, "dev")]
    assert everything == ["dev.admin", "dev.closed", "dev.default"]


def test_dropping_needs_ownership_or_manage(metastore: Metastore) -> None:
    make_view(metastore, "kept", OWNER)
    with pytest.raises(ApiError) as error:
        tables.delete(metastore, "dev.default.kept", READER)
    assert denial(error) == "User does not have MANAGE on Table 'dev.default.kept'."
    grant(metastore, _all_kinds()[2], "dev.default.kept", "analysts", "MANAGE")
    tables.delete(metastore, "dev.default.kept", READER)


def test_files_of_a_volume_need_its_privileges(metastore: Metastore) -> None:
    fields = {
        "name": "v",
        "catalog_name": "dev",
        "schema_name": "default",
        "volume_type": "MANAGED",
    }
    volumes.create(metastore, fields, OWNER)
    volume = metastore.securable(VOLUME, "dev.default.v")
    for privilege in ("READ_VOLUME", "WRITE_VOLUME"):
        with pytest.raises(ApiError) as error:
            metastore.grants.require(READER, volume, privilege)
        shown = privilege.replace("_", " ")
        assert denial(error) == f"User does not have {shown} on Volume 'dev.default.v'."
        grant(metastore, VOLUME, "dev.default.v", "users", privilege)
        metastore.grants.require(READER, volume, privilege)


def test_dropped_grants_do_not_come_back(metastore: Metastore) -> None:
    make_view(metastore, "t", OWNER)
    grant(metastore, _all_kinds()[2], "dev.default.t", "users", "SELECT")
    tables.delete(metastore, "dev.default.t", OWNER)
    make_view(metastore, "t", OWNER)
    assert metastore.grants.direct(metastore.securable(_all_kinds()[2], "dev.default.t")) == {}


def test_grants_are_added_removed_and_listed(client: WorkspaceClient) -> None:
    client.schemas.create("g", "dev")
    add = PermissionsChange(principal="p", add=[Privilege.SELECT, Privilege.USE_SCHEMA])
    client.grants.update("schema", "dev.g", changes=[add])
    remove = PermissionsChange(principal="p", remove=[Privilege.SELECT])
    client.grants.update("schema", "dev.g", changes=[remove])
    grants = client.grants.get("schema", "dev.g").privilege_assignments or []
    assert [(g.principal, g.privileges) for g in grants] == [("p", [Privilege.USE_SCHEMA])]


def test_effective_grants_say_where_they_come_from(client: WorkspaceClient) -> None:
    client.schemas.create("e", "dev")
    change = PermissionsChange(principal="q", add=[Privilege.SELECT])
    client.grants.update("catalog", "dev", changes=[change])
    found = client.grants.get_effective("schema", "dev.e", principal="q").privilege_assignments
    (assignment,) = found or []
    (privilege,) = assignment.privileges or []
    assert privilege.privilege == Privilege.SELECT
    assert privilege.inherited_from_name == "dev"


def test_privilege_that_does_not_fit_is_refused_with_all_changes(client: WorkspaceClient) -> None:
    client.schemas.create("r", "dev")
    changes = [
        PermissionsChange(principal="p", add=[Privilege.SELECT]),
        PermissionsChange(principal="p", add=[Privilege.CREATE_CATALOG]),
    ]
    with pytest.raises(InvalidParameterValue, match="CREATE CATALOG is not applicable to a schema"):
        client.grants.update("schema", "dev.r", changes=changes)
    assert client.grants.get("schema", "dev.r").privilege_assignments == []


def test_securable_that_is_not_here_is_named(client: WorkspaceClient) -> None:
    with pytest.raises(errors.NotImplemented, match="no securables of the type external_location"):
        client.grants.get("external_location", "x")
