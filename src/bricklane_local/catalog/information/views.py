"""The views of ``information_schema`` and their columns, as a table.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-information-schema and the page of
each view. Columns that the pages describe as reserved for future use are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bricklane_local.catalog.information import access, containers, contents, keys
from bricklane_local.catalog.information.scope import Scope

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """One view.

    Args:
        columns: the columns in their order: a name, and a type after a colon unless it is a text.
        rows: yields what it shows; a column that a row lacks is NULL.
    """

    columns: str
    rows: Callable[[Scope], Iterator[Row]]

    def described(self) -> list[dict[str, str]]:
        """Return name and SQL type of each column."""
        return [
            {"name": name, "type": kind or "string"}
            for name, _, kind in (word.partition(":") for word in self.columns.split())
        ]


def _no_rows(_scope: Scope) -> Iterator[Row]:
    """Yield nothing: statements that set row filters and column masks are refused."""
    return iter(())


_STAMPS = "created:timestamp created_by last_altered:timestamp last_altered_by"
_TABLE, _CONSTRAINT = (
    "table_catalog table_schema table_name",
    ("constraint_catalog constraint_schema constraint_name"),
)
_ROUTINE = "specific_catalog specific_schema specific_name"
_GRANT = "privilege_type is_grantable inherited_from"
_TAG = "tag_name tag_value"

VIEWS = {
    "information_schema_catalog_name": View("catalog_name", containers.catalog_name),
    "metastores": View(
        f"metastore_id metastore_name metastore_owner {_STAMPS}", containers.metastores
    ),
    "catalogs": View(f"catalog_name catalog_owner comment {_STAMPS}", containers.catalogs),
    "schemata": View(
        f"catalog_name schema_name schema_owner comment {_STAMPS}", containers.schemata
    ),
    "tables": View(
        f"{_TABLE} table_type is_insertable_into commit_action table_owner comment {_STAMPS} "
        "data_source_format storage_path",
        contents.tables,
    ),
    "columns": View(
        f"{_TABLE} column_name ordinal_position:int column_default is_nullable full_data_type "
        "data_type character_maximum_length:bigint numeric_precision:int numeric_scale:int "
        "is_identity identity_generation identity_start identity_increment is_generated "
        "generation_expression is_updatable partition_ordinal_position:int comment",
        contents.columns,
    ),
    "views": View(
        f"{_TABLE} view_definition check_option is_updatable is_insertable_into is_materialized",
        contents.views,
    ),
    "volumes": View(
        "volume_catalog volume_schema volume_name volume_type volume_owner comment "
        f"storage_location {_STAMPS}",
        contents.volumes,
    ),
    "routines": View(
        f"{_ROUTINE} routine_catalog routine_schema routine_name routine_type routine_owner "
        "data_type full_data_type routine_body routine_definition external_language "
        f"is_deterministic sql_data_access is_null_call security_type comment {_STAMPS}",
        contents.routines,
    ),
    "parameters": View(
        f"{_ROUTINE} ordinal_position:int parameter_mode is_result parameter_name data_type "
        "full_data_type parameter_default comment",
        contents.parameters,
    ),
    "catalog_privileges": View(
        "grantor grantee catalog_name privilege_type is_grantable", access.catalog_privileges
    ),
    "schema_privileges": View(
        f"grantor grantee catalog_name schema_name {_GRANT}", access.schema_privileges
    ),
    "table_privileges": View(f"grantor grantee {_TABLE} {_GRANT}", access.table_privileges),
    "volume_privileges": View(
        f"grantor grantee volume_catalog volume_schema volume_name {_GRANT}",
        access.volume_privileges,
    ),
    "routine_privileges": View(
        f"grantor grantee {_ROUTINE} routine_catalog routine_schema routine_name {_GRANT}",
        access.routine_privileges,
    ),
    "table_constraints": View(
        f"{_CONSTRAINT} {_TABLE} constraint_type is_deferrable initially_deferred enforced",
        keys.table_constraints,
    ),
    "key_column_usage": View(
        f"{_CONSTRAINT} {_TABLE} column_name ordinal_position:int "
        "position_in_unique_constraint:int",
        keys.key_column_usage,
    ),
    "referential_constraints": View(
        f"{_CONSTRAINT} unique_constraint_catalog unique_constraint_schema "
        "unique_constraint_name match_option update_rule delete_rule",
        keys.referential_constraints,
    ),
    # The pages of these two name other columns; these are those that dbt-databricks asks for.
    "row_filters": View(
        f"{_TABLE} filter_catalog filter_schema filter_name target_columns", _no_rows
    ),
    "column_masks": View(
        f"{_TABLE} column_name mask_catalog mask_schema mask_name using_columns", _no_rows
    ),
    "catalog_tags": View(f"catalog_name {_TAG}", access.catalog_tags),
    "schema_tags": View(f"catalog_name schema_name {_TAG}", access.schema_tags),
    "table_tags": View(f"catalog_name schema_name table_name {_TAG}", access.table_tags),
    "column_tags": View(
        f"catalog_name schema_name table_name column_name {_TAG}", access.column_tags
    ),
    "volume_tags": View(f"catalog_name schema_name volume_name {_TAG}", access.volume_tags),
}
