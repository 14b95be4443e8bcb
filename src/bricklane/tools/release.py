"""Providing a tool from its official release: an archive, checked before it is opened."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane.errors import ExitCode
from bricklane.tools.model import Activity, Job, WayFailed

if TYPE_CHECKING:
    import requests

CHUNK = 1 << 18
TIMEOUT = (10, 60)
SYSTEMS = {"linux": "linux", "darwin": "darwin"}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Release:
    """An archive of each platform (zip or tar), with a list of checksums published beside it.

    Args:
        archive: URL, with ``{version}`` and ``{platform}`` (such as ``linux_amd64``).
        checksums: URL of the release's list of SHA-256 sums, with ``{version}``. It is fetched
            over TLS from the same place as the archive, so it guards against damage and mix-ups,
            not against a release that was replaced whole; ``pins`` do.
        member: the file of the archive that is the tool.
        pins: known SHA-256 sums by platform; they are used instead of the list.
        platforms: what this release calls platforms, where it is not what most call them.
        whole: whether every file of the archive is kept, and not the member alone.
    """

    archive: str
    checksums: str
    member: str
    pins: Mapping[str, str] = field(default_factory=dict)
    platforms: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    label: str = "official release"

    def provide(self, job: Job) -> dict[str, Any]:
        """Download, check and unpack the archive for this machine.

        Raises:
            WayFailed: when there is no archive for the machine, the network fails, or the checksum
                is wrong; the last is final, because another way would hide it.
        """
        import requests

        system = platform_name()
        named = self.platforms.get(system, system)
        url = self.archive.format(version=job.tool.version, platform=named)
        file = job.folder / ".archive"
        with _session() as session, job.reporter.activity(f"{job.tool.name}: {url}") as activity:
            try:
                expected = self.pins.get(system) or self._published(session, job, url)
                actual = _download(session, url, file, activity)
            except requests.RequestException as error:
                raise unreachable(error) from None
        if actual != expected:
            raise WayFailed(
                f"{url} has the wrong checksum: sha256 {actual}, expected {expected}",
                hint="do not use that file; try again, and report it when it happens again",
                final=True,
            )
        self._unpack(file, job.folder)
        file.unlink()
        return {"url": url, "sha256": actual, "checked": "pin" if system in self.pins else "list"}

    def _published(self, session: requests.Session, job: Job, url: str) -> str:
        listing = self.checksums.format(version=job.tool.version)
        response = session.get(listing, timeout=TIMEOUT)
        _demand_success(response)
        name = url.rpartition("/")[2]
        for line in response.text.splitlines():
            words = line.split()
            if len(words) == 2 and words[1].lstrip("*") == name:
                return words[0].lower()
        raise WayFailed(f"{listing} has no checksum for {name}")

    def _unpack(self, file: Path, folder: Path) -> None:
        from tarfile import TarError
        from zipfile import BadZipFile

        unpack = _unzip if self.archive.endswith(".zip") else _untar
        try:
            unpack(file, self.member, folder, whole=self.whole)
        except KeyError:
            raise WayFailed(f"the archive has no file {self.member!r}") from None
        except (BadZipFile, TarError, EOFError) as error:
            raise WayFailed(f"the archive cannot be read: {error}") from None
        (folder / self.member).chmod(0o755)


def _unzip(file: Path, member: str, folder: Path, *, whole: bool) -> None:
    from zipfile import ZipFile

    with ZipFile(file) as archive:
        archive.getinfo(member)
        for name in archive.namelist() if whole else [member]:
            archive.extract(name, folder)


def _untar(file: Path, member: str, folder: Path, *, whole: bool) -> None:
    import tarfile

    with tarfile.open(file) as archive:
        archive.getmember(member)
        for name in archive.getnames() if whole else [member]:
            archive.extract(name, folder, filter="data")


def platform_name() -> str:
    """Return this machine's platform as releases name it, such as ``linux_amd64``.

    Raises:
        WayFailed: when it is none that releases are made for.
    """
    import platform

    machine = platform.machine().lower()
    if sys.platform not in SYSTEMS or machine not in MACHINES:
        raise WayFailed(f"there is no release for {sys.platform} on {machine}")
    return f"{SYSTEMS[sys.platform]}_{MACHINES[machine]}"


def unreachable(error: requests.RequestException) -> WayFailed:
    """Return the failure that a failed request amounts to, with the innermost cause in words."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    host = error.request.url if error.request is not None else None
    detail = str(cause) or type(cause).__name__
    return WayFailed(f"{host or 'the release'} cannot be reached: {detail}", code=ExitCode.NETWORK)


def _session() -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session = requests.Session()
    # Two retries: a third would make a machine without a network wait for nothing.
    retry = Retry(total=2, backoff_factor=0.5, status_forcelist=[429, 502, 503, 504])
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _download(session: requests.Session, url: str, file: Path, activity: Activity) -> str:
    checksum = hashlib.sha256()
    with session.get(url, stream=True, timeout=TIMEOUT) as response, file.open("wb") as target:
        _demand_success(response)
        length = int(response.headers.get("Content-Length", 0)) or None
        for chunk in response.iter_content(CHUNK):
            target.write(chunk)
            checksum.update(chunk)
            activity.advance(len(chunk), length)
    return checksum.hexdigest()


def _demand_success(response: requests.Response) -> None:
    if response.status_code >= 500:
        raise WayFailed(f"{response.url} answered {response.status_code}", code=ExitCode.NETWORK)
    if response.status_code != 200:
        raise WayFailed(f"{response.url} answered {response.status_code}")
