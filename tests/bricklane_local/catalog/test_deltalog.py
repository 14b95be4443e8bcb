"""What is read from the logs of Delta tables."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from bricklane_local.catalog.deltalog import DeltaLogs


def test_folder_without_a_log_has_no_description(tmp_path: Path) -> None:
    assert DeltaLogs().describe(tmp_path / "absent") is None
    assert DeltaLogs().describe(tmp_path) is None


def test_version_is_read_once(tmp_path: Path) -> None:
    logs = DeltaLogs()
    write_deltalake(str(tmp_path), pa.table({"id": [1]}))
    first = logs.describe(tmp_path)
    assert logs.describe(tmp_path) is first
    write_deltalake(str(tmp_path), pa.table({"id": [2]}), mode="append")
    assert logs.describe(tmp_path) is not first


def test_table_made_anew_in_the_same_place_is_read_anew(tmp_path: Path) -> None:
    logs = DeltaLogs()
    write_deltalake(str(tmp_path), pa.table({"id": [1]}))
    write_deltalake(
        str(tmp_path), pa.table({"other": ["x"]}), mode="overwrite", schema_mode="overwrite"
    )
    description = logs.describe(tmp_path)
    assert description is not None
    assert [column["name"] for column in description.columns] == ["other"]


def test_unknown_feature_is_no_reason_to_fail(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    features = ["someNewFeature"]
    protocol = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": features,
        "writerFeatures": features,
    }
    field = {"name": "id", "type": "long", "nullable": True, "metadata": {}}
    metadata = {
        "id": "1",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": [field]}),
        "partitionColumns": [],
        "configuration": {},
    }
    (tmp_path / "_delta_log").mkdir()
    actions = [json.dumps({"protocol": protocol}), json.dumps({"metaData": metadata})]
    (tmp_path / "_delta_log" / f"{0:020}.json").write_text("\n".join(actions))
    with caplog.at_level(logging.WARNING):
        assert DeltaLogs().describe(tmp_path) is None
    assert "'someNewFeature' is not supported" in caplog.text
