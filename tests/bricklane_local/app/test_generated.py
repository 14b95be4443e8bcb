"""What is generated from the code is fresh."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[3]


def script(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_request_types_are_those_of_the_sdk() -> None:
    types = script("generate_types")
    assert types.TARGET.read_text(encoding="utf-8") == types.render(), "run: make generate"


def test_the_reference_pages_tell_what_the_code_does(tmp_path: Path) -> None:
    # In a process of its own: Click keeps the help option of a command as it was first asked for,
    # and other tests ask commands by themselves.
    subprocess.run([sys.executable, ROOT / "scripts/generate_docs.py", tmp_path], check=True)
    for page in tmp_path.iterdir():
        fresh = page.read_text(encoding="utf-8")
        assert (ROOT / "docs" / page.name).read_text(encoding="utf-8") == fresh, (
            "run: make generate"
        )
