"""Where data lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.locations import Locations
from bricklane_local.paths import StatePaths

STATE = Path("/state")


@pytest.mark.parametrize(
    ("location", "folder"),
    [
        ("/data/x", "/data/x"),
        ("file:/data/x", "/data/x"),
        ("file:///data/a%20b", "/data/a b"),
        ("/data/a%20b", "/data/a%20b"),
        ("s3://bucket/x/y", "/state/external/s3/bucket/x/y"),
        (
            "abfss://c@account.dfs.core.windows.net/x",
            "/state/external/abfss/c@account.dfs.core.windows.net/x",
        ),
        ("/Volumes/c/s/v/x", "/state/metastore/Volumes/c/s/v/x"),
        ("dbfs:/tmp/x", "/state/workspaces/dev/dbfs/tmp/x"),
        ("dbfs://other/tmp/x", "/state/workspaces/other/dbfs/tmp/x"),
    ],
)
def test_location_leads_to_a_folder(location: str, folder: str) -> None:
    assert Locations(StatePaths(STATE)).folder(location) == Path(folder)


@pytest.mark.parametrize("location", ["x", "", "file://host/x", "ftp://h/x", "s3:///x"])
def test_unknown_location_is_refused_by_name(location: str) -> None:
    with pytest.raises(ApiError) as error:
        Locations(StatePaths(STATE)).folder(location)
    assert f"The location {location!r} is not supported here" in error.value.message


@pytest.mark.parametrize("location", ["/a/../b", "s3://b/../../x"])
def test_climbing_location_is_refused(location: str) -> None:
    with pytest.raises(ApiError, match="must not contain"):
        Locations(StatePaths(STATE)).folder(location)
