from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bricklane.tools.terraform import PROVIDER

ROOT = Path(__file__).parents[2]
MODULES = ("account", "dev-workspace", "repository", "workspace")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    file = ROOT / "scripts" / "generate_terraform_docs.py"
    specification = importlib.util.spec_from_file_location("generate_terraform_docs", file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


def test_every_module_has_a_readme_that_is_generated(generator: ModuleType) -> None:
    assert [module.name for module in generator.modules()] == list(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_readmes_are_up_to_date(generator: ModuleType, name: str) -> None:
    module = ROOT / "terraform" / name

    written = (module / "README.md").read_text("utf-8")

    assert generator.readme(module) == written, "run `make generate`"


@pytest.mark.parametrize("name", MODULES)
def test_every_variable_and_output_is_documented(generator: ModuleType, name: str) -> None:
    module = ROOT / "terraform" / name
    sources = "\n".join(file.read_text("utf-8") for file in module.glob("*.tf"))
    declared = re.findall(r'^(?:variable|output) "([^"]+)"', sources, re.MULTILINE)

    readme = (module / "README.md").read_text("utf-8")

    assert declared
    assert [one for one in declared if f"- **`{one}`**" not in readme] == []


def test_types_that_take_lines_defaults_and_secrets_are_told(
    generator: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "variables.tf").write_text(
        'variable "a" {\n  description = "Says \\"a\\"."\n  type        = string\n}\n\n'
        'variable "b" {\n  description = <<-EOT\n    One.\n    Two.\n  EOT\n'
        "  type = object({\n    c = string\n  })\n  default = {\n    c = 1\n  }\n"
        '  validation {\n    condition     = true\n    error_message = "no"\n  }\n}\n\n'
        'output "d" {\n  description = "D."\n  value       = 1\n  sensitive   = true\n}\n',
        "utf-8",
    )

    text = generator.generated(tmp_path)

    assert '- **`a`** (`string`, required): Says "a".\n' in text
    assert "- **`b`** (object below): One. Two.\n" in text
    assert "  ```hcl\n  object({\n    c = string\n  })\n  ```\n" in text
    assert "  ```hcl\n  default = {\n    c = 1\n  }\n  ```\n" in text
    assert "- **`d`** (sensitive): D.\n" in text


def test_examples_pin_the_version_that_is_installed_and_modules_accept_it() -> None:
    pinned, accepted = set(), set()
    for file in (ROOT / "terraform").rglob("versions.tf"):
        if ".terraform" in file.parts:
            continue
        found = re.search(
            r'"databricks/databricks"\n\s+version = "([^"]+)"', file.read_text("utf-8")
        )
        if found:
            (pinned if "examples" in file.parts else accepted).add(found[1])

    assert pinned == {PROVIDER.version}
    assert accepted == {f">= {PROVIDER.version}, < 2.0.0"}
