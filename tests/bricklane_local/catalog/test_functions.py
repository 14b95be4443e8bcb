"""Functions, keys and tags of Unity Catalog over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.catalog import (
    ColumnTypeName,
    CreateFunction,
    CreateFunctionParameterStyle,
    CreateFunctionRoutineBody,
    CreateFunctionSecurityType,
    CreateFunctionSqlDataAccess,
    EntityTagAssignment,
    FunctionParameterInfos,
    PermissionsChange,
    Privilege,
)

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


def described(name: str) -> CreateFunction:
    """Return a function of one line."""
    return CreateFunction(
        name=name,
        catalog_name="dev",
        schema_name="default",
        input_params=FunctionParameterInfos(parameters=[]),
        data_type=ColumnTypeName.INT,
        full_data_type="INT",
        routine_body=CreateFunctionRoutineBody.SQL,
        routine_definition="1",
        parameter_style=CreateFunctionParameterStyle.S,
        is_deterministic=True,
        sql_data_access=CreateFunctionSqlDataAccess.CONTAINS_SQL,
        is_null_call=False,
        security_type=CreateFunctionSecurityType.DEFINER,
        specific_name=name,
    )


def test_a_function_is_made_listed_granted_and_deleted(client: WorkspaceClient) -> None:
    made = client.functions.create(described("One"))
    assert made.full_name == "dev.default.one"
    assert client.functions.get("dev.default.one").routine_definition == "1"
    assert [f.name for f in client.functions.list("dev", "default")] == ["one"]
    with pytest.raises(BadRequest, match="already exists"):
        client.functions.create(described("one"))
    change = PermissionsChange(principal="account users", add=[Privilege.EXECUTE])
    granted = client.grants.update("function", "dev.default.one", changes=[change])
    assert granted.privilege_assignments
    client.functions.delete("dev.default.one")
    with pytest.raises(NotFound):
        client.functions.get("dev.default.one")


def test_a_tag_follows_what_it_is_of(client: WorkspaceClient) -> None:
    tag = EntityTagAssignment("dev.default", "team", "schemas", tag_value="data")
    assert client.entity_tag_assignments.create(tag).tag_value == "data"
    found = list(client.entity_tag_assignments.list("schemas", "dev.default"))
    assert [(item.tag_key, item.tag_value) for item in found] == [("team", "data")]
    assert "entity_tags" not in client.schemas.get("dev.default").as_dict()
    client.entity_tag_assignments.delete("schemas", "dev.default", "team")
    with pytest.raises(NotFound, match="no tag 'team'"):
        client.entity_tag_assignments.get("schemas", "dev.default", "team")
