"""Brings back what other jobs of the run have kept, as actions/download-artifact does."""

import fnmatch
import os
import sys
import urllib.parse
import zipfile
from pathlib import Path


def given(name: str) -> str:
    """Return an input."""
    return os.environ.get(f"INPUT_{name.upper()}", "").strip()


def main() -> None:
    """Unpack the artifacts."""
    print(f"This is a stand-in for {sys.argv[1]}, a part of the local forge.", flush=True)
    for other in ("run-id", "repository", "artifact-ids"):
        if given(other):
            sys.exit(f"::error::the stand-in has artifacts of this run only, not by {other}")
    folder = Path(os.environ["BRICKLANE_ARTIFACTS"])
    found = {urllib.parse.unquote(path.stem): path for path in sorted(folder.glob("*.zip"))}
    name = given("name")
    chosen = {
        key: path
        for key, path in found.items()
        if (key == name if name else fnmatch.fnmatch(key, given("pattern") or "*"))
    }
    if name and not chosen:
        sys.exit(f"::error::Artifact not found for name: {name}")
    target = Path(os.environ["GITHUB_WORKSPACE"]) / Path(given("path")).expanduser()
    together = bool(name) or given("merge-multiple").lower() == "true"
    for key, path in chosen.items():
        place = target if together else target / key
        place.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(place)
        print(f"Artifact {key}: {place}")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"download-path={target}\n")


main()
