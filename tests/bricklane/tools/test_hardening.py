"""What killed installations leave, and what surrounds a user, does no harm."""

import sys
from pathlib import Path

import pytest

from bricklane.tools.cache import CACHE_VARIABLE, INCOMING, OUTGOING, ToolCache
from bricklane.tools.reporting import LineReporter
from bricklane.tools.sparkruntime import VERSION, inspect
from bricklane.tools.table import JAVA


@pytest.mark.parametrize("prefix", [INCOMING, OUTGOING])
def test_folders_that_an_orphan_filled_again_are_gone_when_the_lock_is(
    tmp_path: Path, prefix: str
) -> None:
    cache = ToolCache(JAVA, {CACHE_VARIABLE: str(tmp_path)})
    with cache.lock(LineReporter()):
        cache.sweep()
        leftover = cache.root / f"{prefix}orphan"
        leftover.mkdir()
        (leftover / "half.bin").write_bytes(b"x")
    assert not leftover.exists()


def test_a_pyspark_on_the_users_python_path_is_not_taken_for_the_runtimes_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "pyspark-3.5.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: pyspark\nVersion: 3.5.0\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert inspect(Path(sys.prefix) / "bin" / "python").version == VERSION
