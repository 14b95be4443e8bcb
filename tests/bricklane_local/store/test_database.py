from __future__ import annotations

from pathlib import Path

import pytest

from bricklane_local.errors import LocalError
from bricklane_local.store.blobs import INLINE_LIMIT, Blobs
from bricklane_local.store.database import MIGRATIONS, Database, DuplicateKeyError


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "cloud.sqlite")


def test_documents_are_listed_by_parent_and_position(database: Database) -> None:
    space = database.space("dev")
    for key, parent, position in (("b", "p", 2), ("a", "p", 1), ("c", "q", 0)):
        space.insert("job", key, {"n": position}, parent=parent, position=position)
    assert [d.key for d in space.select("job", parent="p")] == ["a", "b"]
    assert [d.key for d in space.select("job", descending=True, limit=2)] == ["b", "a"]
    assert space.count("job", parent="q") == 1
    assert database.space("staging").count("job") == 0


def test_documents_are_passed_over(database: Database) -> None:
    space = database.space("dev")
    for key, position in (("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 3)):
        space.insert("job", key, {}, position=position)
    for descending in (False, True):
        every = [d.key for d in space.select("job", descending=descending)]
        for offset in range(7):
            found = space.select("job", descending=descending, limit=2, offset=offset)
            assert [d.key for d in found] == every[offset : offset + 2]
    assert [d.key for d in space.select("job", offset=1, after=1)] == ["c", "d", "e"]


def test_a_key_is_taken_once(database: Database) -> None:
    space = database.space("dev")
    space.insert("job", "a", {})
    with pytest.raises(DuplicateKeyError):
        space.insert("job", "a", {"other": 1})
    assert space.get("job", "a") == {}


def test_a_transaction_that_fails_changes_nothing(database: Database) -> None:
    space = database.space("dev")

    def fail() -> None:
        with database.transaction():
            space.insert("job", "a", {})
            with database.transaction():
                space.insert("job", "b", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert space.count("job") == 0


def test_counters_never_repeat(database: Database) -> None:
    assert [database.next_number("job", first=5) for _ in range(3)] == [5, 6, 7]


def test_state_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "cloud.sqlite")
    database.connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    database.close()
    with pytest.raises(LocalError, match="was written by a newer bricklane") as caught:
        Database(tmp_path / "cloud.sqlite")
    assert "bricklane local reset" in (caught.value.hint or "")


@pytest.mark.parametrize("size", [0, 10, INLINE_LIMIT, INLINE_LIMIT + 1])
def test_blobs_come_back_whatever_their_size(database: Database, tmp_path: Path, size: int) -> None:
    blobs = Blobs(database, tmp_path / "blobs")
    content = b"x" * size
    digest = blobs.put(content)
    assert blobs.get(digest) == content
    assert blobs.size(digest) == size
    assert blobs.put(content) == digest


def test_a_sweep_removes_only_what_nothing_refers_to(database: Database, tmp_path: Path) -> None:
    blobs = Blobs(database, tmp_path / "blobs")
    kept, dropped = blobs.put(b"k" * (INLINE_LIMIT + 1)), blobs.put(b"d" * (INLINE_LIMIT + 1))
    (tmp_path / "blobs" / "tmp_cut_short").write_bytes(b"half")
    database.space("dev").insert("object", "a", {}, blob=kept)
    assert blobs.sweep() == 1
    assert [path.name for path in (tmp_path / "blobs").iterdir()] == [kept]
    assert dropped != kept
