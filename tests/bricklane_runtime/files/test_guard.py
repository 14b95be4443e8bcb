"""What file functions may change, as far as no workspace has to be asked."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from bricklane_runtime.files.guard import Guard, Use
from bricklane_runtime.files.roots import Roots
from bricklane_runtime.rest import Rest


def test_datasets_can_only_be_read(tmp_path: Path) -> None:
    guard = Guard(Roots({"/dbfs": str(tmp_path)}), Rest("http://127.0.0.1:1", ""))
    for path in ("/dbfs/databricks-datasets/new", f"{tmp_path}/databricks-datasets"):
        with pytest.raises(PermissionError) as refusal:
            guard.require(path, Use.WRITE)
        assert refusal.value.errno == errno.EROFS
        assert str(refusal.value.filename).startswith("/dbfs/databricks-datasets")
        guard.require(path, Use.READ)
    guard.require("/dbfs/databricks-datasets-of-mine/new", Use.WRITE)
