"""Counts what lies beside it."""

from pathlib import Path

print(sorted(path.name for path in Path(__file__).parent.iterdir()))
