from __future__ import annotations

import hashlib
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bricklane.errors import ExitCode
from bricklane.tools.discovery import find
from bricklane.tools.ivy import Jar, ivy_module, ivy_settings, proxy_options
from bricklane.tools.model import Job, WayFailed
from bricklane.tools.sparkruntime import SparkRuntime
from bricklane.tools.table import JAVA

CONTENT = b"a jar"
ANVIL = Jar("test.example", "anvil", "1.2", hashlib.sha256(CONTENT).hexdigest())
ANVIL_PATH = "/test/example/anvil/1.2/anvil-1.2.jar"


@pytest.fixture
def fetch(job: Job, record: Any, file_server: Any) -> Callable[..., Path]:
    """Fetch ANVIL from the file server with the real Ivy; return the folder of jars."""
    java = find(JAVA, os.environ).copy
    assert java, "this test runs Ivy with Java, which was not found"

    def run(**variables: str) -> Path:
        repository = {"BRICKLANE_MAVEN_REPOSITORY": file_server.url + "/"}
        environment = {**os.environ, **repository, **variables}
        ready = replace(job, environment=environment, needs={"java": java.path})
        SparkRuntime(jars=(ANVIL,)).fetch(ready, record, Path(sys.prefix))
        return job.folder / "jars"

    return run


@pytest.mark.real
def test_fetches_the_listed_jars_and_nothing_else(
    fetch: Callable[..., Path], file_server: Any, job: Job
) -> None:
    file_server.files[ANVIL_PATH] = CONTENT

    jars = fetch()

    assert [path.name for path in jars.iterdir()] == ["anvil-1.2.jar"]
    assert (jars / "anvil-1.2.jar").read_bytes() == CONTENT
    assert [path.name for path in job.folder.iterdir()] == ["jars"]
    assert not any(path.endswith(".pom") for path in file_server.requests)


@pytest.mark.real
def test_refuses_a_jar_with_another_checksum(fetch: Callable[..., Path], file_server: Any) -> None:
    file_server.files[ANVIL_PATH] = b"another jar"

    with pytest.raises(WayFailed, match=r"^anvil-1\.2\.jar has the wrong checksum: ") as caught:
        fetch()

    assert hashlib.sha256(b"another jar").hexdigest() in caught.value.reason
    assert caught.value.final


@pytest.mark.real
def test_a_local_maven_folder_without_the_jar_does_no_harm(
    fetch: Callable[..., Path], file_server: Any, tmp_path: Path
) -> None:
    file_server.files[ANVIL_PATH] = CONTENT
    described = tmp_path / "home/.m2/repository/test/example/anvil/1.2"
    described.mkdir(parents=True)
    pom = "<project><groupId>test.example</groupId><artifactId>anvil</artifactId>"
    (described / "anvil-1.2.pom").write_text(f"{pom}<version>1.2</version></project>", "utf-8")

    jars = fetch(JAVA_TOOL_OPTIONS=f"-Duser.home={tmp_path / 'home'}")

    assert (jars / "anvil-1.2.jar").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "home").iterdir()] == [".m2"]


@pytest.mark.real
def test_a_jar_that_is_nowhere_is_a_failure(fetch: Callable[..., Path]) -> None:
    with pytest.raises(WayFailed, match=r"^java exited 1: ") as caught:
        fetch()

    assert caught.value.code is ExitCode.TOOL


@pytest.mark.real
def test_goes_through_the_proxy_that_the_environment_names(
    fetch: Callable[..., Path], file_server: Any
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = f"127.0.0.1:{unused.getsockname()[1]}"

    with pytest.raises(WayFailed, match=rf"Connect to {proxy} .*refused") as caught:
        fetch(
            BRICKLANE_MAVEN_REPOSITORY="http://maven.invalid/",
            HTTP_PROXY=f"http://me:pass@{proxy}",
            no_proxy="",
            NO_PROXY="",
        )

    assert caught.value.code is ExitCode.NETWORK


def test_proxies_are_said_as_java_wants_them() -> None:
    environment = {
        "https_proxy": "http://me:p%40ss%22@proxy.test:3128",
        "HTTP_PROXY": "plain.test:80",
        "NO_PROXY": "localhost, .corp.test",
        "PATH": "/bin",
    }

    assert proxy_options(environment).splitlines() == [
        '"-Dhttp.proxyHost=plain.test"',
        '"-Dhttp.proxyPort=80"',
        '"-Dhttps.proxyHost=proxy.test"',
        '"-Dhttps.proxyPort=3128"',
        '"-Dhttps.proxyUser=me"',
        '"-Dhttps.proxyPassword=p@ss\\""',
        '"-Dhttp.nonProxyHosts=localhost|*.corp.test"',
    ]
    assert proxy_options({"NO_PROXY": "localhost"}) == ""


def test_the_files_name_what_is_wanted(tmp_path: Path) -> None:
    assert b'root="https://maven.test/"' in ivy_settings(tmp_path, "https://maven.test/")
    assert b"root=" not in ivy_settings(tmp_path, None)
    assert ivy_module([ANVIL]) == (
        b'<ivy-module version="2.0"><info organisation="bricklane" module="spark" />'
        b'<dependencies defaultconf="default"><dependency org="test.example" name="anvil" '
        b'rev="1.2" transitive="false" /></dependencies></ivy-module>'
    )
