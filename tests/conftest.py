"""What holds for all tests."""

from __future__ import annotations

import os

# It is about this run of pytest, and has been read; those that tests start are runs of their own.
os.environ.pop("PYTEST_ADDOPTS", None)
