"""The numbers of the Thrift interface that have names."""

from __future__ import annotations

from enum import IntEnum

# SPARK_CLI_SERVICE_PROTOCOL_V8: Arrow, direct results, catalogs, and parameters, which the JDBC
# driver does not send to a server of a lower version.
PROTOCOL = 0xA508


class StatusCode(IntEnum):
    """Whether a call went well."""

    SUCCESS = 0
    ERROR = 3
    INVALID_HANDLE = 4


class OperationState(IntEnum):
    """States of an operation."""

    RUNNING = 1
    FINISHED = 2
    CANCELED = 3
    CLOSED = 4
    ERROR = 5
    PENDING = 7


class OperationType(IntEnum):
    """What began an operation."""

    EXECUTE_STATEMENT = 0
    GET_TYPE_INFO = 1
    GET_CATALOGS = 2
    GET_SCHEMAS = 3
    GET_TABLES = 4
    GET_TABLE_TYPES = 5
    GET_COLUMNS = 6
    GET_FUNCTIONS = 7
    UNKNOWN = 8


class ResultFormat(IntEnum):
    """How rows are answered."""

    ARROW = 0
    COLUMNS = 1


class TypeId(IntEnum):
    """Types of columns."""

    BOOLEAN = 0
    TINYINT = 1
    SMALLINT = 2
    INT = 3
    BIGINT = 4
    FLOAT = 5
    DOUBLE = 6
    STRING = 7
    TIMESTAMP = 8
    BINARY = 9
    ARRAY = 10
    MAP = 11
    STRUCT = 12
    DECIMAL = 15
    NULL = 16
    DATE = 17
    INTERVAL_YEAR_MONTH = 20
    INTERVAL_DAY_TIME = 21


class InfoType(IntEnum):
    """What GetInfo may be asked."""

    SERVER_NAME = 13
    DBMS_NAME = 17
    DBMS_VERSION = 18
    MAX_COLUMN_NAME_LENGTH = 30
    MAX_SCHEMA_NAME_LENGTH = 32
    MAX_TABLE_NAME_LENGTH = 35


# The API's `type_name` → the type of the Thrift interface; others are text.
TYPES = {
    "BOOLEAN": TypeId.BOOLEAN,
    "BYTE": TypeId.TINYINT,
    "SHORT": TypeId.SMALLINT,
    "INT": TypeId.INT,
    "LONG": TypeId.BIGINT,
    "FLOAT": TypeId.FLOAT,
    "DOUBLE": TypeId.DOUBLE,
    "TIMESTAMP": TypeId.TIMESTAMP,
    "TIMESTAMP_NTZ": TypeId.TIMESTAMP,
    "BINARY": TypeId.BINARY,
    "ARRAY": TypeId.ARRAY,
    "MAP": TypeId.MAP,
    "STRUCT": TypeId.STRUCT,
    "DECIMAL": TypeId.DECIMAL,
    "NULL": TypeId.NULL,
    "DATE": TypeId.DATE,
}
# Codes of types in JDBC, which GetColumns and GetTypeInfo answer.
# Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.sql/java/sql/Types.html
JDBC = {
    "BOOLEAN": 16,
    "BYTE": -6,
    "SHORT": 5,
    "INT": 4,
    "LONG": -5,
    "FLOAT": 6,
    "DOUBLE": 8,
    "STRING": 12,
    "TIMESTAMP": 93,
    "TIMESTAMP_NTZ": 93,
    "BINARY": -2,
    "ARRAY": 2003,
    "MAP": 2000,
    "STRUCT": 2002,
    "DECIMAL": 3,
    "NULL": 0,
    "DATE": 91,
}
OTHER = 1111
