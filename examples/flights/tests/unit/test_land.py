"""Landing: from the installed package to files."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from flights.land import land, published_files


def test_lands_every_published_table_as_csv(tmp_path: Path) -> None:
    written = land(published_files(), tmp_path)

    assert [file.name for file in written] == [
        "airlines.csv",
        "airports.csv",
        "flights.csv",
        "planes.csv",
        "weather.csv",
    ]
    with (tmp_path / "flights.csv").open(encoding="utf-8") as flights:
        header = next(flights)
        assert header.startswith("year,month,day,dep_time,")
        assert sum(1 for _ in flights) == 336_776


def test_lands_the_months_that_are_asked_for(tmp_path: Path) -> None:
    source, destination = tmp_path / "source", tmp_path / "destination"
    source.mkdir()
    destination.mkdir()
    (source / "trips.csv").write_text("month,from\n1,JFK\n2,EWR\n3,LGA\n")
    (source / "airports.csv").write_text("faa\nJFK\n")

    land(source, destination, months=2)

    assert (destination / "trips.csv").read_text() == "month,from\n1,JFK\n2,EWR\n"
    assert (destination / "airports.csv").read_text() == "faa\nJFK\n"


def test_landing_again_replaces_what_is_there(tmp_path: Path) -> None:
    source, destination = tmp_path / "source", tmp_path / "destination"
    source.mkdir()
    destination.mkdir()
    (destination / "a.csv").write_text("a much longer file from an earlier run\n")
    (source / "a.csv").write_text("x\n1\n")
    with ZipFile(source / "b.csv.zip", "w") as archive:
        archive.writestr("b.csv", "y\n2\n")

    assert land(source, destination) == land(source, destination)

    assert {file.name: file.read_text() for file in destination.iterdir()} == {
        "a.csv": "x\n1\n",
        "b.csv": "y\n2\n",
    }


def test_refuses_a_folder_without_data(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no CSV file to land"):
        land(tmp_path, tmp_path)
