"""What a cloud is told of Spark and storage: what is refused, and what holds for the next start."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bricklane_local.callbacks import address_of, as_spark_sees
from bricklane_local.compute.choices import Choices, settled, storage_folder, token_of
from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.compute.spark.remote.address import RemoteAddress, parse_remote
from bricklane_local.compute.storage import claim_storage, drop_storage
from bricklane_local.errors import LocalError
from bricklane_local.paths import StatePaths

REMOTE = "sc://localhost:15002"


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    """The folders of a cloud for which a remote Spark was prepared."""
    found = StatePaths(tmp_path / "state")
    found.root.mkdir()
    found.spark_token.write_text("prepared")
    return found


def choose(paths: StatePaths, **given: str) -> Choices:
    """Return what a cloud starts with when it is given some options."""
    return settled(paths, ComputeSettings(choices=Choices(**given))).choices


@pytest.mark.parametrize(
    ("text", "address", "token"),
    [
        ("sc://localhost", RemoteAddress("localhost", 15002), ""),
        ("sc://127.0.0.1:7/;token=a", RemoteAddress("localhost", 7), "a"),
        ("sc://[::1]:7", RemoteAddress("localhost", 7), ""),
        ("sc://spark.example:7/;token=a=b", RemoteAddress("spark.example", 7, tls=True), "a=b"),
        ("sc://localhost:7/;use_ssl=true", RemoteAddress("localhost", 7, tls=True), ""),
    ],
)
def test_connection_strings(text: str, address: RemoteAddress, token: str) -> None:
    assert parse_remote(text) == (address, token)
    assert parse_remote(address.url) == (address, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://localhost:1/;token=secret", "'http://localhost:1/' is no address"),
        ("sc://localhost:99999/;token=secret", "has the port 99999"),
        ("sc://localhost/;user_id=me;token=secret", "has the parameter 'user_id'"),
        ("sc://far/;use_ssl=false;token=secret", "a token goes by TLS only"),
    ],
)
def test_what_is_no_connection_string_is_named_without_its_token(text: str, problem: str) -> None:
    with pytest.raises(LocalError) as failure:
        parse_remote(text)
    assert problem in failure.value.message
    assert "secret" not in f"{failure.value.message} {failure.value.hint}"


def test_a_remote_is_remembered_with_the_token_that_it_was_given(paths: StatePaths) -> None:
    chosen = choose(paths, spark_remote=f"{REMOTE}/;token=own", callback_host="10.0.0.1")
    chosen.write(paths.choices)
    assert stat.S_IMODE(paths.choices.stat().st_mode) == 0o600
    assert "own" not in repr(chosen)
    again = choose(paths)
    assert (again, token_of(paths, again)) == (chosen, "own")
    assert again.connection == f"{REMOTE}/;token=own"
    other = choose(paths, spark_remote="sc://localhost:7")
    assert (token_of(paths, other), other.callback_host) == ("prepared", "10.0.0.1")
    assert choose(paths, spark_remote="none") == Choices()


def test_options_that_do_not_go_together_are_named(paths: StatePaths) -> None:
    with pytest.raises(LocalError, match="--spark-callback-host is for a remote Spark"):
        choose(paths, callback_host="10.0.0.1")
    idle = ComputeSettings(idle_minutes=5, choices=Choices(REMOTE))
    with pytest.raises(LocalError, match="--spark-idle and --spark-remote do not go together"):
        settled(paths, idle)
    paths.spark_token.unlink()
    with pytest.raises(LocalError, match="there is no token for sc://localhost:15002"):
        choose(paths, spark_remote=REMOTE)


@pytest.mark.parametrize("text", ["s3a://bucket/a", "abfss://box@account/a", "file:/tmp/a"])
def test_a_storage_root_is_a_folder(text: str) -> None:
    with pytest.raises(LocalError, match=f"--storage-root: '{text}' is not a folder"):
        storage_folder(text)


def test_a_storage_root_stays_once_there_is_data_in_it(paths: StatePaths, tmp_path: Path) -> None:
    first = str(tmp_path / "first")
    choose(paths, storage_root=first).write(paths.choices)
    assert choose(paths, storage_root=str(tmp_path / "second")).storage_root.endswith("second")
    StatePaths(paths.root, Path(first)).metastore.mkdir(parents=True)
    with pytest.raises(LocalError, match=f"are in {first}, and cannot be moved"):
        choose(paths, storage_root=str(tmp_path / "second"))
    assert choose(paths).storage_root == choose(paths, storage_root=first).storage_root == first


def test_a_storage_root_belongs_to_one_cloud(paths: StatePaths, tmp_path: Path) -> None:
    shared = StatePaths(paths.root, tmp_path / "shared")
    claim_storage(shared, "one")
    claim_storage(shared, "one")
    with pytest.raises(LocalError, match="belongs to another cloud"):
        claim_storage(shared, "two")
    (shared.metastore / "tables").mkdir(parents=True)
    (shared.storage / "of somebody").touch()
    drop_storage(shared)
    assert [file.name for file in shared.storage.iterdir()] == ["of somebody"]
    with pytest.raises(LocalError, match="has files that are no cloud's"):
        claim_storage(shared, "one")


def test_addresses_by_which_spark_calls_back() -> None:
    assert as_spark_sees("http://127.0.0.1:8701", "") == "http://127.0.0.1:8701"
    assert as_spark_sees("http://127.0.0.1:8701", "10.0.0.1") == "http://10.0.0.1:8701"
    assert (address_of(""), address_of("localhost"), address_of("10.0.0.1")) == ("", "", "10.0.0.1")
    with pytest.raises(LocalError, match=r"'no\.such\.invalid' has no IPv4 address"):
        address_of("no.such.invalid")
