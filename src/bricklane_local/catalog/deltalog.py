"""What a Delta table's own log says of it.

Spark changes tables without asking the catalog, so schema, properties and comment are read from
the log (https://github.com/delta-io/delta/blob/master/PROTOCOL.md) whenever it has grown.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bricklane_local.catalog.columns import column_from_delta

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeltaDescription:
    """The metadata of a table's newest version.

    Args:
        columns: ``ColumnInfo`` objects of the API.
        properties: the table's configuration.
        comment: the table's description, or None.
    """

    columns: list[dict[str, Any]]
    properties: dict[str, str]
    comment: str | None


class DeltaLogs:
    """Reads the logs of tables, each version once."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[str, DeltaDescription | None]] = {}

    def describe(self, folder: Path) -> DeltaDescription | None:
        """Return the newest metadata of the table in ``folder``.

        None when there is no table, or one with a feature that the reader does not know: Spark
        may well read it, so it is no reason to refuse the table, and the server's log says why.
        """
        newest = _newest(folder)
        if newest is None:
            self._known.pop(folder, None)
            return None
        known = self._known.get(folder)
        if known is None or known[0] != newest:
            known = (newest, _read(folder))
            self._known[folder] = known
        return known[1]


def _newest(folder: Path) -> str | None:
    # os.scandir, not a glob: this runs on every read of a table and logs may be long.
    try:
        with os.scandir(folder / "_delta_log") as entries:
            names = [entry.name for entry in entries if entry.name[:20].isdigit()]
    except (FileNotFoundError, NotADirectoryError):
        return None
    return max(names, default=None)


def _read(folder: Path) -> DeltaDescription | None:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        table = DeltaTable(str(folder))
    except DeltaError as error:
        LOGGER.warning("the Delta log in %s cannot be described: %s", folder, error)
        return None
    metadata = table.metadata()
    fields = orjson.loads(table.schema().to_json())["fields"]
    partitions = metadata.partition_columns
    columns = [
        column_from_delta(field, position, partitions) for position, field in enumerate(fields)
    ]
    properties = {key: str(value) for key, value in metadata.configuration.items()}
    return DeltaDescription(columns, properties, metadata.description)
