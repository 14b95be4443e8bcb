"""Each planted fault is found, named with its fix, and nothing else fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bricklane.doctor.faults import FAULTS, OF_OIDC, Fault, policy
from tests.bricklane.doctor.healthy import Healthy, open_healthy

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healthy]:
    with open_healthy(tmp_path_factory.mktemp("doctor")) as opened:
        yield opened


@pytest.fixture(scope="module")
def by_oidc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healthy]:
    with open_healthy(tmp_path_factory.mktemp("doctor"), "oidc") as opened:
        yield opened


def bad(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return key, target and status of what is not as it should be."""
    well = ("passed", "not_applicable", "not_checked")
    return [
        (row["key"], row["target"], row["status"])
        for row in found["checks"]
        if row["status"] not in well
    ]


def check(healthy: Healthy, fault: Fault) -> None:
    chosen = ("--target", fault.target) if fault.target else ()
    with fault.plant(healthy) as variables:
        found = healthy.examined(*chosen, **(variables or {}))
    text = json.dumps(found)
    assert [secret for secret in healthy.secrets if secret in text] == []
    assert bad(found) == [(fault.key, fault.target, fault.status)], found
    (row,) = (one for one in found["checks"] if one["status"] == fault.status)
    assert re.search(fault.said, row["said"]), row["said"]
    assert re.search(fault.fix, "\n".join(row["fix"])), row["fix"]
    assert (found["exit_code"], found["passed"]) == (fault.code, fault.code == 0)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found(healthy: Healthy, fault: Fault) -> None:
    check(healthy, fault)


@pytest.mark.parametrize("fault", OF_OIDC, ids=lambda fault: fault.name)
def test_a_fault_of_oidc_is_found(by_oidc: Healthy, fault: Fault) -> None:
    check(by_oidc, fault)


def federation(healthy: Healthy) -> tuple[str, str]:
    """Return what the doctor says of staging's policies."""
    rows = healthy.examined("--target", "staging")["checks"]
    (row,) = (one for one in rows if one["key"] == "identity.federation")
    return row["status"], row["said"]


def test_subjects_are_those_that_the_repository_has(by_oidc: Healthy) -> None:
    path = f"/repos/{by_oidc.repository}/actions/oidc/customization/sub"
    older = "repo:developer/flights:environment:staging"
    default = {"use_default": True, "use_immutable_subject": True}
    with policy(subject=older)(by_oidc):
        by_oidc.cloud.ask("PUT", path, default | {"use_immutable_subject": False})
        assert federation(by_oidc) == ("passed", f"a policy for {older}")
        by_oidc.cloud.ask("PUT", path, default)
    own = {"use_default": False, "include_claim_keys": ["repository_id", "environment"]}
    by_oidc.cloud.ask("PUT", path, own)
    assert federation(by_oidc) == (
        "not_checked",
        "the repository makes subjects of its own, of repository_id, environment",
    )
    by_oidc.cloud.ask("PUT", path, default)


@pytest.mark.parametrize("world", ["healthy", "by_oidc"])
def test_what_is_healthy_passes(world: str, request: pytest.FixtureRequest) -> None:
    healthy: Healthy = request.getfixturevalue(world)
    found = healthy.examined()
    statuses = {row["status"] for row in found["checks"]}
    assert statuses == {"passed", "not_applicable"}, bad(found)
    assert (found["exit_code"], found["passed"], found["project"]) == (0, True, "flights")
