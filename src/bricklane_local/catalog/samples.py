"""The catalog ``samples``, which every workspace has and nobody may change.

Source: https://docs.databricks.com/en/discover/databricks-datasets.html. Of its tables there is
``samples.nyctaxi.trips``, which the CLI's own project template reads.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import uuid
from contextlib import suppress

from bricklane_local.catalog import tables
from bricklane_local.catalog.callers import EVERYONE
from bricklane_local.catalog.kinds import CATALOG, SCHEMA, TABLE
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.privileges import SELECT, USE_CATALOG, USE_SCHEMA
from bricklane_local.catalog.securables import SYSTEM

LOGGER = logging.getLogger(__name__)
CATALOG_NAME, SCHEMA_NAME = "samples", "samples.nyctaxi"
TRIPS = f"{SCHEMA_NAME}.trips"
# Fixed, so that a folder left by a server that was killed is found again.
TRIPS_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, f"bricklane:{TRIPS}"))


class Samples:
    """Makes the catalog, and its data in the background.

    Args:
        metastore: that it belongs to.
    """

    def __init__(self, metastore: Metastore) -> None:
        self._metastore = metastore
        self._writing: asyncio.Task[None] | None = None
        if metastore.space.get(CATALOG.name, CATALOG_NAME) is None:
            self._make_catalog()

    def _make_catalog(self) -> None:
        metastore = self._metastore
        with metastore.database.transaction():
            kind = {"catalog_type": "DELTASHARING_CATALOG"}
            metastore.insert(CATALOG, CATALOG_NAME, kind, SYSTEM)
            metastore.insert(SCHEMA, SCHEMA_NAME, kind, SYSTEM)
            privileges = [USE_CATALOG, USE_SCHEMA, SELECT]
            metastore.grants.change(
                metastore.securables.find(CATALOG, CATALOG_NAME),
                [{"principal": EVERYONE, "add": privileges}],
            )

    def start(self) -> None:
        """Begin to write what is missing, in a process of its own."""
        if self._metastore.space.get(TABLE.name, TRIPS) is None:
            self._writing = asyncio.create_task(self._write())

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

    async def _write(self) -> None:
        folder = self._metastore.locations.table_folder(TRIPS_ID)
        shutil.rmtree(folder, ignore_errors=True)
        program = (sys.executable, "-m", "bricklane_local.catalog.trips", str(folder))
        try:
            process = await asyncio.create_subprocess_exec(
                *program, stdin=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            LOGGER.error("the table %s could not be written: %s", TRIPS, error)  # noqa: TRY400
            return
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if code:
            # The server's log, which the process shares, has the reason; nothing else needs it.
            LOGGER.error("the table %s could not be written (exit code %d)", TRIPS, code)
            return
        fields = {
            "table_type": tables.MANAGED,
            "data_source_format": tables.DELTA,
            "storage_location": folder.as_uri(),
        }
        self._metastore.insert(TABLE, TRIPS, fields, SYSTEM, identifier=TRIPS_ID)
