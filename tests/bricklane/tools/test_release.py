from __future__ import annotations

import hashlib
import io
import os
import platform
import socket
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.tools.installation import install
from bricklane.tools.model import Job, Tool, WayFailed
from bricklane.tools.release import Release, platform_name

SCRIPT = "#!/bin/sh\necho 'hammer version 2.5.0'\n"


def archive_of(name: str, content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
        archive.writestr("README.md", "about")
    return buffer.getvalue()


@pytest.fixture
def archive(file_server: Any) -> bytes:
    """A release of hammer 2.5.0 for this machine, with its list of checksums."""
    content = archive_of("hammer", SCRIPT)
    name = f"hammer_2.5.0_{platform_name()}.zip"
    listing = f"{'0' * 64}  other.zip\n{hashlib.sha256(content).hexdigest()}  {name}\n"
    file_server.files = {f"/v2.5.0/{name}": content, "/v2.5.0/SUMS": listing.encode()}
    return content


@pytest.fixture
def release(file_server: Any) -> Release:
    return Release(
        archive=file_server.url + "/v{version}/hammer_{version}_{platform}.zip",
        checksums=file_server.url + "/v{version}/SUMS",
        member="hammer",
    )


def archive_path(files: dict[str, bytes]) -> str:
    return next(path for path in files if path.endswith(".zip"))


def test_installs_a_release_whose_checksum_is_in_its_list(
    archive: bytes,
    release: Release,
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    record: Any,
) -> None:
    finding = install("hammer", environment, record, tools={"hammer": hammer(release)})

    assert finding.copy is not None
    assert finding.copy.version == "2.5.0"
    assert finding.copy.path.read_text("utf-8") == SCRIPT
    assert sorted(p.name for p in finding.copy.path.parent.iterdir()) == ["hammer", "manifest.json"]
    assert record.received == len(archive)


def test_a_pinned_checksum_makes_the_list_unnecessary(
    archive: bytes, release: Release, job: Job, file_server: Any
) -> None:
    pins = {platform_name(): hashlib.sha256(archive).hexdigest()}
    pinned = Release(release.archive, release.checksums, release.member, pins)

    facts = pinned.provide(job)

    assert facts["checked"] == "pin"
    assert all("SUMS" not in path for path in file_server.requests)


def test_refuses_a_wrong_checksum_and_tries_no_other_way(
    archive: bytes,
    release: Release,
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    record: Any,
    script: Any,
    file_server: Any,
) -> None:
    path = archive_path(file_server.files)
    file_server.files[path] = archive_of("hammer", SCRIPT + "# tampered\n")

    with pytest.raises(BricklaneError) as caught:
        install("hammer", environment, record, tools={"hammer": hammer(release, script)})

    actual = hashlib.sha256(file_server.files[path]).hexdigest()
    expected = hashlib.sha256(archive).hexdigest()
    assert caught.value.message == (
        f"hammer 2.5.0 could not be installed: official release: {file_server.url}{path} has the "
        f"wrong checksum: sha256 {actual}, expected {expected}"
    )
    assert caught.value.exit_code is ExitCode.TOOL
    assert script.runs == 0


def test_names_the_list_that_lacks_the_archive(
    archive: bytes, release: Release, job: Job, file_server: Any
) -> None:
    file_server.files["/v2.5.0/SUMS"] = b"not a list of checksums\n"

    with pytest.raises(WayFailed, match=r"/v2\.5\.0/SUMS has no checksum for hammer_2\.5\.0_"):
        release.provide(job)


@pytest.mark.parametrize(
    ("status", "code"), [(404, ExitCode.TOOL), (403, ExitCode.TOOL), (500, ExitCode.NETWORK)]
)
def test_names_the_address_that_answers_with_an_error(
    archive: bytes, release: Release, job: Job, file_server: Any, status: int, code: ExitCode
) -> None:
    file_server.statuses["/v2.5.0/SUMS"] = status

    with pytest.raises(WayFailed, match=rf"/v2\.5\.0/SUMS answered {status}$") as caught:
        release.provide(job)

    assert caught.value.code is code


def test_a_download_that_breaks_off_is_a_network_failure(
    archive: bytes, release: Release, job: Job, file_server: Any
) -> None:
    file_server.cut.add(archive_path(file_server.files))

    with pytest.raises(WayFailed, match=r"cannot be reached: .*IncompleteRead") as caught:
        release.provide(job)

    assert caught.value.code is ExitCode.NETWORK


def test_a_closed_port_is_a_network_failure(job: Job) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    with pytest.raises(WayFailed, match=rf"{url}/SUMS cannot be reached: .*refused") as caught:
        Release(f"{url}/hammer.zip", f"{url}/SUMS", "hammer").provide(job)

    assert caught.value.code is ExitCode.NETWORK


def test_an_archive_without_the_program_says_so(
    release: Release, job: Job, file_server: Any
) -> None:
    content = archive_of("nail", SCRIPT)
    pins = {platform_name(): hashlib.sha256(content).hexdigest()}
    file_server.files[f"/v2.5.0/hammer_2.5.0_{platform_name()}.zip"] = content

    with pytest.raises(WayFailed, match=r"^the archive has no file 'hammer'$"):
        Release(release.archive, release.checksums, "hammer", pins).provide(job)


def test_a_file_that_is_no_archive_says_so(release: Release, job: Job, file_server: Any) -> None:
    pins = {platform_name(): hashlib.sha256(b"<html>").hexdigest()}
    file_server.files[f"/v2.5.0/hammer_2.5.0_{platform_name()}.zip"] = b"<html>"

    with pytest.raises(WayFailed, match=r"^the archive cannot be read: File is not a zip file$"):
        Release(release.archive, release.checksums, "hammer", pins).provide(job)


def test_names_a_machine_that_releases_are_not_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(WayFailed, match=r"^there is no release for \w+ on riscv64$"):
        platform_name()


def tar_of(name: str, content: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content.encode()))
    return buffer.getvalue()


