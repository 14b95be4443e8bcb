from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.process import Command
from bricklane.provision import commands
from bricklane.provision.commands import RootModule

ROOT = RootModule(
    program=Path("/opt/terraform"),
    directory=Path("/infrastructure/account"),
    environment={"DATABRICKS_CLIENT_SECRET": "s3cret"},
    secrets=("s3cret",),
    variable_files=(Path("prod.tfvars"),),
    cli_config=Path("/cache/terraform.rc"),
)
PLAN = Path("/tmp/plan")
VARIABLES = "-var-file=prod.tfvars"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (commands.init(ROOT), ["init", "-no-color", "-input=false"]),
        (
            commands.init(ROOT, upgrade=True, backend={"bucket": "states", "key": "prod"}),
            [
                *("init", "-no-color", "-input=false", "-upgrade"),
                *("-backend-config=bucket=states", "-backend-config=key=prod"),
            ],
        ),
        (
            commands.lock(ROOT, ("linux_amd64", "darwin_arm64")),
            [
                *("providers", "lock", "-no-color"),
                *("-platform=linux_amd64", "-platform=darwin_arm64"),
            ],
        ),
        (
            commands.lock(ROOT, ("linux_amd64",), Path("/mirror")),
            ["providers", "lock", "-no-color", "-fs-mirror=/mirror", "-platform=linux_amd64"],
        ),
        (commands.validate(ROOT), ["validate", "-no-color", "-json"]),
        (
            commands.plan(ROOT, PLAN),
            [
                *("plan", "-no-color", "-input=false", "-detailed-exitcode"),
                *("-out=/tmp/plan", VARIABLES),
            ],
        ),
        (
            commands.plan(ROOT, PLAN, destroy=True),
            [
                *("plan", "-no-color", "-input=false", "-detailed-exitcode"),
                *("-out=/tmp/plan", "-destroy", VARIABLES),
            ],
        ),
        (
            commands.plan(ROOT, PLAN, refresh_only=True),
            [
                *("plan", "-no-color", "-input=false", "-detailed-exitcode"),
                *("-out=/tmp/plan", "-refresh-only", VARIABLES),
            ],
        ),
        (commands.show(ROOT, PLAN), ["show", "-no-color", "-json", "/tmp/plan"]),
        (commands.apply(ROOT, PLAN), ["apply", "-no-color", "-input=false", "/tmp/plan"]),
        (commands.output(ROOT), ["output", "-no-color", "-json"]),
        (
            commands.destroy(ROOT),
            ["destroy", "-no-color", "-input=false", "-auto-approve", VARIABLES],
        ),
        (
            commands.run_tests(ROOT, filters=(Path("tests/plan.tftest.hcl"),)),
            ["test", "-no-color", "-filter=tests/plan.tftest.hcl", VARIABLES],
        ),
    ],
)
def test_the_arguments_of_each_command(command: Command, words: list[str]) -> None:
    assert list(command.arguments) == ["/opt/terraform", *words]
    assert command.directory == Path("/infrastructure/account")
    assert "s3cret" not in str(command)


def test_secrets_and_settings_travel_in_the_environment() -> None:
    environment = commands.validate(ROOT).environment

    assert environment["DATABRICKS_CLIENT_SECRET"] == "s3cret"
    assert environment["TF_CLI_CONFIG_FILE"] == "/cache/terraform.rc"
    assert environment["TF_INPUT"] == "0"


def test_the_users_own_cli_configuration_stays_without_one_of_ours() -> None:
    root = RootModule(program=Path("terraform"), directory=Path())

    assert "TF_CLI_CONFIG_FILE" not in commands.validate(root).environment


def test_arguments_that_others_put_into_the_environment_are_taken_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_CLI_ARGS", "-json")
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-out=mine")

    assert {"TF_CLI_ARGS", "TF_CLI_ARGS_plan"} <= commands.validate(ROOT).remove


def test_what_terraform_writes_is_its_owners_and_it_gets_the_time_to_write_it() -> None:
    command = commands.apply(ROOT, PLAN)

    assert (command.umask, command.shielded, command.grace) == (0o077, True, 300.0)
