"""Where installed tools live: folders keyed by version, placed whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bricklane.tools.model import Reporter, Tool

CACHE_VARIABLE = "BRICKLANE_CACHE_DIR"
MANIFEST = "manifest.json"
INCOMING = ".incoming-"
OUTGOING = ".outgoing-"


def cache_root(environment: Mapping[str, str]) -> Path:
    """Return the folder of everything that bricklane caches for this user."""
    from platformdirs import user_cache_dir

    chosen = environment.get(CACHE_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else Path(user_cache_dir("bricklane"))


class ToolCache:
    """The cached folders of one tool.

    Args:
        tool: the row.
        environment: says where the cache is.
    """

    def __init__(self, tool: Tool, environment: Mapping[str, str]) -> None:
        self.tool = tool
        self.root = cache_root(environment) / "tools" / tool.name

    @property
    def target(self) -> Path:
        """The folder of the version that the row installs."""
        return self.root / self.tool.cache_key()

    @property
    def log(self) -> Path:
        """Output of the programs that the latest installation ran."""
        return self.root / "install.log"

    def manifest(self) -> dict[str, Any] | None:
        """Return what is known of the cached copy, or None when there is no whole one.

        A folder is in place only when it was complete, so what can be wrong with it came later:
        files removed by hand, or the Python that a virtual environment links to uninstalled.
        """
        needed = (self.tool.executable, self.tool.home, MANIFEST)
        if not all((self.target / path).exists() for path in needed):
            return None
        try:
            manifest = json.loads((self.target / MANIFEST).read_text("utf-8"))
        except ValueError:
            return None
        whole = isinstance(manifest, dict) and isinstance(manifest.get("version"), str)
        return manifest if whole else None

    @contextmanager
    def lock(self, reporter: Reporter) -> Iterator[None]:
        """Hold the tool's lock, which the system releases whatever ends the process."""
        from filelock import FileLock, Timeout

        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            reporter.say(f"{self.tool.name}: waiting for another installation of it to end")
            lock.acquire(poll_interval=0.2)
        try:
            yield
        finally:
            # Again: a program that outlived a killed installation may have filled its folder anew
            # while the first sweep removed it.
            self.sweep()
            lock.release()

    def sweep(self) -> None:
        """Remove what killed installations left; only for the holder of the lock."""
        for prefix in (INCOMING, OUTGOING):
            for leftover in self.root.glob(f"{prefix}*"):
                shutil.rmtree(leftover, ignore_errors=True)

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """Yield an empty folder beside the target; whatever is left of it is removed."""
        folder = Path(tempfile.mkdtemp(prefix=INCOMING, dir=self.root))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def place(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Move a complete folder to the target, in place of an older one."""
        text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
        (folder / MANIFEST).write_text(text, "utf-8")
        if self.target.exists():
            outgoing = Path(tempfile.mkdtemp(prefix=OUTGOING, dir=self.root))
            self.target.rename(outgoing / "old")
            folder.replace(self.target)
            shutil.rmtree(outgoing, ignore_errors=True)
        else:
            folder.replace(self.target)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
