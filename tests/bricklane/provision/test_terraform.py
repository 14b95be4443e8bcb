"""The real Terraform, on resources that it has built in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bricklane.errors import ExitCode
from bricklane.process import Command, Result
from bricklane.provision import terraform
from bricklane.provision.commands import RootModule
from bricklane.provision.terraform import TerraformError, explain, open_root_module

MAIN = """
variable "size" {
  type = number
  validation {
    condition     = var.size > 0
    error_message = "size must be positive."
  }
}

variable "secret" {
  type      = string
  sensitive = true
  default   = "none"
}

resource "terraform_data" "first" {
  input = var.size
}

resource "terraform_data" "second" {
  input = var.secret
}

output "size" {
  value = terraform_data.first.output
}

output "secret" {
  value     = terraform_data.second.output
  sensitive = true
}
"""

SLOW = """
resource "terraform_data" "first" {
  provisioner "local-exec" {
    command = "echo made >> made; sleep 2"
  }
}

resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "echo made >> made"
  }
}
"""

INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from bricklane.provision import terraform
signal.signal(signal.SIGINT, signal.default_int_handler)
root = terraform.open_root_module(Path(sys.argv[1]), os.environ)
with terraform.planned(root) as (plan, file):
    terraform.apply(root, file, show=lambda line: print(line, flush=True))
"""

pytestmark = pytest.mark.real


def root_module(folder: Path, text: str, size: int = 1) -> RootModule:
    (folder / "main.tf").write_text(text, "utf-8")
    (folder / "my.tfvars").write_text(f"size = {size}\n", "utf-8")
    return open_root_module(
        folder,
        os.environ,
        variables={"TF_VAR_secret": "s3cret"},
        secrets=("s3cret",),
        variable_files=(Path("my.tfvars"),) if "variable" in text else (),
    )


def test_plan_apply_and_plan_again_changes_nothing(tmp_path: Path) -> None:
    root = root_module(tmp_path, MAIN)
    lines: list[str] = []
    terraform.init(root)
    terraform.validate(root)

    with terraform.planned(root, show=lines.append) as (plan, file):
        assert str(plan) == "2 resources: 2 to create"
        assert file.stat().st_mode & 0o777 == 0o600
        terraform.apply(root, file, show=lines.append)
    assert not file.exists()
    with terraform.planned(root) as (again, _):
        assert again.empty

    outputs = terraform.outputs(root)
    assert (outputs["size"].value, outputs["secret"].value) == (1, "s3cret")
    assert outputs["secret"].sensitive
    assert "s3cret" not in "\n".join(lines) + repr(outputs) + repr(plan)
    assert any("Apply complete! Resources: 2 added" in line for line in lines)


def test_state_is_its_owners_even_when_it_was_not(tmp_path: Path) -> None:
    root = root_module(tmp_path, MAIN)
    terraform.init(root)
    with terraform.planned(root) as (_, file):
        terraform.apply(root, file)
    state = tmp_path / "terraform.tfstate"
    assert state.stat().st_mode & 0o777 == 0o600
    state.chmod(0o644)

    root = root_module(tmp_path, MAIN, size=2)
    with terraform.planned(root) as (plan, file):
        assert str(plan) == "1 resource: 1 to update"
        terraform.apply(root, file)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("*.tfstate*")}
    assert modes == {"terraform.tfstate": 0o600, "terraform.tfstate.backup": 0o600}


def test_destroying_leaves_nothing(tmp_path: Path) -> None:
    root = root_module(tmp_path, MAIN)
    terraform.init(root)
    with terraform.planned(root) as (_, file):
        terraform.apply(root, file)

    with terraform.planned(root, destroy=True) as (plan, _):
        assert str(plan) == "2 resources: 2 to delete"
        assert all(change.destructive for change in plan.effective)
    terraform.destroy(root)

    with terraform.planned(root, destroy=True) as (plan, _):
        assert plan.empty


def test_a_value_that_a_variable_refuses_is_a_problem_of_configuration(tmp_path: Path) -> None:
    root = root_module(tmp_path, MAIN, size=0)
    terraform.init(root)

    with (
        pytest.raises(TerraformError, match=r"size must be positive\.") as caught,
        terraform.planned(root),
    ):
        pass

    assert caught.value.message.startswith(f"`terraform plan` failed in {tmp_path} (exit code 1):")
    assert "\n│" not in caught.value.message
    assert caught.value.exit_code is ExitCode.CONFIG
    assert ".tfvars" in (caught.value.hint or "")


def test_files_that_are_not_valid_are_told_with_their_lines(tmp_path: Path) -> None:
    root = root_module(tmp_path, 'resource "terraform_data" "first" {\n  size = 1\n}\n')
    terraform.init(root)

    with pytest.raises(TerraformError, match=r"main\.tf:2: error: Unsupported argument"):
        terraform.validate(root)


def test_a_root_module_that_was_not_initialised_says_what_to_run(tmp_path: Path) -> None:
    root = root_module(tmp_path, 'module "a" {\n  source = "./a"\n}\n')
    (tmp_path / "a").mkdir()

    with (
        pytest.raises(TerraformError, match="Module not installed") as caught,
        terraform.planned(root),
    ):
        pass

    assert "terraform init" in (caught.value.hint or "")


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )


def wait_until_made(folder: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while not (folder / "made").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)


def interrupt(process: subprocess.Popen[str]) -> None:
    """Do what Ctrl-C does in a terminal: signal every process of the group."""
    os.killpg(process.pid, signal.SIGINT)


def kill_all(process: subprocess.Popen[str]) -> None:
    """Kill a process and what it started, the shell of the provisioner too."""
    everyone = [psutil.Process(process.pid)]
    everyone += everyone[0].children(recursive=True)
    assert any(victim.name() == "terraform" for victim in everyone)
    for victim in everyone:
        victim.kill()
    psutil.wait_procs(everyone[1:], timeout=60)


@pytest.mark.parametrize(
    ("ending", "left"),
    [
        # Terraform stopped the command and wrote down that the first is there, half made.
        (interrupt, {"terraform_data.first": "replace", "terraform_data.second": "create"}),
        # It had no time to write.
        (kill_all, {"terraform_data.first": "create", "terraform_data.second": "create"}),
    ],
    ids=["interrupted", "killed"],
)
def test_an_apply_that_was_ended_early_goes_on(
    tmp_path: Path,
    ending: Callable[[subprocess.Popen[str]], None],
    left: dict[str, str],
) -> None:
    root = root_module(tmp_path, SLOW)
    terraform.init(root)
    with start(tmp_path) as process:
        wait_until_made(tmp_path, process)
        ending(process)
        process.communicate(timeout=120)

    with terraform.planned(root) as (plan, file):
        assert {change.address: change.verb for change in plan.effective} == left
        terraform.apply(root, file)
    with terraform.planned(root) as (plan, _):
        assert plan.empty


def test_the_first_line_of_a_lock_error_gets_the_hint_about_locks(tmp_path: Path) -> None:
    command = Command(("/opt/terraform", "apply"), tmp_path)
    said = "╷\n│ Error: Error acquiring the state lock\n│ \n│ Lock Info:\n│   ID: 1\n╵\n"

    error = explain(command, Result(1, "", f"╷\n│ Warning: old\n╵\n{said}"))

    assert error.message == (
        f"`terraform apply` failed in {tmp_path} (exit code 1):\n"
        "Error: Error acquiring the state lock\n\nLock Info:\n  ID: 1"
    )
    assert "force-unlock" in (error.hint or "")
