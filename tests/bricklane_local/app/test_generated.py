"""What is generated from the code is fresh."""

from __future__ import annotations

import importlib.util
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


def test_the_reference_pages_tell_what_the_code_does() -> None:
    docs = script("generate_docs")
    for page, render in docs.PAGES.items():
        assert (docs.DOCS / page).read_text(encoding="utf-8") == render(), "run: make generate"
