"""Which compute has classic Spark, and what is said where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from bricklane_local.compute.classic import classic_of
from bricklane_local.compute.sources import SourceError

SETTING = "spark.bricklane.classic"


def cluster(mode: str | None = None, wanted: str | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"spark_version": "17.3.x-scala2.13", **more}
    if mode is not None:
        made["data_security_mode"] = mode
    if wanted is not None:
        made["spark_conf"] = {SETTING: wanted}
    return made


@pytest.mark.parametrize(
    "made",
    [
        cluster("SINGLE_USER"),
        cluster("DATA_SECURITY_MODE_DEDICATED"),
        cluster("NONE"),
        cluster("LEGACY_SINGLE_USER"),
        cluster("LEGACY_PASSTHROUGH"),
        cluster(),
        cluster("DATA_SECURITY_MODE_AUTO", spark_version="17.3.x-cpu-ml-scala2.13"),
    ],
)
def test_a_cluster_for_one_user_has_it_when_the_code_needs_it(made: dict[str, Any]) -> None:
    assert classic_of(made).when == "needed"
    assert classic_of({**made, "spark_conf": {SETTING: "true"}}).when == "always"
    off = classic_of({**made, "spark_conf": {SETTING: "false"}})
    assert off.when == "never"
    assert f'Set "{SETTING}" to "true" in the spark_conf' in off.advice


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({}, "serverless compute has Spark Connect without"),
        (cluster("USER_ISOLATION"), "data_security_mode USER_ISOLATION (standard access mode)"),
        (cluster("DATA_SECURITY_MODE_STANDARD"), "(standard access mode)"),
        (cluster("LEGACY_TABLE_ACL"), "(table access control)"),
        (cluster("DATA_SECURITY_MODE_AUTO"), "which Databricks chooses for it"),
        (cluster(kind="CLASSIC_PREVIEW"), "which Databricks chooses for it"),
    ],
)
def test_compute_that_keeps_users_apart_has_none(made: dict[str, Any], words: str) -> None:
    classic = classic_of(made)
    assert classic.when == "never"
    assert words in classic.advice
    assert classic.advice.endswith('on a cluster with data_security_mode "SINGLE_USER"')


def test_a_setting_that_cannot_be_is_refused() -> None:
    with pytest.raises(SourceError, match='"true" in spark_conf, but a cluster with data_secur'):
        classic_of(cluster("USER_ISOLATION", "true"))
    with pytest.raises(SourceError, match=f'{SETTING} is "yes" in spark_conf: it takes "true" or'):
        classic_of(cluster("SINGLE_USER", "yes"))


def test_there_is_none_beside_a_remote_spark() -> None:
    classic = classic_of(cluster("SINGLE_USER"), "sc://spark.example:15002")
    assert classic.when == "never"
    assert classic.advice.startswith("this cloud uses the Spark at sc://spark.example:15002, and")
    with pytest.raises(SourceError, match='is "true" in spark_conf, but this cloud uses the Spark'):
        classic_of(cluster("SINGLE_USER", "true"), "sc://spark.example:15002")
