"""Each module by itself: format, validity, its own tests, and what linters find."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bricklane.provision import terraform as driven
from bricklane.provision.terraform import TerraformError, open_root_module
from bricklane.tools.discovery import require
from bricklane.tools.terraform import TFLINT

# Not `repository`: the GitHub provider is in no place that every machine of ours can reach.
MODULES = ("account", "workspace", "dev-workspace")
ROOTS = (
    "dev-workspace/examples/aws",
    "dev-workspace/examples/gcp",
    *(f"examples/three-targets/{layer}" for layer in ("account", "dev", "staging", "prod")),
)
CHECKOV = "checkov==3.3.30"

pytestmark = pytest.mark.real


def initialised(sources: Path, folder: str) -> driven.RootModule:
    root = open_root_module(sources / folder, os.environ)
    driven.init(root)
    return root


def test_every_file_has_the_one_format(sources: Path, terraform: dict[str, str]) -> None:
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-diff", "-no-color"],
        cwd=sources,
        env=terraform,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("folder", [*MODULES, *ROOTS])
def test_files_are_valid_for_the_real_provider(sources: Path, folder: str) -> None:
    driven.validate(initialised(sources, folder))


@pytest.mark.parametrize("module", MODULES)
def test_a_modules_own_tests_pass(sources: Path, module: str) -> None:
    lines: list[str] = []

    driven.run_tests(initialised(sources, module), show=lines.append)

    passed = [line for line in lines if line.endswith("... pass") and line.startswith("  run")]
    assert len(passed) > 10
    assert f"Success! {len(passed)} passed, 0 failed." in lines


@pytest.mark.parametrize(
    ("module", "file", "before", "after", "message"),
    [
        ("account", "identities.tf", '["USER"]', '["ADMIN"]', "must not be an administrator"),
        (
            "account",
            "authentication.tf",
            ":environment:",
            ":ref:",
            "subjects must name the repository and each target's environment",
        ),
        (
            "workspace",
            "main.tf",
            '["USE_CATALOG", "CREATE_SCHEMA"]',
            '["USE_CATALOG", "CREATE_SCHEMA", "MODIFY"]',
            "nothing in the schemas of others",
        ),
        ("dev-workspace", "variables.tf", '["aws", "gcp"]', '["aws", "gcp", "azure"]', "var.cloud"),
    ],
)
def test_the_tests_of_a_module_notice_what_they_are_for(
    sources: Path, tmp_path: Path, module: str, file: str, before: str, after: str, message: str
) -> None:
    shutil.copytree(sources / module, tmp_path / module)
    changed = tmp_path / module / file
    text = changed.read_text("utf-8")
    assert before in text
    changed.write_text(text.replace(before, after), "utf-8")

    with pytest.raises(TerraformError) as caught:
        driven.run_tests(initialised(tmp_path, module))

    assert message in " ".join(caught.value.message.split())


def test_tflint_finds_nothing(sources: Path) -> None:
    program = require(TFLINT, os.environ)
    done = subprocess.run(
        [program, "--recursive", f"--config={sources / '.tflint.hcl'}", "--format=json"],
        cwd=sources,
        capture_output=True,
        text=True,
        check=False,
    )

    found = json.loads(done.stdout)
    assert (found["issues"], found["errors"], done.returncode) == ([], [], 0)


def test_tflint_would_find_something(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('variable "unused" {}\n', "utf-8")
    config = f"--config={sources / '.tflint.hcl'}"

    done = subprocess.run(
        [require(TFLINT, os.environ), config, "--format=json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    rules = {issue["rule"]["name"] for issue in json.loads(done.stdout)["issues"]}
    assert {"terraform_unused_declarations", "terraform_typed_variables"} <= rules


def checkov(folder: Path) -> dict[str, Any]:
    """Return what checkov says of a folder; it is run in an environment of its own."""
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run(
        [
            *(uv, "tool", "run", "--from", CHECKOV, "checkov", "--directory", folder),
            *("--framework", "terraform", "secrets", "--output", "json", "--skip-download"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    reports = json.loads(done.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    return {report["check_type"]: report["results"] for report in reports if "results" in report}


def test_checkov_finds_nothing_that_is_not_explained(sources: Path) -> None:
    found = checkov(sources)

    assert [check["check_id"] for check in found["terraform"]["failed_checks"]] == []
    assert "secrets" not in found
    skipped = {
        check["check_id"]: check["check_result"]["suppress_comment"]
        for check in found["terraform"]["skipped_checks"]
    }
    assert set(skipped) == {"CKV_AZURE_158", "CKV2_AZURE_48"}
    assert all(len(reason) > 30 for reason in skipped.values())


def test_checkov_would_find_something(sources: Path, tmp_path: Path) -> None:
    azure = sources / "dev-workspace" / "examples" / "azure" / "main.tf"
    unexplained = [line for line in azure.read_text().splitlines() if "checkov:skip" not in line]
    (tmp_path / "main.tf").write_text("\n".join(unexplained), "utf-8")

    failed = checkov(tmp_path)["terraform"]["failed_checks"]

    assert {check["check_id"] for check in failed} >= {"CKV_AZURE_158", "CKV2_AZURE_48"}
