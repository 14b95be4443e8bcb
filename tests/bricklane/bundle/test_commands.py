from pathlib import Path

import pytest

from bricklane.bundle import commands
from bricklane.bundle.commands import Bundle

BUNDLE = Bundle(
    Path("/bin/databricks"),
    Path("/project"),
    "staging",
    environment={"DATABRICKS_CONFIG_PROFILE": "staging"},
    secrets=("dapi123",),
)


def words(command: object) -> str:
    return " ".join(command.arguments)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (commands.validate(BUNDLE), "validate --target staging -o json"),
        (commands.plan(BUNDLE), "plan --target staging -o json"),
        (commands.plan(BUNDLE, force=True), "plan --target staging -o json --force"),
        (commands.deploy(BUNDLE), "deploy --target staging"),
        (
            commands.deploy(BUNDLE, plan_file=Path("/tmp/plan.json"), force_lock=True),
            "deploy --target staging --plan /tmp/plan.json --force-lock",
        ),
        (
            commands.deploy(BUNDLE, auto_approve=True, fail_on_active_runs=True, force=True),
            "deploy --target staging --force --auto-approve --fail-on-active-runs",
        ),
        (commands.summary(BUNDLE), "summary --target staging -o json"),
        (commands.destroy(BUNDLE, auto_approve=True), "destroy --target staging --auto-approve"),
        (
            commands.run(BUNDLE, "sales", {"day": "2013-01-01"}),
            "run --target staging --params=day=2013-01-01 -o json -- sales",
        ),
    ],
)
def test_command_lines(command: object, expected: str) -> None:
    assert words(command) == f"/bin/databricks bundle {expected}"


def test_what_authenticates_travels_in_the_environment() -> None:
    command = commands.deploy(BUNDLE)
    assert command.environment == {"DATABRICKS_CONFIG_PROFILE": "staging"}
    assert command.secrets == ("dapi123",)
    assert command.directory == Path("/project")


def test_a_key_that_looks_like_an_option_stays_a_key() -> None:
    assert commands.run(BUNDLE, "--debug").arguments[-2:] == ("--", "--debug")
