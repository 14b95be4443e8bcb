"""Every statement of the ledger of SQL does what the ledger says."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from bricklane_local.paths import StatePaths

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]
GROUPS = tomllib.loads(Path(__file__).with_name("statements.toml").read_text())["group"]
CSV = {"a.csv": "id,name\n1,x\n", "b.csv": "name,id\ny,2\nz,none\n"}


class HasPaths(Protocol):
    """The engine, of which the files are needed."""

    paths: StatePaths


@pytest.fixture
def folder(engine: HasPaths, volume: str) -> Path:
    """The folder of the new volume, with some files."""
    found = engine.paths.volumes / volume.removeprefix("/Volumes/")
    (found / "csv").mkdir()
    for name, text in CSV.items():
        (found / "csv" / name).write_text(text)
    return found


def run(sql: Sql, volume: str, case: dict[str, Any]) -> None:
    """Run one statement and compare."""
    from pyspark.errors import PySparkException

    statement = case["sql"].replace("{volume}", volume)
    if "refused" in case:
        with pytest.raises(PySparkException) as refusal:
            sql(statement)
        assert case["refused"] in str(refusal.value), statement
        return
    found = sql(statement)
    if "rows" in case:
        wanted = [tuple(None if cell == "NULL" else cell for cell in row) for row in case["rows"]]
        assert found == wanted, statement
    if "contains" in case:
        assert case["contains"] in str(found), statement


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["name"])
def test_statements(sql: Sql, volume: str, group: dict[str, Any]) -> None:
    for case in group["statements"]:
        run(sql, volume, case)
