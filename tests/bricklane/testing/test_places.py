"""Where Spark comes from."""

from __future__ import annotations

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.testing.spark.places import Place, resolve
from bricklane.testing.spark.warm import seconds

UNIT = {"BRICKLANE_TEST_LEVEL": "unit"}
INTEGRATION = {"BRICKLANE_TEST_LEVEL": "integration"}


@pytest.mark.parametrize(
    ("option", "target", "environment", "place"),
    [
        (None, None, {}, Place("local")),
        (None, None, UNIT, Place("local")),
        (None, "dev", UNIT, Place("local")),
        (None, None, INTEGRATION, Place("workspace")),
        (None, None, {"BRICKLANE_TEST_LEVEL": "e2e"}, Place("workspace")),
        (None, "dev", {}, Place("workspace")),
        (None, None, {"BRICKLANE_TARGET": "dev"}, Place("workspace")),
        (None, None, INTEGRATION | {"BRICKLANE_TEST_SPARK": "local"}, Place("local")),
        ("local-cold", None, {"BRICKLANE_TEST_SPARK": "local"}, Place("local-cold")),
        ("sc://host:15002", None, {}, Place("sc", "sc://host:15002")),
        ("cluster:0123-456", None, {}, Place("cluster", "0123-456")),
        ("serverless", None, {}, Place("serverless")),
        ("local", None, {"DATABRICKS_RUNTIME_VERSION": "16.4"}, Place("inside")),
    ],
)
def test_option_variable_level_and_target_say_where_spark_is(
    option: str | None, target: str | None, environment: dict[str, str], place: Place
) -> None:
    assert resolve(option, target, environment) == place


@pytest.mark.parametrize("word", ["mars", "cluster", "cluster:", "serverless:x", "sc://", "sc"])
def test_what_is_no_place_is_refused_with_those_that_are(word: str) -> None:
    with pytest.raises(BricklaneError, match=f"BRICKLANE_TEST_SPARK: '{word}' is no place") as told:
        resolve(None, None, {"BRICKLANE_TEST_SPARK": word})
    assert "cluster:ID: a cluster of the target's workspace" in (told.value.hint or "")
    assert told.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(("text", "value"), [("90s", 90), ("30m", 1800), ("1.5h", 5400), ("0s", 0)])
def test_lengths_of_time_are_read(text: str, value: float) -> None:
    assert seconds(text, "it") == value


@pytest.mark.parametrize("text", ["", "30", "m", "-1s", "infs", "nans", "1w"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(BricklaneError, match="BRICKLANE_SPARK_IDLE: expected a length of time"):
        seconds(text, "BRICKLANE_SPARK_IDLE")
