"""The notebooks as deployed, on a few rows in a schema of their own."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bricklane.testing.runs import JobResult
    from bricklane.testing.target import Deployed
    from databricks.sdk.service.catalog import SchemaInfo, VolumeInfo

FILES = {
    "airlines": "carrier,name\nAA,American Airlines Inc.\n",
    "airports": "faa,name,lat,lon,alt,tz,dst,tzone\nLAX,Los Angeles Intl,33.9,-118.4,126,-8,A,x\n",
    "flights": (
        "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,"
        "carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n"
        "2013,1,1,517,515,2,830,819,11,AA,1,N1,JFK,LAX,227,2475,5,15,2013-01-01T10:00:00Z\n"
        "2013,1,1,NA,600,NA,NA,819,NA,AA,3,N1,JFK,LAX,NA,2475,6,0,2013-01-01T11:00:00Z\n"
    ),
    "planes": (
        "tailnum,year,type,manufacturer,model,engines,seats,speed,engine\n"
        "N1,2004,Fixed wing multi engine,BOEING,757-232,2,178,NA,Turbo-fan\n"
    ),
    "weather": (
        "origin,year,month,day,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,"
        "pressure,visib,time_hour\n"
        "JFK,2013,1,1,5,39.0,28.0,64.4,260,12.7,NA,0,1011.9,10,2013-01-01T10:00:00Z\n"
    ),
}


def test_files_become_cleaned_tables(
    bundle: "Deployed",
    schema: "SchemaInfo",
    make_volume: "Callable[..., VolumeInfo]",
    make_volume_file: Callable[..., str],
    run_tasks: "Callable[..., JobResult]",
) -> None:
    volume = make_volume(name="raw")
    for name, content in FILES.items():
        make_volume_file(volume, f"{name}.csv", content)

    def notebook(key: str, path: str, *after: str) -> dict[str, object]:
        return {
            "task_key": key,
            "depends_on": [{"task_key": earlier} for earlier in after],
            "notebook_task": {
                "notebook_path": f"{bundle.files}/{path}",
                "base_parameters": {"catalog": schema.catalog_name, "schema": schema.name},
            },
        }

    run = run_tasks(
        notebook("bronze", "notebooks/bronze"),
        notebook("silver", "notebooks/silver", "bronze"),
        notebook("counts", "tests/integration/notebooks/counts", "silver"),
    )

    assert json.loads(run.tasks["counts"].exit_value or "null") == {
        "silver_airlines": 1,
        "silver_airports": 1,
        "silver_flights": 2,
        "silver_weather": 1,
    }
