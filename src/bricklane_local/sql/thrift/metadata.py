"""What drivers ask of the catalog: catalogs, schemas, tables, columns, types.

Columns of the answers are those of JDBC's ``DatabaseMetaData``, which Hive's service follows:
https://docs.oracle.com/en/java/javase/17/docs/api/java.sql/java/sql/DatabaseMetaData.html
Names are patterns, with ``%`` for any text and ``_`` for any character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import tables
from bricklane_local.catalog.kinds import CATALOG, SCHEMA, TABLE, Kind
from bricklane_local.catalog.listing import Wanted, visible
from bricklane_local.sql.thrift.codes import JDBC, OTHER

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.identity.principals import Principal

Row = list[str | None]
Table = tuple[list[dict[str, Any]], list[Row]]
VIEWS = ("VIEW", "MATERIALIZED_VIEW")


def described(*columns: str) -> list[dict[str, Any]]:
    """Return columns, each written as ``NAME`` for text or ``NAME:TYPE``."""
    parts = [text.partition(":") for text in columns]
    return [{"name": name, "type_name": kind or "STRING"} for name, _, kind in parts]


CATALOGS = described("TABLE_CAT")
SCHEMAS = described("TABLE_SCHEM", "TABLE_CATALOG")
TABLE_TYPES = described("TABLE_TYPE")
TABLES = described(
    *("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS", "TYPE_CAT"),
    *("TYPE_SCHEM", "TYPE_NAME", "SELF_REFERENCING_COL_NAME", "REF_GENERATION"),
)
COLUMNS = described(
    *("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE:INT", "TYPE_NAME"),
    *("COLUMN_SIZE:INT", "BUFFER_LENGTH:BYTE", "DECIMAL_DIGITS:INT", "NUM_PREC_RADIX:INT"),
    *("NULLABLE:INT", "REMARKS", "COLUMN_DEF", "SQL_DATA_TYPE:INT", "SQL_DATETIME_SUB:INT"),
    *("CHAR_OCTET_LENGTH:INT", "ORDINAL_POSITION:INT", "IS_NULLABLE", "SCOPE_CATALOG"),
    *("SCOPE_SCHEMA", "SCOPE_TABLE", "SOURCE_DATA_TYPE:SHORT", "IS_AUTO_INCREMENT"),
)
FUNCTIONS = described(
    *("FUNCTION_CAT", "FUNCTION_SCHEM", "FUNCTION_NAME", "REMARKS", "FUNCTION_TYPE:INT"),
    "SPECIFIC_NAME",
)
TYPE_INFO = described(
    *("TYPE_NAME", "DATA_TYPE:INT", "PRECISION:INT", "LITERAL_PREFIX", "LITERAL_SUFFIX"),
    *("CREATE_PARAMS", "NULLABLE:SHORT", "CASE_SENSITIVE:BOOLEAN", "SEARCHABLE:SHORT"),
    *("UNSIGNED_ATTRIBUTE:BOOLEAN", "FIXED_PREC_SCALE:BOOLEAN", "AUTO_INCREMENT:BOOLEAN"),
    *("LOCAL_TYPE_NAME", "MINIMUM_SCALE:SHORT", "MAXIMUM_SCALE:SHORT", "SQL_DATA_TYPE:INT"),
    *("SQL_DATETIME_SUB:INT", "NUM_PREC_RADIX:INT"),
)
# Type of the API → its name in SQL and how many digits it has, 0 where there are none.
SQL_TYPES = {
    "NULL": ("VOID", 0),
    "BOOLEAN": ("BOOLEAN", 0),
    "BYTE": ("TINYINT", 3),
    "SHORT": ("SMALLINT", 5),
    "INT": ("INT", 10),
    "LONG": ("BIGINT", 19),
    "FLOAT": ("FLOAT", 7),
    "DOUBLE": ("DOUBLE", 15),
    "STRING": ("STRING", 0),
    "BINARY": ("BINARY", 0),
    "DATE": ("DATE", 0),
    "TIMESTAMP": ("TIMESTAMP", 0),
    "DECIMAL": ("DECIMAL", 38),
    "ARRAY": ("ARRAY", 0),
    "MAP": ("MAP", 0),
    "STRUCT": ("STRUCT", 0),
}


def _pattern(text: str | None) -> re.Pattern[str]:
    """Return what names must match; no pattern, or an empty one, is any name."""
    if not text or text == "*":
        return re.compile(".*")
    parts = re.findall(r"\\(.)|(.)", text, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    made = "".join(re.escape(kept) if kept else wild.get(c, re.escape(c)) for kept, c in parts)
    return re.compile(made, re.IGNORECASE)


class Metadata:
    """The catalog as one principal sees it.

    Args:
        workspace: from which it is asked.
        principal: who asks.
    """

    def __init__(self, workspace: Workspace, principal: Principal) -> None:
        self._metastore = workspace.cloud.metastore
        self._caller = self._metastore.principals.caller(principal, workspace.id)

    def _names(self, kind: Kind, parent: str, pattern: re.Pattern[str]) -> Iterator[str]:
        """Yield the full names in a container that the caller may use, if it may."""
        try:
            for item in visible(self._metastore, self._caller, kind, parent, Wanted()):
                if pattern.fullmatch(item.document.key.rpartition(".")[2]):
                    yield item.document.key
        except ApiError as error:
            # What a caller may not look into, or what has just gone, is not listed.
            if not error.code.endswith(("PERMISSION_DENIED", "_DOES_NOT_EXIST")):
                raise

    def catalogs(self) -> Table:
        """Return the catalogs."""
        return CATALOGS, [[name] for name in self._names(CATALOG, "", _pattern(None))]

    def _schemas(self, catalog: str | None, schema: str | None) -> Iterator[str]:
        for name in self._names(CATALOG, "", _pattern(catalog)):
            yield from self._names(SCHEMA, name, _pattern(schema))

    def schemas(self, catalog: str | None, schema: str | None) -> Table:
        """Return the schemas that match."""
        found = [name.split(".") for name in self._schemas(catalog, schema)]
        return SCHEMAS, [[name, holder] for holder, name in found]

    def _tables(
        self, catalog: str | None, schema: str | None, table: str | None
    ) -> Iterator[tuple[list[str], dict[str, Any]]]:
        for holder in self._schemas(catalog, schema):
            for name in self._names(TABLE, holder, _pattern(table)):
                yield name.split("."), self._metastore.body(TABLE, name)

    def infos(
        self, catalog: str | None, schema: str | None, table: str | None
    ) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """Yield the names of the tables that match, each with what the catalog says of it."""
        for names, body in self._tables(catalog, schema, table):
            yield names, tables.info(self._metastore, ".".join(names), body)

    def tables(
        self,
        catalog: str | None,
        schema: str | None,
        table: str | None,
        kinds: list[str] | None,
    ) -> Table:
        """Return the tables and views that match."""
        rows: list[Row] = []
        for names, body in self._tables(catalog, schema, table):
            kind = "VIEW" if body.get("table_type") in VIEWS else "TABLE"
            if not kinds or kind in kinds:
                comment = str(body.get("comment") or "")
                rows.append([*names, kind, comment, None, None, None, None, None])
        return TABLES, rows

    def table_types(self) -> Table:
        """Return the kinds of tables."""
        return TABLE_TYPES, [["TABLE"], ["VIEW"]]

    def columns(
        self,
        catalog: str | None,
        schema: str | None,
        table: str | None,
        column: str | None,
    ) -> Table:
        """Return the columns that match, of the tables that match."""
        pattern = _pattern(column)
        rows: list[Row] = []
        for names, info in self.infos(catalog, schema, table):
            rows += [
                _column(names, item)
                for item in info.get("columns") or []
                if pattern.fullmatch(str(item["name"]))
            ]
        return COLUMNS, rows

    def functions(self) -> Table:
        """Return functions of the catalog, of which this metastore has none."""
        return FUNCTIONS, []

    def type_info(self) -> Table:
        """Return the types that columns may have."""
        return TYPE_INFO, [_type(name, *described) for name, described in SQL_TYPES.items()]


def _column(names: list[str], item: dict[str, Any]) -> Row:
    name = str(item["type_name"])
    digits = item.get("type_precision") or SQL_TYPES.get(name, ("", 0))[1]
    nullable = item.get("nullable", True)
    return [
        *names,
        str(item["name"]),
        str(JDBC.get(name, OTHER)),
        str(item["type_text"]).upper(),
        str(digits) if digits else None,
        None,
        str(item.get("type_scale") or 0) if digits else None,
        "10" if digits else None,
        str(int(nullable)),
        str(item.get("comment") or ""),
        *(None,) * 4,
        str(item["position"]),
        "YES" if nullable else "NO",
        *(None,) * 4,
        "NO",
    ]


def _type(name: str, shown: str, digits: int) -> Row:
    quote = "'" if name == "STRING" else None
    return [
        *(shown, str(JDBC.get(name, OTHER)), str(digits) if digits else None, quote, quote, None),
        *("1", "true" if name == "STRING" else "false", "3", "false", "false", "false", None),
        *("0", "0", None, None, "10" if digits else None),
    ]