def test_every_file_of_an_archive_is_kept_when_the_release_says_so(
    archive: bytes, release: Release, job: Job
) -> None:
    replace(release, whole=True).provide(job)
    whole = sorted(path.name for path in job.folder.iterdir())
    (job.folder / "README.md").unlink()
    release.provide(job)

    assert whole == ["README.md", "hammer"]
    assert [path.name for path in job.folder.iterdir()] == ["hammer"]


def test_a_tar_archive_is_unpacked_under_the_platforms_name_in_that_release(
    job: Job, file_server: Any
) -> None:
    system = platform_name()
    content = tar_of("hammer", SCRIPT)
    file_server.files = {"/hammer_Odd.tar.gz": content}
    release = Release(
        archive=file_server.url + "/hammer_{platform}.tar.gz",
        checksums=file_server.url + "/SUMS",
        member="hammer",
        pins={system: hashlib.sha256(content).hexdigest()},
        platforms={system: "Odd"},
    )

    release.provide(job)

    assert (job.folder / "hammer").read_text("utf-8") == SCRIPT
    assert os.access(job.folder / "hammer", os.X_OK)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tar_of("nail", SCRIPT), r"^the archive has no file 'hammer'$"),
        (b"<html>", r"^the archive cannot be read: "),
    ],
)
def test_a_tar_archive_without_the_program_says_so(
    job: Job, file_server: Any, content: bytes, message: str
) -> None:
    file_server.files = {"/hammer.tar.gz": content}
    pins = {platform_name(): hashlib.sha256(content).hexdigest()}
    url = file_server.url

    with pytest.raises(WayFailed, match=message):
        Release(f"{url}/hammer.tar.gz", f"{url}/SUMS", "hammer", pins).provide(job)
