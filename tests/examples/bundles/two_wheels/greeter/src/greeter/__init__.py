"""Greets by name."""

import sys


def greeting(name: str) -> str:
    """Return a greeting."""
    return f"Hello, {name}!"


def main() -> None:
    """Greet whom the first argument names."""
    print(greeting(sys.argv[1]))
