"""The wheels of a deployment: built once, known by their digests, kept on the forge."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.forge.model import Release
from bricklane.forge.protocol import Forge
from bricklane.process import Command, run
from bricklane.runner import project_environment

DIST = "dist"
MANIFEST = "deployment.json"

# Tells the build command in ``databricks.yml`` that the wheels are there.
BUILT = "BRICKLANE_BUILT"
EPOCH = "SOURCE_DATE_EPOCH"
GUARD = 'build: test -n "$BRICKLANE_BUILT" || uv build --wheel --clear'

Digests = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was built from what; kept beside the wheels.

    Args:
        version: of the release.
        commit: the SHA that the wheels were built from.
        tree: the SHA of its tree.
        wheels: file name → SHA-256 in hexadecimal.
    """

    version: str
    commit: str
    tree: str
    wheels: Digests


def digests(root: Path) -> Digests:
    """Return the digests of the wheels in ``dist/``, by file name, sorted."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((root / DIST).glob("*.whl"))
    }


def build_environment(epoch: int) -> Mapping[str, str]:
    """Return what is added to the environment of builds and of the Databricks CLI.

    Args:
        epoch: when the commit was made; builds write it instead of the time of the day, so that
            the same commit gives the same bytes (https://reproducible-builds.org/specs/source-date-epoch).
    """
    return {EPOCH: str(epoch), **tool_path()}


def tool_path() -> Mapping[str, str]:
    """Return ``PATH`` with this Python's own programs behind the user's: ``uv`` may be there."""
    beside = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    return {} if beside in path.split(os.pathsep) else {"PATH": f"{path}{os.pathsep}{beside}"}


def build(root: Path, command: str, epoch: int, show: Callable[[str], None]) -> Digests:
    """Build the wheels and return their digests.

    Args:
        root: the folder of ``databricks.yml``.
        command: as ``bricklane.toml`` has it; run without a shell.
        epoch: when the commit was made.
        show: called with each line of output.

    Raises:
        BricklaneError: when the command fails, or leaves no wheel.
    """
    run(project_command(command, root, build_environment(epoch)), show=show)
    built = digests(root)
    if not built:
        raise BricklaneError(
            f"`{command}` left no wheel in {DIST}/",
            hint=f"let it write to {DIST}/, or set build = "
            '"" in bricklane.toml when the bundle has no wheel',
            exit_code=ExitCode.CONFIG,
        )
    return built


def project_command(
    text: str, root: Path, environment: Mapping[str, str], secrets: tuple[str, ...] = ()
) -> Command:
    """Return a command that ``bricklane.toml`` has, to be run in the project's own environment.

    Args:
        text: program and arguments, quoted as in a shell; there is no shell.
        root: where it runs.
        environment: added to that of this process.
        secrets: values that its output must not show.

    Raises:
        BricklaneError: when the quotes do not match, or there is no word.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        words, problem = [], str(error)
    else:
        problem = "it is empty"
    if not words:
        raise BricklaneError(
            f"bricklane.toml: the command {text!r} cannot be run: {problem}",
            hint="write program and arguments; for a shell's syntax: sh -c '…'",
            exit_code=ExitCode.CONFIG,
        )
    # The virtual environment that bricklane itself runs in is not the project's.
    removed = frozenset({"VIRTUAL_ENV", "PYTHONHOME", "__PYVENV_LAUNCHER__"})
    return Command(
        tuple(words),
        root,
        environment={**tool_path(), **project_environment(root, os.environ), **environment},
        remove=removed,
        secrets=secrets,
    )


def place(source: Path, root: Path) -> Digests:
    """Copy the wheels in ``source`` to ``dist/``, where no other stays, and return their digests.

    Raises:
        BricklaneError: when there are none.
    """
    found = sorted(source.glob("*.whl"))
    if not found:
        raise BricklaneError(f"there is no wheel in {source}", exit_code=ExitCode.USAGE)
    target = root / DIST
    target.mkdir(exist_ok=True)
    for old in target.glob("*.whl"):
        old.unlink()
    for wheel in found:
        shutil.copyfile(wheel, target / wheel.name)
    return digests(root)


def check_unchanged(root: Path, expected: Digests) -> None:
    """Check that ``dist/`` has the wheels with these digests and no others.

    Raises:
        BricklaneError: when the Databricks CLI built them again.
    """
    found = digests(root)
    if found == expected:
        return
    names = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    raise BricklaneError(
        f"the Databricks CLI built other wheels than the ones to deploy: {', '.join(names)}",
        hint=f"in databricks.yml, let the artifact be built only once:\n{GUARD}",
        exit_code=ExitCode.CONFIG,
    )


def keep(forge: Forge, release: Release, root: Path, manifest: Manifest) -> None:
    """Attach the wheels in ``dist/`` and their manifest to a release, in place of older ones.

    The manifest goes last: where it is, the wheels that it names are.
    """
    for name in release.assets:
        if name == MANIFEST or (name.endswith(".whl") and name not in manifest.wheels):
            forge.delete_asset(release, name)
    for name in manifest.wheels:
        forge.upload_asset(release, root / DIST / name)
    with tempfile.TemporaryDirectory(prefix="bricklane-") as folder:
        path = Path(folder) / MANIFEST
        path.write_text(json.dumps(asdict(manifest), indent=2) + "\n", "utf-8")
        forge.upload_asset(release, path)


def kept(forge: Forge, release: Release | None) -> Manifest | None:
    """Return the manifest that a release has; None when there is none.

    Raises:
        BricklaneError: when it is not what :func:`keep` writes.
    """
    if release is None or MANIFEST not in release.assets:
        return None
    with tempfile.TemporaryDirectory(prefix="bricklane-") as folder:
        path = Path(folder) / MANIFEST
        forge.download_asset(release, MANIFEST, path)
        text = path.read_text("utf-8")
    try:
        return read_manifest(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BricklaneError(
            f"{MANIFEST} of release {release.tag} cannot be read: {text[:200]!r}",
            hint=f"delete that file from the release at {release.url} and deploy to staging again",
        ) from None


def read_manifest(document: Mapping[str, Any]) -> Manifest:
    """Return the manifest in a JSON document."""
    wheels = {str(name): str(digest) for name, digest in document["wheels"].items()}
    return Manifest(
        str(document["version"]), str(document["commit"]), str(document["tree"]), wheels
    )


def fetch(forge: Forge, release: Release, expected: Digests, root: Path) -> Digests:
    """Download wheels of a release to ``dist/`` and return their digests.

    Args:
        forge: has the release.
        release: to which the wheels are attached.
        expected: file name → SHA-256 that each must have.
        root: the folder of ``databricks.yml``.

    Raises:
        BricklaneError: when one is missing or has other bytes.
    """
    missing = [name for name in expected if name not in release.assets]
    if missing:
        raise BricklaneError(
            f"release {release.tag} lacks {', '.join(missing)}, which staging tested",
            hint="deploy the branch to staging again: its wheels are attached then",
        )
    with tempfile.TemporaryDirectory(prefix="bricklane-") as folder:
        for name in expected:
            path = Path(folder) / name
            forge.download_asset(release, name, path)
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != expected[name]:
                raise BricklaneError(
                    f"{name} of release {release.tag} is not the wheel that staging tested: "
                    f"its SHA-256 is {found}, tested was {expected[name]}",
                    hint="find out who replaced it; then deploy the branch to staging again",
                )
        return place(Path(folder), root) if expected else {}
