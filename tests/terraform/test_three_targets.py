"""The example, followed as its README says, against a local account: the tests are in its order."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import DatabricksError, PermissionDenied

from bricklane.provision import terraform as driven
from bricklane.provision.commands import RootModule
from bricklane.provision.results import Attribute
from bricklane.provision.terraform import open_root_module
from tests.terraform.conftest import Account

pytestmark = pytest.mark.real

TARGETS = ("dev", "staging", "prod")
LAYERS = ("account", *TARGETS)
# What people type when Terraform asks them.
YES = {"TF_CLI_ARGS_apply": "-auto-approve", "TF_CLI_ARGS_destroy": "-auto-approve"}
PLAIN = {"TF_CLI_ARGS": "-no-color"}


@pytest.fixture(scope="module")
def folder(sources: Path) -> Path:
    return sources / "examples" / "three-targets"


@pytest.fixture(scope="module")
def person(terraform: dict[str, str], account: Account) -> dict[str, str]:
    """The environment of somebody who did what the README says before "Apply"."""
    return {**terraform, **account.environment(), **YES, **PLAIN}


def commands(folder: Path, heading: str) -> str:
    """Return the commands below a heading of the README."""
    readme = (folder / "README.md").read_text("utf-8")
    section = readme.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def type_in(script: str, folder: Path, environment: dict[str, str]) -> str:
    """Run commands as a person in a shell does, and return what was printed."""
    done = subprocess.run(
        ["bash", "-euc", f"umask 077\n{script}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def printed(folder: Path, person: dict[str, str]) -> str:
    """What applying printed; the example is applied from here on."""
    return type_in(commands(folder, "Apply"), folder, person)


@pytest.fixture
def layer(folder: Path, account: Account, printed: str) -> dict[str, RootModule]:
    """Each layer's root module, as bricklane drives it."""
    return {
        name: open_root_module(folder / name, os.environ, variables=account.environment())
        for name in LAYERS
    }


