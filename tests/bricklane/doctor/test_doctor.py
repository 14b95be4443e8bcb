"""How the doctor behaves: what it shows, what it leaves unsaid, and what it never says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bricklane.doctor.model import Check, Link, NotChecked, Result, Status, TargetCheck, passed
from bricklane.doctor.running import examine, exit_code
from bricklane.doctor.table import LINKS
from bricklane.doctor.world import World
from bricklane.errors import BricklaneError, ExitCode
from tests.bricklane.doctor.faults import variable
from tests.bricklane.doctor.healthy import Healthy, open_healthy

pytestmark = pytest.mark.real
ROWS = [check for link in LINKS for check in (*link.checks, *link.target_checks)]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healthy]:
    with open_healthy(tmp_path_factory.mktemp("doctor")) as opened:
        yield opened


def world(folder: Path, **environment: str) -> World:
    return World(folder, {**os.environ, **environment})


def test_rows_need_rows_before_them() -> None:
    seen: set[str] = set()
    for row in ROWS:
        assert set(row.needs) <= seen, row.key
        assert row.key not in seen, row.key
        seen.add(row.key)
        assert re.fullmatch(r"[a-z]+(\.[a-z_]+)+", row.key)
        assert len(row.name) <= 16, "wider than its column"
        assert row.proves.endswith(".")


def test_a_check_that_breaks_is_a_failure_of_that_check(tmp_path: Path) -> None:
    def breaks(_: World) -> Result:
        raise ZeroDivisionError("a token of dapi-secret went to waste")

    link = Link(
        "odd",
        (
            Check("odd.breaks", "breaks", "It does not break.", breaks),
            Check("odd.next", "next", "It is looked at.", lambda _: passed("well")),
        ),
    )
    opened = world(tmp_path, DATABRICKS_TOKEN="dapi-secret")
    first, second = examine(opened, (link,), ())
    assert first.result.said == (
        "the check odd.breaks itself broke: ZeroDivisionError: a token of *** went to waste"
    )
    assert (first.result.status, second.result.status) == (Status.FAILED, Status.PASSED)
    assert exit_code((first, second)) is ExitCode.CHECK


def test_what_a_failure_makes_pointless_is_not_looked_at(tmp_path: Path) -> None:
    looked: list[str] = []

    def unknown(_: World) -> Result:
        raise NotChecked("nobody is there")

    def offline(_: World) -> Result:
        raise BricklaneError("no answer", hint="wait", exit_code=ExitCode.NETWORK)

    def see(target: object) -> Result:
        looked.append(str(target))
        return passed("seen")

    link = Link(
        "odd",
        (
            Check("odd.unknown", "unknown", "It is known.", unknown),
            Check("odd.offline", "offline", "It answers.", offline),
        ),
        (
            TargetCheck("odd.after", "after", "It follows.", see, ("odd.unknown",)),
            TargetCheck("odd.blocked", "blocked", "It follows.", see, ("odd.offline",)),
            TargetCheck("odd.last", "last", "It follows.", see, ("odd.blocked",)),
        ),
    )
    found = list(examine(world(tmp_path), (link,), ("dev",)))
    assert [(row.check.key, str(row.result.status), row.result.said) for row in found] == [
        ("odd.unknown", "not_checked", "nobody is there"),
        ("odd.offline", "failed", "no answer"),
        ("odd.after", "passed", "seen"),
        ("odd.blocked", "not_checked", "needs offline (odd)"),
        ("odd.last", "not_checked", "needs offline (odd)"),
    ]
    assert len(looked) == 1
    assert exit_code(found) is ExitCode.NETWORK


def test_the_terminal_is_readable_at_80_columns(healthy: Healthy) -> None:
    with variable("prod", "DATABRICKS_CLIENT_ID", None)(healthy):
        code, output = healthy.doctor("--profile", "account", COLUMNS="80")
    assert code == 7
    for line in output.splitlines():
        words = line.split()
        # A word is never cut: it is copied.
        assert len(line) <= 80 or max(map(len, words)) > 50, line
    assert "environment prod\n  ✓ workflow  " in output
    shown = (
        "  ✗ variables         environment prod has no DATABRICKS_CLIENT_ID\n    → bricklane boot"
    )
    assert shown in output
    assert re.search(r"\n1 failed, \d+ passed, 1 not checked, \d+ not applicable\n\Z", output)


def test_json_is_for_programs(healthy: Healthy) -> None:
    found = healthy.examined("--target", "prod")
    assert list(found) == ["bricklane", "project", "passed", "exit_code", "checks"]
    keys = ["key", "link", "name", "target", "proves", "status", "said", "fix"]
    assert all(list(row) == keys for row in found["checks"])
    assert {row["target"] for row in found["checks"]} == {"", "prod"}
    assert [row["key"] for row in found["checks"]] == [row.key for row in ROWS]


def test_without_an_administrator_of_the_account(healthy: Healthy) -> None:
    """The workspace's own administrator sees the principal and its secrets there."""
    code, output = healthy.doctor("--json", "--target", "staging")
    rows = {row["key"]: row for row in json.loads(output)["checks"]}
    assert code == 0
    assert rows["identity.principal"]["said"] == "flights-staging, active in the workspace"
    assert rows["identity.secret"]["status"] == "passed"
    assert {row["status"] for row in rows.values()} == {"passed", "not_applicable"}


