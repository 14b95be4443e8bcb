"""Keeps files for other jobs and for people, as actions/upload-artifact does."""

import glob
import hashlib
import json
import os
import sys
import time
import urllib.parse
import zipfile
from pathlib import Path

FORBIDDEN = '"<>|*?:\\/\r\n'


def given(name: str) -> str:
    """Return an input."""
    return os.environ.get(f"INPUT_{name.upper()}", "").strip()


def hidden(path: Path, root: Path) -> bool:
    """Say whether a file is hidden, or in a hidden folder."""
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def selected() -> tuple[Path, list[Path]]:
    """Return the files that the input ``path`` names, and the folder they are stored from."""
    workspace = Path(os.environ["GITHUB_WORKSPACE"])
    files: dict[Path, None] = {}
    roots: list[Path] = []
    for line in filter(None, map(str.strip, given("path").splitlines())):
        pattern = str(workspace / Path(line.removeprefix("!")).expanduser())
        names = glob.glob(pattern, recursive=True, include_hidden=True)  # noqa: PTH207  (absolute)
        found = [Path(name) for name in names]
        inside = [child for path in found if path.is_dir() for child in path.rglob("*")]
        matched = [path for path in (*found, *inside) if path.is_file()]
        if line.startswith("!"):
            files = {path: None for path in files if path not in set(matched)}
            continue
        files |= dict.fromkeys(matched)
        fixed = Path(pattern.split("*", maxsplit=1)[0])
        roots.append(fixed if fixed.is_dir() else fixed.parent)
    root = Path(os.path.commonpath(roots)) if roots else workspace
    if given("include-hidden-files").lower() != "true":
        files = {path: None for path in files if not hidden(path, root)}
    return root, sorted(files)


def store(name: str, root: Path, files: list[Path]) -> None:
    """Write the archive, whole or not at all, and the outputs."""
    folder = Path(os.environ["BRICKLANE_ARTIFACTS"])
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{urllib.parse.quote(name, safe='')}.zip"
    if target.exists() and given("overwrite").lower() != "true":
        sys.exit(f"::error::an artifact with the name {name} already exists in this run")
    incoming = folder / f".{os.getpid()}.zip"
    with zipfile.ZipFile(incoming, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(root))
    digest = hashlib.sha256(incoming.read_bytes()).hexdigest()
    about = {"name": name, "digest": f"sha256:{digest}", "created_at": int(time.time() * 1000)}
    target.with_suffix(".json").write_text(json.dumps(about), "utf-8")
    incoming.replace(target)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"artifact-digest={digest}\n")
    print(f"Artifact {name}: {len(files)} files, {target.stat().st_size} bytes")


def main() -> None:
    """Keep the files."""
    print(f"This is a stand-in for {sys.argv[1]}, a part of the local forge.", flush=True)
    name = given("name") or "artifact"
    if any(letter in FORBIDDEN for letter in name):
        sys.exit(f"::error::the artifact name {name!r} has one of the characters {FORBIDDEN!r}")
    root, files = selected()
    if files:
        store(name, root, files)
        return
    message = f"No files were found with the provided path: {given('path')}"
    if given("if-no-files-found") == "error":
        sys.exit(f"::error::{message}")
    if given("if-no-files-found") != "ignore":
        print(f"::warning::{message}")


main()
