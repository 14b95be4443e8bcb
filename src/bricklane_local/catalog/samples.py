"""The catalog ``samples``, which every workspace has and nobody may change.

Source: https://docs.databricks.com/en/discover/databricks-datasets.html. Its tables are synthetic,
and say so; the environment variable ``BRICKLANE_LOCAL_SAMPLES_SCALE`` says how large those of
``tpch`` are made (1 is the published size, 0.001 the default).
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import uuid
from contextlib import suppress
from pathlib import Path

from bricklane_local.catalog import tables
from bricklane_local.catalog.callers import EVERYONE
from bricklane_local.catalog.kinds import CATALOG, SCHEMA, TABLE
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.privileges import SELECT, USE_CATALOG, USE_SCHEMA
from bricklane_local.catalog.sampledata.tables import NAMES
from bricklane_local.catalog.securables import SYSTEM

LOGGER = logging.getLogger(__name__)
CATALOG_NAME = "samples"
SCALE_VARIABLE, SCALE = "BRICKLANE_LOCAL_SAMPLES_SCALE", "0.001"


def table_id(full_name: str) -> str:
    """Return a table's id, which is fixed: the folder that a killed server left is found again."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"bricklane:{full_name}"))


class Samples:
    """Makes the catalog, and its data in the background.

    Args:
        metastore: that it belongs to.
    """

    def __init__(self, metastore: Metastore) -> None:
        self._metastore = metastore
        self._writing: asyncio.Task[None] | None = None
        self._make_containers()

    def _make_containers(self) -> None:
        metastore, kind = self._metastore, {"catalog_type": "DELTASHARING_CATALOG"}
        with metastore.database.transaction():
            if metastore.space.get(CATALOG.name, CATALOG_NAME) is None:
                metastore.insert(CATALOG, CATALOG_NAME, kind, SYSTEM)
                privileges = [USE_CATALOG, USE_SCHEMA, SELECT]
                metastore.grants.change(
                    metastore.securables.find(CATALOG, CATALOG_NAME),
                    [{"principal": EVERYONE, "add": privileges}],
                )
            for schema in dict.fromkeys(name.partition(".")[0] for name in NAMES):
                full_name = f"{CATALOG_NAME}.{schema}"
                if metastore.space.get(SCHEMA.name, full_name) is None:
                    metastore.insert(SCHEMA, full_name, kind, SYSTEM)

    def _missing(self) -> list[str]:
        space = self._metastore.space
        return [name for name in NAMES if space.get(TABLE.name, f"{CATALOG_NAME}.{name}") is None]

    def start(self) -> None:
        """Begin to write what is missing, in a process of its own."""
        if self._missing():
            self._writing = asyncio.create_task(self._write(self._missing()))

    async def ready(self) -> None:
        """Wait until the data is there, or could not be written."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def stop(self) -> None:
        """End the writing process, if it still runs; the next start begins anew."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing

    async def _write(self, names: list[str]) -> None:
        folders = {name: self._folder(name) for name in names}
        pairs = [word for name, folder in folders.items() for word in (name, str(folder))]
        scale = os.environ.get(SCALE_VARIABLE, SCALE)
        program = (sys.executable, "-m", "bricklane_local.catalog.sampledata", scale, *pairs)
        try:
            process = await asyncio.create_subprocess_exec(
                *program, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
            )
        except OSError as error:
            LOGGER.error("the sample tables could not be written: %s", error)  # noqa: TRY400
            return
        try:
            await self._register(process)
            code = await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if code:
            # The server's log, which the process shares, has the reason; nothing else needs it.
            LOGGER.error("sample tables could not be written (exit code %d)", code)

    def _folder(self, name: str) -> Path:
        return self._metastore.locations.table_folder(table_id(f"{CATALOG_NAME}.{name}"))

    async def _register(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            name = line.decode().strip()
            full_name = f"{CATALOG_NAME}.{name}"
            fields = {
                "table_type": tables.MANAGED,
                "data_source_format": tables.DELTA,
                "storage_location": self._folder(name).as_uri(),
            }
            identifier = table_id(full_name)
            self._metastore.insert(TABLE, full_name, fields, SYSTEM, identifier=identifier)