def test_without_any_credentials(healthy: Healthy) -> None:
    nothing = str(healthy.folder / "no-such-file")
    code, output = healthy.doctor("--json", "--target", "staging", DATABRICKS_CONFIG_FILE=nothing)
    rows = {row["key"]: row for row in json.loads(output)["checks"]}
    unknown = {key for key, row in rows.items() if row["status"] == "not_checked"}
    assert code == 0
    assert unknown == {
        *("identity.access", "identity.principal", "identity.assigned", "identity.secret"),
        *("data.catalog", "data.schema", "data.warehouse", "bundle.valid"),
    }
    assert rows["identity.access"]["said"].startswith("there are no credentials for http")
    assert rows["identity.access"]["fix"][0].startswith("databricks auth login --host http")
    assert "files are sound; in no workspace" in rows["bundle.valid"]["said"]


def test_as_ci_signs_in(healthy: Healthy) -> None:
    """The principal itself enters, and what only administrators see is not said to be well."""
    identity = healthy.identities["staging"]
    code, output = healthy.doctor(
        "--json",
        "--target",
        "staging",
        DATABRICKS_CONFIG_FILE=str(healthy.folder / "no-such-file"),
        DATABRICKS_HOST=healthy.host("staging"),
        DATABRICKS_CLIENT_ID=identity.application_id,
        DATABRICKS_CLIENT_SECRET=identity.secret,
    )
    rows = {row["key"]: row for row in json.loads(output)["checks"]}
    assert code == 0, output
    assert rows["identity.access"]["said"].startswith(f"{identity.application_id}, by the env")
    assert rows["identity.secret"]["status"] == "not_checked"
    assert "needs the role" in rows["identity.secret"]["said"]
    assert rows["bundle.valid"]["status"] == "passed"


def test_a_token_that_sees_less(healthy: Healthy) -> None:
    delivery = dict.fromkeys(
        ("actions", "contents", "deployments", "pull_requests", "statuses"), "write"
    )
    token = healthy.cloud.issue_token("developer", permissions=delivery)
    found = healthy.examined("--target", "staging", GITHUB_TOKEN=token)
    rows = {row["key"]: row for row in found["checks"]}
    assert found["exit_code"] == 0
    assert rows["forge.permissions"]["status"] == "passed"
    assert rows["environment.variables"]["status"] == "not_checked"
    assert "environments=read" in rows["environment.variables"]["said"]
    assert rows["forge.jobs"]["status"] == "not_checked"


def test_no_secret_is_shown(healthy: Healthy) -> None:
    for words in ((), ("--json",)):
        _, output = healthy.doctor("--profile", "account", *words)
        assert [secret for secret in healthy.secrets if secret in output] == []


def test_a_target_that_there_is_not(healthy: Healthy) -> None:
    with pytest.raises(BricklaneError, match="there is no target 'production'") as caught:
        healthy.doctor("--target", "production")
    assert (caught.value.exit_code, caught.value.hint) == (2, "targets: dev, staging, prod")


def test_outside_of_a_project(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("bricklane")), "doctor"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "  ✗ databricks.yml    no databricks.yml in" in done.stdout
    assert "    → change into a bundle's folder" in done.stdout
    assert " (3 checks)        not checked: needs databricks.yml (project)" in done.stdout
    assert done.stderr == ""