def handover(folder: Path, target: str) -> dict[str, Any]:
    text = (folder / target / "account.auto.tfvars.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)["account"]
    return found


def secrets(layer: dict[str, RootModule]) -> dict[str, str]:
    found: dict[str, str] = driven.outputs(layer["account"])["client_secrets"].value
    return found


def test_the_readme_provisions_three_targets(printed: str, folder: Path, account: Account) -> None:
    assert printed.count("Apply complete!") == 4
    names = sorted(str(one.workspace_name) for one in account.client().workspaces.list())
    assert names == ["flights-dev", "flights-prod", "flights-staging"]
    for target in TARGETS:
        admin = account.workspace(handover(folder, target)["workspace_url"])
        assert admin.catalogs.get(f"{target}_flights").owner == account.profile["client_id"]
        assert [one.name for one in admin.warehouses.list() if one.name != "Serverless Starter"]
        assert f"flights-{target}" in {scope.name for scope in admin.secrets.list_scopes()}


def test_nothing_is_to_change_afterwards(layer: dict[str, RootModule]) -> None:
    for name in LAYERS:
        with driven.planned(layer[name]) as (plan, _):
            assert [change.address for change in plan.effective] == [], name
            assert plan.empty, name


def test_no_secret_was_printed_or_handed_over(
    printed: str, folder: Path, layer: dict[str, RootModule], account: Account
) -> None:
    found = {*secrets(layer).values(), account.profile["client_secret"]}
    assert len(found) == 4
    assert not [secret for secret in found if secret in printed]
    for file in folder.rglob("*"):
        if file.is_file() and ".terraform" not in file.parts and "tfstate" not in file.name:
            assert not [secret for secret in found if secret in file.read_text("utf-8")], file
    modes = {file.stat().st_mode & 0o777 for file in folder.rglob("*.tfstate*") if file.is_file()}
    assert modes == {0o600}


def test_a_service_principal_enters_its_own_workspace_only(
    folder: Path, layer: dict[str, RootModule], account: Account
) -> None:
    for target, secret in secrets(layer).items():
        for other in TARGETS:
            client_id = handover(folder, target)["service_principal_application_id"]
            client = account.workspace(handover(folder, other)["workspace_url"], client_id, secret)
            if other == target:
                assert client.current_user.me().user_name == client_id
            else:
                with pytest.raises((DatabricksError, ValueError)):
                    client.current_user.me()


def test_a_service_principal_makes_schemas_in_its_catalog_and_grants_nothing_on_it(
    folder: Path, layer: dict[str, RootModule], account: Account
) -> None:
    from databricks.sdk.service.catalog import PermissionsChange, Privilege

    prod = handover(folder, "prod")
    client = account.workspace(
        prod["workspace_url"],
        prod["service_principal_application_id"],
        secrets(layer)["prod"],
    )

    made = client.schemas.create("bronze", "prod_flights")
    assert made.owner == prod["service_principal_application_id"]
    with pytest.raises(PermissionDenied):
        client.grants.update(
            "catalog",
            "prod_flights",
            changes=[PermissionsChange(add=[Privilege.MODIFY], principal="flights-readers")],
        )
    client.schemas.delete("prod_flights.bronze")


def test_a_change_by_hand_shows_and_is_taken_back(
    folder: Path, layer: dict[str, RootModule], account: Account
) -> None:
    from databricks.sdk.service.catalog import PermissionsChange, Privilege

    admin = account.workspace(handover(folder, "prod")["workspace_url"])
    admin.grants.update(
        "catalog",
        "prod_flights",
        changes=[PermissionsChange(add=[Privilege.MODIFY], principal="flights-readers")],
    )

    with driven.planned(layer["prod"]) as (plan, file):
        (change,) = plan.effective
        assert (change.address, change.verb) == (
            "module.workspace.databricks_grants.catalog[0]",
            "update",
        )
        assert "MODIFY" in {attribute.before for attribute in change.attributes}
        driven.apply(layer["prod"], file)

    held = admin.grants.get("catalog", "prod_flights").privilege_assignments or []
    assert [
        assignment.principal
        for assignment in held
        if Privilege.MODIFY in (assignment.privileges or [])
    ] == []


def test_a_warehouse_that_was_changed_by_hand_shows(
    folder: Path, layer: dict[str, RootModule], account: Account
) -> None:
    admin = account.workspace(handover(folder, "staging")["workspace_url"])
    (warehouse,) = [one for one in admin.warehouses.list() if one.name == "staging_flights"]
    admin.warehouses.edit_and_wait(
        str(warehouse.id), name=warehouse.name, cluster_size="Large", auto_stop_mins=10
    )

    with driven.planned(layer["staging"]) as (plan, file):
        (change,) = plan.effective
        assert Attribute("cluster_size", "Large", "2X-Small") in change.attributes
        driven.apply(layer["staging"], file)

    with driven.planned(layer["staging"]) as (plan, _):
        assert plan.empty


def test_secrets_are_rotated_with_an_overlap(
    folder: Path, layer: dict[str, RootModule], person: dict[str, str], account: Account
) -> None:
    dev = handover(folder, "dev")
    host, client_id = dev["workspace_url"], dev["service_principal_application_id"]
    old = secrets(layer)["dev"]
    begin, end = [
        line for line in commands(folder, "Rotate secrets").splitlines() if line[0] != "#"
    ]

    printed = type_in(begin, folder, person)
    new = secrets(layer)["dev"]
    assert new != old
    for secret in (old, new):
        assert account.workspace(host, client_id, secret).current_user.me().user_name == client_id

    printed += type_in(end, folder, person)
    assert secrets(layer)["dev"] == new
    with pytest.raises((DatabricksError, ValueError)):
        account.workspace(host, client_id, old).current_user.me()
    assert old not in printed
    assert new not in printed


def test_federation_takes_the_place_of_secrets(
    folder: Path, layer: dict[str, RootModule], person: dict[str, str], account: Account
) -> None:
    script = commands(folder, "Hand over to the repository")
    federation = script[script.index("terraform -chdir=account apply") :]

    type_in(federation, folder, person)

    client = account.client()
    (prod,) = client.service_principals.list(filter='displayName eq "flights-prod"')
    (policy,) = client.service_principal_federation_policy.list(int(str(prod.id)))
    assert policy.oidc_policy is not None
    assert policy.oidc_policy.subject == "repo:octo-org/flights:environment:prod"
    assert list(client.service_principal_secrets.list(str(prod.id))) == []
    assert secrets(layer) == {}
    again = type_in(federation.replace(" apply ", " plan "), folder, person)
    assert "No changes." in again


def test_values_of_another_target_are_refused(
    folder: Path, printed: str, person: dict[str, str]
) -> None:
    done = subprocess.run(
        ["terraform", "-chdir=prod", "plan", "-var-file=../dev/account.auto.tfvars.json"],
        cwd=folder,
        env=person,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "these values are of another target: this folder is for prod." in done.stderr


def test_the_readme_destroys_without_a_trace(
    folder: Path, printed: str, person: dict[str, str], account: Account
) -> None:
    type_in(commands(folder, "Destroy"), folder, person)

    client = account.client()
    assert list(client.workspaces.list()) == []
    assert [
        one.display_name for one in client.groups.list() if "flights" in str(one.display_name)
    ] == []
    assert list(client.service_principals.list(filter='displayName co "flights"')) == []
    for name in LAYERS:
        state = json.loads((folder / name / "terraform.tfstate").read_text("utf-8"))
        assert state["resources"] == [], name


def test_an_apply_that_is_interrupted_goes_on(
    folder: Path, printed: str, person: dict[str, str], account: Account
) -> None:
    with subprocess.Popen(
        ["terraform", "-chdir=account", "apply", "-parallelism=1"],
        cwd=folder,
        env=person,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Creation complete" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
        process.wait(120)
    assert process.returncode == 1
    assert "Interrupt received" in rest

    said = type_in("terraform -chdir=account apply", folder, person)

    assert "Apply complete!" in said
    assert int(re.search(r"Resources: (\d+) added, 0 changed, 0 destroyed", said)[1]) < 20  # type: ignore[index]
    assert len(list(account.client().workspaces.list())) == 3
    type_in("terraform -chdir=account destroy", folder, person)
