"""Who may do what: decisions on a real metastore, and grants through the official SDK."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from databricks.sdk import errors
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service.catalog import PermissionsChange, Privilege

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import catalogs, listing, schemas, tables, volumes
from bricklane_local.catalog.kinds import CATALOG, METASTORE, SCHEMA, TABLE, VOLUME, Kind
from bricklane_local.catalog.listing import Wanted
from bricklane_local.identity.principals import PrincipalKind
from bricklane_local.identity.scope import ACCOUNT
from tests.bricklane_local.catalog.world import (
    ANALYSTS,
    OWNER,
    READER,
    World,
    caller,
    denial,
)

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

KIND_AT = {kind.depth: kind for kind in (CATALOG, SCHEMA, TABLE)}


def close(world: World, schema: str = "closed") -> str:
    """Make a schema that nobody but the administrator may use; return its name."""
    fields = {"name": schema, "catalog_name": "dev"}
    schemas.create(world.metastore, fields, world.administrator)
    return f"dev.{schema}"


def test_every_user_may_make_tables_in_the_default_schema(world: World) -> None:
    world.make_view("mine", world.reader)
    assert world.metastore.body(TABLE, "dev.default.mine")["owner"] == READER


def test_making_a_schema_needs_create_schema(world: World) -> None:
    with pytest.raises(ApiError) as error:
        schemas.create(world.metastore, {"name": "s", "catalog_name": "dev"}, world.reader)
    assert denial(error) == "User does not have CREATE SCHEMA on Catalog 'dev'."


def test_making_a_catalog_needs_create_catalog(world: World) -> None:
    with pytest.raises(ApiError) as error:
        catalogs.create(world.metastore, {"name": "c"}, world.reader)
    assert "User does not have CREATE CATALOG on Metastore" in denial(error)
    world.grant(METASTORE, world.metastore.id, ANALYSTS, "CREATE_CATALOG")
    assert catalogs.create(world.metastore, {"name": "c"}, world.reader)["owner"] == READER


def test_privileges_on_the_metastore_are_not_inherited(world: World) -> None:
    world.grant(METASTORE, world.metastore.id, READER, "CREATE_CONNECTION")
    standing = world.metastore.standing(world.reader, CATALOG, "dev")
    assert not standing.has("CREATE_CONNECTION")


def test_reading_data_needs_select_for_administrators_too(world: World) -> None:
    identifier = world.make_view("private", world.owner)
    for user in (world.reader, world.administrator):
        with pytest.raises(ApiError) as error:
            world.use(identifier, user)
        assert denial(error) == "User does not have SELECT on Table 'dev.default.private'."
    world.use(identifier, world.owner, "READ_WRITE")


@pytest.mark.parametrize("privilege", ["SELECT", "ALL_PRIVILEGES"])
@pytest.mark.parametrize("level", ["dev", "dev.default", "dev.default.shared"])
def test_select_is_inherited_from_what_holds_the_table(
    world: World, level: str, privilege: str
) -> None:
    identifier = world.make_view("shared", world.owner)
    world.grant(KIND_AT[level.count(".") + 1], level, ANALYSTS, privilege)
    world.use(identifier, world.reader)


def test_groups_reach_as_far_as_the_caller_is_in_them(world: World) -> None:
    identifier = world.make_view("shared", world.owner)
    world.directory.tree.add(ACCOUNT, world.directory.next_id(), "everybody in data")
    world.grant(TABLE, "dev.default.shared", "everybody in data", "SELECT")
    world.use(identifier, caller("n@example.com", "team", "everybody in data"))
    with pytest.raises(ApiError):
        world.use(identifier, caller("n@example.com", "team"))


def test_writing_needs_modify_besides_select(world: World) -> None:
    identifier = world.make_view("t", world.owner)
    world.grant(SCHEMA, "dev.default", READER, "SELECT")
    with pytest.raises(ApiError) as error:
        world.use(identifier, world.reader, "READ_WRITE")
    assert denial(error) == "User does not have MODIFY on Table 'dev.default.t'."


def test_catalog_and_schema_must_be_usable_to_reach_what_they_hold(world: World) -> None:
    identifier = world.make_view("t", world.administrator, close(world).partition(".")[2])
    world.grant(TABLE, "dev.closed.t", READER, "SELECT")
    with pytest.raises(ApiError) as error:
        world.use(identifier, world.reader)
    assert denial(error) == "User does not have USE SCHEMA on Schema 'dev.closed'."
    world.grant(SCHEMA, "dev.closed", READER, "USE_SCHEMA")
    world.use(identifier, world.reader)
    revoked = [{"principal": "account users", "remove": ["USE_CATALOG"]}]
    world.metastore.grants.change(world.metastore.securable(CATALOG, "dev"), revoked)
    with pytest.raises(ApiError) as error:
        world.use(identifier, world.reader)
    assert denial(error) == "User does not have USE CATALOG on Catalog 'dev'."


def test_neither_ownership_nor_all_privileges_let_other_engines_in(world: World) -> None:
    close(world)
    world.grant(SCHEMA, "dev.closed", READER, "ALL_PRIVILEGES")
    for user in (world.reader, world.administrator):
        standing = world.metastore.standing(user, SCHEMA, "dev.closed")
        assert not standing.has("EXTERNAL_USE_SCHEMA")
    world.grant(SCHEMA, "dev.closed", READER, "EXTERNAL_USE_SCHEMA")
    assert world.metastore.standing(world.reader, SCHEMA, "dev.closed").has("EXTERNAL_USE_SCHEMA")


def test_dropping_needs_ownership_or_manage(world: World) -> None:
    world.make_view("kept", world.owner)
    with pytest.raises(ApiError) as error:
        tables.delete(world.metastore, "dev.default.kept", world.reader)
    assert denial(error) == "User does not have MANAGE on Table 'dev.default.kept'."
    world.grant(TABLE, "dev.default.kept", ANALYSTS, "MANAGE")
    tables.delete(world.metastore, "dev.default.kept", world.reader)


def test_manage_without_use_of_the_schema_manages_nothing(world: World) -> None:
    world.make_view("t", world.administrator, close(world).partition(".")[2])
    world.grant(TABLE, "dev.closed.t", READER, "MANAGE")
    with pytest.raises(ApiError) as error:
        tables.delete(world.metastore, "dev.closed.t", world.reader)
    assert denial(error) == "User does not have USE SCHEMA on Schema 'dev.closed'."


def test_manage_gives_no_access_to_data_but_the_way_to_it(world: World) -> None:
    identifier = world.make_view("t", world.owner)
    world.grant(SCHEMA, "dev.default", READER, "MANAGE")
    with pytest.raises(ApiError):
        world.use(identifier, world.reader)
    world.metastore.standing(world.reader, TABLE, "dev.default.t").require_management()


def test_files_of_a_volume_need_its_privileges(world: World) -> None:
    fields = {
        "name": "v",
        "catalog_name": "dev",
        "schema_name": "default",
        "volume_type": "MANAGED",
    }
    volumes.create(world.metastore, fields, world.owner)
    for privilege in ("READ_VOLUME", "WRITE_VOLUME"):
        with pytest.raises(ApiError) as error:
            world.metastore.standing(world.reader, VOLUME, "dev.default.v").require(privilege)
        shown = privilege.replace("_", " ")
        assert denial(error) == f"User does not have {shown} on Volume 'dev.default.v'."
        world.grant(VOLUME, "dev.default.v", ANALYSTS, privilege)
        world.metastore.standing(world.reader, VOLUME, "dev.default.v").require(privilege)


def test_dropped_grants_do_not_come_back(world: World) -> None:
    world.make_view("t", world.owner)
    world.grant(TABLE, "dev.default.t", ANALYSTS, "SELECT")
    tables.delete(world.metastore, "dev.default.t", world.owner)
    world.make_view("t", world.owner)
    assert world.metastore.grants.direct(world.metastore.securable(TABLE, "dev.default.t")) == {}


def test_owner_is_changed_by_owner_and_by_who_manages_what_holds_it(world: World) -> None:
    identifier = world.make_view("t", world.owner)
    with pytest.raises(ApiError) as error:
        tables.update(world.metastore, "dev.default.t", {"owner": READER}, world.reader)
    assert "MANAGE on Table 'dev.default.t'" in denial(error)
    tables.update(world.metastore, "dev.default.t", {"owner": READER}, world.owner)
    world.use(identifier, world.reader)
    with pytest.raises(ApiError):
        world.use(identifier, world.owner)
    tables.update(world.metastore, "dev.default.t", {"owner": ANALYSTS}, world.administrator)
    world.use(identifier, world.reader)
    with pytest.raises(ApiError, match="Could not find principal with name nobody") as error:
        tables.update(world.metastore, "dev.default.t", {"owner": "nobody"}, world.administrator)
    assert (error.value.code, error.value.status) == ("PRINCIPAL_DOES_NOT_EXIST", 404)


def test_who_has_left_the_account_has_no_grants_any_more(world: World) -> None:
    world.grant(SCHEMA, "dev.default", READER, "SELECT")
    securable = world.metastore.securable(SCHEMA, "dev.default")
    record = world.directory.record(PrincipalKind.USER, READER)
    assert record is not None
    world.directory.assign("dev", PrincipalKind.USER, record)
    world.directory.remove("dev", PrincipalKind.USER, record)
    assert READER in world.metastore.grants.direct(securable)
    world.directory.remove(ACCOUNT, PrincipalKind.USER, record)
    assert READER not in world.metastore.grants.direct(securable)


def test_grants_and_ownership_follow_a_renamed_group_and_end_with_it(world: World) -> None:
    identifier = world.make_view("t", world.owner)
    world.grant(SCHEMA, "dev.default", ANALYSTS, "SELECT")
    tables.update(world.metastore, "dev.default.t", {"owner": ANALYSTS}, world.owner)
    group = world.directory.tree.named(ACCOUNT, ANALYSTS)
    assert group is not None
    renamed = replace(group, name="scientists")
    world.directory.tree.save(group, renamed)
    assert world.metastore.body(TABLE, "dev.default.t")["owner"] == "scientists"
    world.use(identifier, caller(READER, "scientists"), "READ_WRITE")
    world.directory.remove_group(ACCOUNT, renamed)
    securable = world.metastore.securable(SCHEMA, "dev.default")
    assert list(world.metastore.grants.direct(securable)) == ["account users"]


def test_a_workspace_s_own_group_is_no_principal(world: World) -> None:
    world.directory.tree.add("dev", world.directory.next_id(), "local")
    for name in ("local", "admins", "users"):
        with pytest.raises(ApiError, match=f"Could not find principal with name {name}"):
            world.grant(SCHEMA, "dev.default", name, "SELECT")


def test_nested_account_groups_count_and_equal_names_of_a_workspace_do_not(world: World) -> None:
    directory, tree = world.directory, world.directory.tree
    inner = tree.add(ACCOUNT, directory.next_id(), "inner")
    outer = tree.named(ACCOUNT, ANALYSTS)
    record = directory.record(PrincipalKind.USER, OWNER)
    assert outer is not None
    assert record is not None
    tree.join(ACCOUNT, inner, record["id"])
    tree.join(ACCOUNT, outer, inner.id)
    directory.assign("dev", PrincipalKind.USER, record)
    member = world.metastore.principals.caller(directory.named("dev", OWNER), 1)
    assert member.names == {OWNER, "account users", "inner", ANALYSTS}
    stranger = directory.ensure_user("s@example.com", "s")
    directory.assign("dev", PrincipalKind.USER, stranger)
    tree.join("dev", tree.add("dev", directory.next_id(), ANALYSTS), stranger["id"])
    found = directory.named("dev", "s@example.com")
    assert ANALYSTS in found.groups
    assert ANALYSTS not in world.metastore.principals.caller(found, 1).names


def listed(world: World, kind: Kind, parent: str, *, browse: bool = False) -> list[str]:
    """Return what the reader sees of a kind, the end of a name marked when by BROWSE alone."""
    wanted = Wanted(browse=browse)
    items = listing.visible(world.metastore, world.reader, kind, parent, wanted)
    return [item.document.key + "*" * item.browse_only for item in items]


def test_lists_hold_only_what_the_caller_may_see(world: World) -> None:
    close(world)
    assert listed(world, SCHEMA, "dev") == ["dev.default"]
    world.make_view("t", world.owner)
    assert listed(world, TABLE, "dev.default") == []
    world.grant(TABLE, "dev.default.t", ANALYSTS, "SELECT")
    assert listed(world, TABLE, "dev.default") == ["dev.default.t"]
    with pytest.raises(ApiError) as error:
        listed(world, TABLE, "dev.closed")
    assert denial(error) == "User does not have USE SCHEMA on Schema 'dev.closed'."


def test_browse_shows_that_something_exists_and_nothing_in_it(world: World) -> None:
    identifier = world.make_view("t", world.administrator, close(world).partition(".")[2])
    world.grant(CATALOG, "dev", READER, "BROWSE")
    assert listed(world, SCHEMA, "dev") == ["dev.default"]
    everything = ["dev.admin*", "dev.closed*", "dev.default"]
    assert listed(world, SCHEMA, "dev", browse=True) == everything
    assert listed(world, TABLE, "dev.closed", browse=True) == ["dev.closed.t*"]
    standing = world.metastore.standing(world.reader, TABLE, "dev.closed.t")
    standing.require_seen(browse=True)
    with pytest.raises(ApiError):
        standing.require_seen()
    with pytest.raises(ApiError):
        world.use(identifier, world.reader)


def change(principal: str, **privileges: list[Privilege]) -> PermissionsChange:
    """Return a change of one principal's grants."""
    return PermissionsChange(principal=principal, **privileges)


