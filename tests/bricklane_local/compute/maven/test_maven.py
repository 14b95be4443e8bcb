"""Libraries by Maven coordinates: what is read, fetched, kept and said, with the Ivy of Spark."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bricklane_local.compute.environments.errors import EnvironmentFailure
from bricklane_local.compute.maven import MavenLibraries, MavenLibrary
from bricklane_local.compute.maven.store import REPOSITORY_VARIABLE
from bricklane_local.compute.spark.installation import SparkInstallation


def publish(repository: Path, name: str, version: str, content: str = "") -> None:
    """Put a jar without dependencies into a repository."""
    place = repository / "org" / "example" / name / version
    place.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(place / f"{name}-{version}.jar", "w") as jar:
        jar.writestr("content", content)
    (place / f"{name}-{version}.pom").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>org.example</groupId><artifactId>{name}</artifactId>"
        f"<version>{version}</version></project>",
        "utf-8",
    )


def libraries(compute: list[str], folder: Path, *, java: Path | None = None) -> MavenLibraries:
    """Return the store of a cloud."""
    options = dict(zip(compute[::2], compute[1::2], strict=True))
    found = SparkInstallation(Path(options["--spark"]), Path(options["--java"]))
    return MavenLibraries(java or found.java, found.spark_jars, folder)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that stands for Maven Central."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.setenv(REPOSITORY_VARIABLE, folder.as_uri())
    return folder


def library(name: str, **more: Any) -> MavenLibrary:
    return MavenLibrary.of({"coordinates": f"org.example:{name}", **more})


@pytest.mark.real
def test_what_was_fetched_is_kept(compute: list[str], tmp_path: Path, repository: Path) -> None:
    publish(repository, "one", "1")
    kept = tmp_path / "kept"
    (first,) = asyncio.run(libraries(compute, kept).resolve([library("one:1")] * 2))
    assert first.name == "org.example_one-1.jar"
    again = libraries(compute, kept, java=tmp_path / "nothing")
    assert asyncio.run(again.resolve([library("one:1")])) == [first]
    assert [folder.name for folder in kept.iterdir()] == [first.parent.parent.name]


@pytest.mark.real
def test_a_snapshot_is_fetched_again_and_leaves_the_older_one(
    compute: list[str], tmp_path: Path, repository: Path
) -> None:
    store, wanted = libraries(compute, tmp_path / "kept"), [library("one:1-SNAPSHOT")]
    publish(repository, "one", "1-SNAPSHOT", "older")
    (older,) = asyncio.run(store.resolve(wanted))
    publish(repository, "one", "1-SNAPSHOT", "newer")
    (newer,) = asyncio.run(store.resolve(wanted))
    contents = [zipfile.ZipFile(jar).read("content") for jar in (older, newer)]
    assert contents == [b"older", b"newer"]


@pytest.mark.real
def test_a_failure_names_coordinates_repositories_and_no_password(
    compute: list[str], tmp_path: Path, repository: Path
) -> None:
    # Nobody listens at the first port, which is reserved.
    wanted = [library("absent:3", repo="http://user:secret@127.0.0.1:1/maven")]
    with pytest.raises(EnvironmentFailure) as caught:
        asyncio.run(libraries(compute, tmp_path / "kept").resolve(wanted))
    said = str(caught.value)
    assert said.startswith(
        "The libraries maven org.example:absent:3 cannot be had from http://127.0.0.1:1/maven and "
        f"{repository.as_uri()}: org.example:absent:3: not found; "
    )
    assert "Connection refused" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("maven", "message"),
    [
        ({}, "The library maven '' has no coordinates of the form group:artifact:version"),
        ({"coordinates": "a:b:1:c"}, "'a:b:1:c' has no coordinates of the form"),
        ({"coordinates": "a:b:1", "exclusions": ["c"]}, "a:b:1 excludes 'c', which is not of the"),
        (
            {"coordinates": "a:b:1", "repo": "ftp://me:secret@host/"},
            "has the repository 'ftp://host/', whose URL begins with none of http, https, file",
        ),
    ],
)
def test_what_cannot_be_read_is_named(maven: dict[str, Any], message: str) -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        MavenLibrary.of(maven)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
