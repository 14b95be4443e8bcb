"""Builds small wheels for tests, without a build backend."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from tests.wheels import write_wheel


class BuildWheel(Protocol):
    def __call__(
        self,
        folder: Path,
        name: str,
        version: str = "1.0",
        *,
        metadata: tuple[str, ...] = (),
        tag: str = "py3-none-any",
        source: str = "VALUE = 1\n",
    ) -> Path: ...


@pytest.fixture
def build_wheel() -> BuildWheel:
    return write_wheel