def test_grants_are_added_removed_and_listed(people: WorkspaceClient) -> None:
    people.schemas.create("g", "dev")
    add = [Privilege.SELECT, Privilege.USE_SCHEMA]
    people.grants.update("schema", "dev.g", changes=[change("p@example.com", add=add)])
    remove = change("P@Example.com", remove=[Privilege.SELECT])
    people.grants.update("schema", "dev.g", changes=[remove])
    grants = people.grants.get("schema", "dev.g").privilege_assignments or []
    found = [(g.principal, g.privileges) for g in grants]
    assert found == [("p@example.com", [Privilege.USE_SCHEMA])]
    assert [g.principal for g in people.grants.list("schema", "dev.g")] == ["p@example.com"]


def test_effective_grants_say_where_they_come_from(people: WorkspaceClient) -> None:
    people.schemas.create("e", "dev")
    add = [Privilege.SELECT, Privilege.CREATE_SCHEMA]
    people.grants.update("catalog", "dev", changes=[change("q@example.com", add=add)])
    direct = change("q@example.com", add=[Privilege.MODIFY])
    people.grants.update("schema", "dev.e", changes=[direct])
    found = people.grants.get_effective("schema", "dev.e", principal="q@example.com")
    (assignment,) = found.privilege_assignments or []
    own, inherited = assignment.privileges or []
    assert (own.privilege, own.inherited_from_name) == (Privilege.MODIFY, None)
    assert inherited.privilege == Privilege.SELECT
    assert inherited.inherited_from_name == "dev"
    assert inherited.inherited_from_type
    assert inherited.inherited_from_type.value == "CATALOG"


