"""The notebook as it is, on a few lines of files."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bricklane.testing import NotebookFailure

if TYPE_CHECKING:
    from bricklane.testing.notebooks.results import NotebookResult
    from databricks.sdk.service.catalog import SchemaInfo
    from pyspark.sql import SparkSession

NOTEBOOK = "notebooks/bronze.py"
FILES = {
    "airlines": "carrier,name\nAA,American Airlines Inc.\nZZ,NA\n",
    "airports": "faa,name,lat,lon,alt,tz,dst,tzone\n",
    "flights": (
        "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,"
        "carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n"
        "2013,1,1,NA,600,NA,NA,819,NA,AA,3,N1,JFK,LAX,NA,2475,6,0,2013-01-01T11:00:00Z\n"
    ),
    "planes": "tailnum,year,type,manufacturer,model,engines,seats,speed,engine\n",
    "weather": (
        "origin,year,month,day,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,"
        "pressure,visib,time_hour\n"
    ),
}


@pytest.fixture
def load(
    notebook: "Callable[..., NotebookResult]", schema: "SchemaInfo", tmp_path: Path
) -> "Callable[[dict[str, str]], NotebookResult]":
    """Return what runs the notebook on files with the given contents."""

    def run(files: dict[str, str]) -> "NotebookResult":
        for name, content in files.items():
            (tmp_path / f"{name}.csv").write_text(content, "utf-8")
        place = {"catalog": schema.catalog_name, "schema": schema.name, "files": tmp_path}
        return notebook(NOTEBOOK, widgets=place)

    return run


def test_every_file_becomes_a_table(
    load: "Callable[[dict[str, str]], NotebookResult]", schema: "SchemaInfo", spark: "SparkSession"
) -> None:
    result = load(FILES)

    assert result.task_values == {
        "airlines": 2,
        "airports": 0,
        "flights": 1,
        "planes": 0,
        "weather": 0,
    }
    airlines: list[Any] = spark.table(f"{schema.full_name}.bronze_airlines").collect()
    assert [(row.carrier, row.name, row.source_file) for row in airlines] == [
        ("AA", "American Airlines Inc.", "airlines.csv"),
        ("ZZ", None, "airlines.csv"),
    ]


def test_a_file_that_does_not_fit_fails_the_run(
    load: "Callable[[dict[str, str]], NotebookResult]",
) -> None:
    with pytest.raises(NotebookFailure, match=r"bronze\.py:\d+: cell"):
        load(FILES | {"flights": FILES["flights"].replace("600,NA", "600,late")})