def test_grants_are_read_in_pages(people: WorkspaceClient) -> None:
    people.schemas.create("paged", "dev")
    changes = [
        change(name, add=[Privilege.SELECT])
        for name in ("p@example.com", "q@example.com", "analysts")
    ]
    people.grants.update("schema", "dev.paged", changes=changes)
    first = people.grants.get("schema", "dev.paged", max_results=2)
    assert first.next_page_token
    rest = people.grants.get("schema", "dev.paged", max_results=2, page_token=first.next_page_token)
    names = [g.principal for page in (first, rest) for g in page.privilege_assignments or ()]
    assert names == ["analysts", "p@example.com", "q@example.com"]
    assert not rest.next_page_token


@pytest.mark.parametrize(
    ("changes", "expected", "message"),
    [
        (
            [change("p@example.com", add=[Privilege.CREATE_CATALOG])],
            InvalidParameterValue,
            "CREATE CATALOG is not applicable to SCHEMA; these are: ALL_PRIVILEGES",
        ),
        (
            [change("who", add=[Privilege.SELECT])],
            NotFound,
            "Could not find principal with name who",
        ),
        ([change("", add=[Privilege.SELECT])], InvalidParameterValue, "must name its principal"),
    ],
)
def test_change_that_cannot_be_made_changes_nothing(
    people: WorkspaceClient,
    changes: list[PermissionsChange],
    expected: type[Exception],
    message: str,
) -> None:
    good = change("p@example.com", add=[Privilege.SELECT])
    with pytest.raises(expected, match=message):
        people.grants.update("schema", "dev.default", changes=[good, *changes])
    grants = people.grants.get("schema", "dev.default").privilege_assignments or []
    assert [g.principal for g in grants] == ["account users"]


def test_securable_that_is_not_here_is_named(client: WorkspaceClient) -> None:
    with pytest.raises(errors.NotImplemented, match="no securables of the type share"):
        client.grants.get("share", "x")
    with pytest.raises(NotFound, match="Metastore 'x' does not exist"):
        client.grants.get("metastore", "x")
    with pytest.raises(NotFound, match="External Location 'x' does not exist"):
        client.grants.get("external_location", "x")
